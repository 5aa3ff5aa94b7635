"""A process that applies one batch and kills itself at its n-th statement: python -m ... URL BATCH N."""

import os
import signal
import sys
from typing import Any

import psycopg

from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.postgres import connect
from empi_pipeline_tests.identity.world import GUARDED


def main(url: str, batch_id: str, fatal_statement: int) -> None:
    count = 0

    def counted(real: Any) -> Any:
        def run(self: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == fatal_statement:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(self, *arguments, **options)

        return run

    psycopg.Cursor.execute = counted(psycopg.Cursor.execute)  # type: ignore[method-assign]
    psycopg.Cursor.copy = counted(psycopg.Cursor.copy)  # type: ignore[method-assign]
    with connect(url) as connection:
        apply_batch(connection, batch_id, policy=GUARDED)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
