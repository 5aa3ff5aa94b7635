"""What is printed of errors in runs: ours once and whole, of others the place alone."""

import logging
import sys

import pytest

from empi_pipeline.automation.told_errors import mask_logged_errors
from empi_pipeline.identity.errors import PlanRefusedError


def _logged(error: Exception, cause: Exception, caplog: pytest.LogCaptureFixture) -> str:
    mask_logged_errors()
    caplog.clear()
    try:
        raise error from cause
    except type(error):
        logging.getLogger("dagster.redacted_errors").error("Error occurred, error ID 1", exc_info=sys.exc_info())
    return caplog.text


def test_a_refusal_is_not_told_a_second_time_with_places_in_the_code(caplog: pytest.LogCaptureFixture) -> None:
    assert _logged(RuntimeError("step"), PlanRefusedError("too much"), caplog) == ""


def test_of_a_foreign_error_the_place_is_told_and_not_the_text(caplog: pytest.LogCaptureFixture) -> None:
    told = _logged(RuntimeError("step"), ValueError("Canary"), caplog)
    assert "Error occurred, error ID 1" in told
    assert "builtins.ValueError" in told
    assert "test_told_errors.py:" in told
    assert "Canary" not in told
