"""Errors in Dagster: ours are told, those of others are masked.

Dagster masks every exception of user code (`DAGSTER_REDACT_USER_CODE_ERRORS`), because texts of databases and
libraries quote values of records. Our own errors never do, so their messages are logged beside the masked one.
"""

import logging
import traceback
from typing import Final

import dagster as dg

from empi_pipeline.automation.progress import keep_refusal
from empi_pipeline.errors import EmpiError

_MASKED_ERRORS: Final = "dagster.redacted_errors"


@dg.failure_hook(name="tell_own_errors")
def tell_own_errors(context: dg.HookContext) -> None:
    """Log the message of an expected failure, and only the kind of any other."""
    error = context.op_exception
    if isinstance(error, EmpiError):
        context.log.error(f"{error}")
        keep_refusal(error)
    elif error is not None:
        context.log.error(
            f"unexpected {type(error).__name__}; the log of the process says where, never with which values"
        )


class _WithoutValues(logging.Filter):
    """Keeps the kinds of errors and the lines of code they came from; drops their texts.

    Of our own errors nothing is left to say: the hook above tells them whole, and they are nobody's bug.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info:
            error = record.exc_info[1]
            # Dagster wraps what an asset raises.
            if isinstance(error, EmpiError) or (error is not None and isinstance(error.__cause__, EmpiError)):
                return False
            told = []
            while error is not None:
                text = f": {error}" if isinstance(error, EmpiError) else ""
                told.append(f"{type(error).__module__}.{type(error).__qualname__}{text}")
                told += [
                    f"  {frame.filename}:{frame.lineno} in {frame.name}"
                    for frame in traceback.extract_tb(error.__traceback__)
                ]
                error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            record.msg = "\n".join([str(record.getMessage()), *told])
            record.args = ()
            record.exc_info = None
        return True


def mask_logged_errors() -> None:
    """Drop the texts of foreign errors from what Dagster logs about masked ones; once a process."""
    logger = logging.getLogger(_MASKED_ERRORS)
    if not any(isinstance(each, _WithoutValues) for each in logger.filters):
        logger.addFilter(_WithoutValues())
