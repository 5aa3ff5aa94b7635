"""The entry point: runs a command and turns what went wrong into one message and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from empi_pipeline.errors import EmpiError

INTERNAL_ERROR: Final = 70
INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141

_PACKAGE: Final = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Of the command line, without the program's name; those of this process when None.

    Returns:
        The exit code, as `empi --help` lists them.
    """
    from empi_pipeline.cli.commands import app

    try:
        code = typer.main.get_command(app).main(
            list(arguments) if arguments is not None else None, prog_name="empi", standalone_mode=False
        )
    except EmpiError as error:
        _complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted; what was committed stays, the rest is taken up again by the next run")
        return INTERRUPTED
    except BrokenPipeError:  # `empi crosswalk | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    except Exception as error:
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            error.show()  # Wrong options: Click's exceptions (Typer may bring its own Click) show the usage.
            return int(error.exit_code)
        _complain_about_a_bug(error)  # The message of a foreign error may quote values of records.
        return INTERNAL_ERROR
    return code if isinstance(code, int) else 0


def _complain(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")


def _complain_about_a_bug(error: Exception) -> None:
    if os.environ.get("EMPI_TRACEBACK") == "1":
        traceback.print_exception(error)
        return
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames
    where = f"{Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else "unknown place"
    _complain(
        f"{type(error).__name__} in {where}; its text is withheld, because it may quote person records."
        " EMPI_TRACEBACK=1 shows all of it"
    )
