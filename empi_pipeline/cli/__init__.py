"""`empi`, the command line: a thin face over the same functions that Dagster's assets call.

One module a command group. Nothing heavy is imported before the command that needs it runs, so that
`empi --help` and `empi status` answer at once. No domain logic lives here.
"""

from empi_pipeline.cli.entry import main

__all__ = ["main"]
