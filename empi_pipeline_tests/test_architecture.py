"""Who may import whom: the rooms of docs/architecture.md, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import empi_pipeline

PACKAGE = Path(empi_pipeline.__file__).parent

DOMAIN = ("intake", "cleaning", "linkage", "identity", "publishing", "synthetic", "evaluation", "lookup")
"""The rooms that hold the rules; plain Python, SQL and Arrow."""

FOUNDATION = (
    "postgres",
    "embedded",
    "schema",
    "errors",
    "sql",
    "scratch",
    "standing",
    "settings",
    "servers",
    "addresses",
)
"""What every room may use; it knows none of them."""

FACES = (
    "assets", "checks", "automation", "resources", "io_managers", "definitions", "cli", "demo", "api", "stewardship",
)  # fmt: skip
"""What calls the rooms; nothing calls these but each other."""


def modules(*rooms: str) -> list[Path]:
    found = [
        path
        for room in rooms
        for path in ((PACKAGE / room).rglob("*.py") if (PACKAGE / room).is_dir() else [PACKAGE / f"{room}.py"])
        if path.exists()
    ]
    return sorted(found)


def imports(path: Path) -> Iterator[str]:
    """Dotted names of what a module imports, at its head or inside a function, relative imports resolved."""
    parts = ("empi_pipeline", *path.relative_to(PACKAGE).with_suffix("").parts)
    package = parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def offences(paths: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in paths
        for name in imports(path)
        if any(name == prefix or name.startswith((f"{prefix}.", f"{prefix}_")) for prefix in forbidden)
    ]


def loaded_by(*rooms: str) -> set[str]:
    """Top-level packages in memory once all modules of these rooms are imported, by whatever detour."""
    dotted = [".".join(("empi_pipeline", *path.relative_to(PACKAGE).with_suffix("").parts)) for path in modules(*rooms)]
    names = [name.removesuffix(".__init__") for name in dotted]
    code = f"import importlib, sys; [importlib.import_module(name) for name in {names!r}]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stdout.split()}


def test_every_module_of_the_package_stands_in_a_known_room() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert rooms - {"__init__"} <= {*DOMAIN, *FOUNDATION, *FACES}
    assert {room for room in DOMAIN if not modules(room)} == set()


def test_domain_and_foundation_import_no_dagster() -> None:
    assert offences(modules(*DOMAIN, *FOUNDATION), "dagster") == []


def test_identity_imports_no_splink() -> None:
    assert offences(modules("identity"), "splink") == []


def test_no_detour_brings_dagster_into_the_domain_or_splink_into_identity() -> None:
    assert "dagster" not in loaded_by(*DOMAIN, *FOUNDATION)
    assert "splink" not in loaded_by("identity")


def test_linkage_knows_no_persons() -> None:
    assert offences(modules("linkage"), "empi_pipeline.identity", "empi_pipeline.publishing") == []


def test_the_rooms_do_not_import_what_calls_them() -> None:
    faces = [f"empi_pipeline.{face}" for face in FACES]
    assert offences(modules(*DOMAIN, *FOUNDATION), *faces) == []


def test_nothing_that_makes_identities_looks_at_how_good_they_are() -> None:
    made_by = modules("intake", "cleaning", "linkage", "identity", "publishing")
    assert offences(made_by, "empi_pipeline.evaluation") == []


def test_nothing_that_makes_identities_looks_records_up_one_by_one() -> None:
    made_by = modules("intake", "cleaning", "linkage", "identity", "publishing")
    assert offences(made_by, "empi_pipeline.lookup") == []


def test_the_foundation_knows_no_room() -> None:
    assert offences(modules(*FOUNDATION), *(f"empi_pipeline.{room}" for room in DOMAIN)) == []


def test_nothing_but_the_demo_needs_pandas() -> None:
    everything = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "demo"]
    assert offences(everything, "pandas", "recordlinkage") == []


def test_one_place_opens_connections_to_postgres() -> None:
    def opens(path: Path) -> bool:
        return any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "connect"
            and ast.unparse(node.func.value) in {"psycopg", "psycopg.Connection", "psycopg2"}
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )

    assert [str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if opens(path)] == [
        "postgres/connections.py"
    ]


def test_no_module_that_dagster_reads_postpones_its_annotations() -> None:
    assert offences(modules(*FACES), "__future__.annotations") == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import dagster as dg", ["dagster"]),
        ("from dagster import asset", ["dagster.asset"]),
        ("from ..identity import persons", ["empi_pipeline.identity.persons"]),
        ("from . import registry", ["empi_pipeline.linkage.registry"]),
        ("def f():\n    from splink import Linker", ["splink.Linker"]),
    ],
)
def test_imports_are_found_in_all_their_forms(
    source: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    (tmp_path / "linkage").mkdir()
    module = tmp_path / "linkage" / "module.py"
    module.write_text(source)
    assert list(imports(module)) == expected
