"""What identity goes by: guards, rules for hard conflicts, and data sources not to be trusted in their own ids."""

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import pyarrow as pa

from empi_pipeline.identity.arrays import Ints
from empi_pipeline.identity.attributes import read_attributes
from empi_pipeline.identity.conflicts import FindConflicts, RecordConflicts
from empi_pipeline.identity.evidence import NO_GUARDS, ConflictSource, Guards, NoConflicts
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load

_SHARED: Final = pa.schema([("column_name", pa.string()), ("value", pa.string())])

_ASPECTS: Final = (
    ("first_name", "middle_name", "last_name"),
    ("name_suffix",),
    ("sex",),
    ("birth_date",),
    ("social_security_number",),
)
"""Attributes of the shipped rules that can conflict by themselves, without the others."""


@dataclass(frozen=True, slots=True)
class ConflictRules:
    """Hard conflicts between records.

    Attributes:
        attributes: Cleaned columns they look at.
        find: Finds them.
        aspects: Groups of attributes that can conflict by themselves; two of them make another human.
    """

    attributes: Sequence[str]
    find: FindConflicts
    aspects: Sequence[Sequence[str]]

    @staticmethod
    def shipped(*, families: bool = True) -> "ConflictRules":
        """The rules of `empi_pipeline.identity.guards`.

        Args:
            families: Whether relatives are among the records, as frozen into the match model.
        """
        # Late: the rules know nicknames, which only those who need the rules should load.
        guards: Any = importlib.import_module("empi_pipeline.identity.guards")
        return ConflictRules(guards.CONFLICT_ATTRIBUTES, partial(guards.find_conflicts, families=families), _ASPECTS)


@dataclass(frozen=True, slots=True)
class Policy:
    """What identity goes by.

    Attributes:
        untrusted_sources: Data sources in which one source_person_id may stand for several humans.
        guards: What may not be joined without a steward; None for the defaults, or none at all if the active model
            says so.
        rules: Hard conflicts between records; None for the shipped ones.
    """

    untrusted_sources: frozenset[str] = field(default_factory=frozenset)
    guards: Guards | None = None
    rules: ConflictRules | None = None

    def guards_of(self, connection: Connection) -> Guards:
        """The guards under the active model."""
        if self.guards is not None:
            return self.guards
        row = connection.execute("select guards from matching.model where is_active").fetchone()
        return NO_GUARDS if row is not None and not row[0] else Guards()

    @contextmanager
    def conflicts(self, connection: Connection, guards: Guards, record_ids: Ints) -> Iterator[ConflictSource]:
        """Conflicts among some records (positions refer to `record_ids`, ascending)."""
        if not guards.hard_conflicts:
            yield NoConflicts()
            return
        rules = self.rules or ConflictRules.shipped(families=_families(connection))
        shared = copy_out(connection, load("identity/shared_values"), _SHARED)
        with open_scratch() as con:
            yield RecordConflicts(
                con,
                rules.find,
                record_ids,
                # What many share vouches for nobody, and tells nobody apart.
                lambda wanted: without_shared_values(read_attributes(connection, rules.attributes, wanted), shared),
                rules.attributes,
                rules.aspects,
            )


def _families(connection: Connection) -> bool:
    row = connection.execute("select families from matching.model where is_active").fetchone()
    return row is None or bool(row[0])
