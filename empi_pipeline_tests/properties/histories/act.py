"""What may happen to an index in one step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from empi_pipeline.postgres import Connection
from empi_pipeline_tests.properties.histories.observed import State


@dataclass(frozen=True)
class Act:
    """Something that somebody does in one transaction.

    Attributes:
        told: What it is, to find one's way in a failed history.
        run: Does it, on whatever connection.
        roots: Records it is about; None for all.
        then: Looks at the states before and after, and at what it returned.
    """

    told: str
    run: Callable[[Connection], Any]
    roots: set[int] | None
    then: Callable[[State, State, Any], Iterator[str]] = lambda _before, _after, _result: iter(())
