"""`.ci/run`, with a Makefile of the test's own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from empi_pipeline_tests.deployment.compose import ROOT


@pytest.mark.parametrize(("recipe", "status"), [("true", 0), ("exit 3", 2)])
def test_ci_runs_test_and_lint_and_passes_their_failure_on(tmp_path: Path, recipe: str, status: int) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(
        f"test:\n\t@echo from https://index.example/simple on http://127.0.0.1:1/x\nlint:\n\t@echo lint; {recipe}\n"
    )
    # The tests themselves may run under make, which tells its children so.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        [tmp_path / ".ci" / "run"], capture_output=True, text=True, timeout=30, check=False, env=environment
    )
    assert done.returncode == status
    assert done.stdout.splitlines()[:2] == ["from <address> on http://127.0.0.1:1/x", "lint"]
