"""The command line in this process, on a fresh database."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from empi_pipeline.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Empi = Callable[..., Ran]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that points at no server; the folder is its `EMPI_HOME`."""
    for name in list(os.environ):
        if name.startswith(("EMPI_", "AWS_", "DAGSTER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EMPI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def empi(database: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Empi:
    """Runs a command on a fresh, migrated database."""
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    return runner(capsys)


def runner(capsys: pytest.CaptureFixture[str]) -> Empi:
    """Runs commands in this process."""

    def run(*arguments: str) -> Ran:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run
