"""Progress of long work, on stderr: a line that moves on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

STEPS: Final = {
    "raw": "reading the objects",
    "cleaned": "cleaning",
    "matching": "matching",
    "identity": "grouping into persons",
    "publishing": "publishing the crosswalk",
}
"""Room of a step -> what people call it; steps are named `matching__predictions`, `raw_rows`, `identity`."""


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long.

    Yields:
        Call it with what is done now: a step of a run, or any text.
    """
    if sys.stderr.isatty():
        with _moving(title) as tell:
            yield tell
        return

    last = ""

    def write(what: str) -> None:
        nonlocal last
        line = f"{title}: {named(what)}\n"
        if line != last:  # Several steps may go by one name.
            sys.stderr.write(line)
            sys.stderr.flush()
        last = line

    yield write


def named(step: str) -> str:
    """What people call a step of a run; any other text as it is."""
    return STEPS.get(step.partition("_")[0], step) if step.isidentifier() else step


@contextmanager
def _moving(title: str) -> Iterator[Callable[[str], None]]:
    from rich.console import Console

    started = time.monotonic()
    console = Console(stderr=True)
    with console.status(title) as line:

        def tell(what: str) -> None:
            line.update(f"{title}: {named(what)} [dim]({time.monotonic() - started:.0f} s)[/dim]")

        yield tell
