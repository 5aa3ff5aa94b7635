"""`empi` as a process of its own: start-up, and that nothing is left behind."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

EMPI = str(Path(sys.executable).parent / "empi")

HEADER = "data_source,source_person_id,first_name,last_name,sex,birth_date,address,city,state,zip_code,phone\n"
SAME = "Rosalind,Featherstonehaugh,f,1971-04-03,12 Mulberry Lane,Springfield,MA,01103,4135550123\n"
OTHER = "Mortimer,Quackenbush,m,1958-11-21,7 Harbor View,Portland,ME,04101,2075550188\n"


@pytest.fixture
def environment(nowhere: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}


def _run(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([EMPI, *arguments], env=environment, capture_output=True, text=True, timeout=240, check=False)


def _addresses(up: "subprocess.Popen[str]") -> dict[str, str]:
    assert up.stdout is not None
    told = {}
    for line in up.stdout:
        name, _, value = line.partition("  ")
        told[name] = value.strip()
        if name == "PostgreSQL":
            break
    return told


def _processes_of(home: Path) -> list[str]:
    return [
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
        if any(str(home) in part for part in process.info["cmdline"] or ())
    ]


def test_help_imports_nothing_that_takes_its_time() -> None:
    heavy = ("dagster", "pyarrow", "duckdb", "splink", "psycopg", "boto3", "pandas", "numpy", "pydantic")
    program = (
        "import sys; from empi_pipeline.cli import main; main(['--help']);"
        f"sys.stderr.write(' '.join(name for name in {heavy} if name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stderr == ""


def test_every_command_explains_itself() -> None:
    from typer.main import get_command

    from empi_pipeline.cli.commands import app

    root = get_command(app)
    commands = dict(root.commands)  # type: ignore[attr-defined]
    assert " ".join(sorted(commands)) == (
        "api batches config crosswalk db demo evaluate explain generate load match model note person rematch"
        " review status undo up verify withdraw"
    )
    leaves = [leaf for each in commands.values() for leaf in getattr(each, "commands", {"": each}).values()]
    for leaf in leaves:
        assert leaf.help
        for parameter in leaf.params:
            assert parameter.help, f"{leaf.name} {parameter.name}"


def test_files_are_loaded_reported_and_harmless_again_and_no_process_stays(
    environment: dict[str, str], nowhere: Path, tmp_path: Path
) -> None:
    delivered = tmp_path / "delivered"
    (delivered / "deep").mkdir(parents=True)
    (delivered / "good.csv").write_text(f"{HEADER}a,1,{SAME}b,2,{SAME}a,3,{OTHER}a,,{OTHER}")
    (delivered / "deep" / "mended_later.csv").write_bytes(b"PK\x03\x04 no csv")
    (delivered / "notes.md").write_text("not data")

    first = _run(environment, "load", str(delivered), "--json")
    assert first.returncode == 6, first.stderr
    report = json.loads(first.stdout)
    assert {
        Path(each["object"]).name: (each["status"], each["new"], each["rejected"]) for each in report["objects"]
    } == {
        "good.csv": ("read", 3, 1),
        "mended_later.csv": ("failed", 0, 0),
    }
    assert (report["rows_delivered"], report["persons_new"], report["ignored_files"]) == (4, 2, 1)
    assert report["rejected_by_reason"] == {"missing_source_person_id": 1}

    again = _run(environment, "load", str(delivered / "good.csv"))
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[1].split()[1:] == ["read", "4", "0", "3", "1"]

    status = json.loads(_run(environment, "status", "--json").stdout)
    assert (status["person_records"], status["persons"], status["rejected_rows"]) == (3, 2, 2)
    crosswalk = [line.split(",") for line in _run(environment, "crosswalk").stdout.splitlines()[1:]]
    assert [row[:2] for row in crosswalk] == [["a", "1"], ["a", "3"], ["b", "2"]]
    assert crosswalk[0][2] == crosswalk[2][2] != crosswalk[1][2]
    in_s3 = _run(environment, "crosswalk", "-o", "s3://empi/exports/crosswalk.parquet")
    assert in_s3.returncode == 0, in_s3.stderr
    assert (nowhere / "s3/data/empi/exports/crosswalk.parquet").stat().st_size > 0
    assert "Featherstonehaugh" not in first.stderr + again.stderr
    assert _processes_of(nowhere) == []


@pytest.mark.long
def test_up_matches_what_is_dropped_into_the_inbox_and_ends_with_all_its_processes(
    environment: dict[str, str], nowhere: Path
) -> None:
    nowhere.mkdir(parents=True)
    (nowhere / "empi.yaml").write_text("automation: {sensor_interval_seconds: 2}\n")
    up = subprocess.Popen(
        [EMPI, "up", "--port", "0", "--api-port", "0"], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        told = _addresses(up)
        assert urllib.request.urlopen(f"{told['Dagster UI']}/server_info", timeout=10).status == 200
        second = _run(environment, "up", "--port", "0", "--api-port", "0")
        assert second.returncode == 5, second.stderr
        inbox = Path(told["inbox folder"].split("  ")[0])
        (nowhere / "new.csv").write_text(f"{HEADER}a,1,{SAME}b,2,{SAME}")
        (nowhere / "new.csv").rename(inbox / "new.csv")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            status = json.loads(_run(environment, "status", "--json").stdout)
            if status["last_batch"] and status["last_batch"]["status"] == "applied":
                break
            time.sleep(1)
        assert (status["person_records"], status["persons"]) == (2, 1)
        with urllib.request.urlopen(told["stewards' page"] + "/figures", timeout=10) as page:
            linked = re.search(r'href="(http://127\.0\.0\.1:\d+)/runs/[0-9a-f-]{36}"', page.read().decode())
        assert linked
        assert linked[1] == told["Dagster UI"]
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(60) == 0
        assert up.stdout is not None
        up.stdout.close()
    assert _processes_of(nowhere) == []


@pytest.mark.long
def test_the_api_alone_matches_what_is_imported_and_ends_with_all_its_processes(
    environment: dict[str, str], nowhere: Path
) -> None:
    api = subprocess.Popen([EMPI, "api", "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert api.stderr is not None
        address = next(line for line in api.stderr if "API http" in line).split("API ")[1].removesuffix("/docs\n")
        columns = HEADER.strip().split(",")
        rows = f"{HEADER}a,1,{SAME}b,2,{SAME}"
        assert len(columns) == 11
        import httpx

        with httpx.Client(base_url=address, timeout=30) as client:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.ConnectError):
                    if client.get("/health-check").status_code == 200:
                        break
                time.sleep(0.2)
            answer = client.post(
                "/person-records/import",
                data={"config_id": "cfg_1", "columns": "any"},
                files={"file": ("Featherstonehaugh.csv", rows)},
            )
            job = f"/jobs/{answer.json()['job_id']}"
            deadline = time.monotonic() + 120
            while client.get(job).json()["job"]["status"] != "succeeded" and time.monotonic() < deadline:
                time.sleep(0.5)
            found = client.get("/persons", params={"last_name": "Featherstone"}).json()["persons"]
        assert [person["record_count"] for person in found] == [2]
    finally:
        api.send_signal(signal.SIGTERM)
        told = api.communicate(timeout=60)[1]
    assert api.returncode == 0, told
    assert "GET /api/v1/persons 200" in told
    assert "Feather" not in told
    assert _processes_of(nowhere) == []


@pytest.mark.long
def test_the_demo_runs_twice_from_the_beginning(environment: dict[str, str], nowhere: Path) -> None:
    results = [json.loads(_run(environment, "demo", "--json").stdout) for _ in range(2)]
    for result in results:
        assert result["rows_new"] == 5_000
        assert result["rows_known"] == 100
        assert sum(result["rejected_by_reason"].values()) == 6
        assert result["agreement"]["precision"] > 0.999
        assert result["agreement"]["recall"] > 0.9
    assert results[0]["persons"] == results[1]["persons"]
    assert _processes_of(nowhere) == []


@pytest.mark.long
def test_an_interrupted_load_says_so_and_is_taken_up_by_a_retry(environment: dict[str, str], nowhere: Path) -> None:
    nowhere.mkdir(parents=True)
    file = nowhere / "one.csv"
    file.write_text(f"{HEADER}a,1,{SAME}")
    loading = subprocess.Popen([EMPI, "load", str(file)], env=environment, stderr=subprocess.PIPE, text=True)
    assert loading.stderr is not None
    for line in loading.stderr:
        if "reading the objects" in line:
            break
    loading.send_signal(signal.SIGINT)
    told = loading.stderr.read()
    loading.stderr.close()
    assert loading.wait(60) in {0, 1, 130}
    if loading.returncode:  # On a fast machine it was through already.
        assert "Traceback" not in told
        (batch,) = json.loads(_run(environment, "batches", "list", "--json").stdout)
        retried = _run(environment, "batches", "retry", batch["batch_id"], "--json")
        assert retried.returncode == 0, retried.stderr
    assert json.loads(_run(environment, "status", "--json").stdout)["persons"] == 1
    assert _processes_of(nowhere) == []
