"""Whether what a model learnt when it was frozen still fits the index: looked at when everything is scored anyway."""

import json
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.linkage.shared_values import SHARED
from empi_pipeline.linkage.term_frequency import CROWD_FROM, FAMILIES_FROM, family_share
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

ENOUGH_RECORDS: Final = 20_000
"""From so many records on, the frequencies of the names that matter (one in a thousand) are known to a fifth or so."""

_OUTGROWN: Final = 10

_CROWDED: Final = 4
"""Times as many strangers who agree by chance: two bits, and four times as many false joins among the likeliest."""


@dataclass(frozen=True, slots=True)
class KnowledgeCheck:
    """What was frozen into a model, beside what the whole index shows.

    Attributes:
        model_id: The model.
        records: Records of the index.
        frozen_records: Records it learnt from; None where that was not noted.
        frozen_family_share: How much of a family those were (`family_share`).
        family_share: How much of a family the index is.
        shared_values_unknown: Values shared by many in the index that the model does not know to be, by column.
    """

    model_id: int
    records: int
    frozen_records: int | None
    frozen_family_share: float
    family_share: float
    shared_values_unknown: dict[str, int]

    @property
    def outdated(self) -> list[str]:
        """What does not fit any more, in words; nothing while all is well."""
        told = []
        if (self.frozen_family_share >= FAMILIES_FROM) != (self.family_share >= FAMILIES_FROM):
            now = "are" if self.family_share >= FAMILIES_FROM else "are not"
            told.append(f"relatives {now} among the records now, and the guards go by the contrary")
        frozen = self.frozen_records
        if frozen is not None and (
            (frozen < ENOUGH_RECORDS and self.records >= _OUTGROWN * frozen)
            or self.records >= _CROWDED * max(frozen, CROWD_FROM)
        ):
            told.append(f"it learnt from {frozen:,} records, and the index has {self.records:,}")
        told += [
            f"{count:,} value(s) of {column} are shared by many, unknown to the model"
            for column, count in sorted(self.shared_values_unknown.items())
        ]
        return told


def compare(registered: RegisteredModel, frozen: pa.Table, learnt: pa.Table, records: int) -> KnowledgeCheck:
    """Compare what a model knows with what it would learn now.

    Args:
        registered: The model.
        frozen: What it knows (`registry.term_frequencies`).
        learnt: What it would learn from the records of the index (`activation.learn`).
        records: How many these are.
    """
    now, then = ({tuple(row.values()) for row in _shared(table).to_pylist()} for table in (learnt, frozen))
    unknown: dict[str, int] = {}
    for column, _ in now - then:
        name = column.removeprefix(SHARED)
        unknown[name] = unknown.get(name, 0) + 1
    return KnowledgeCheck(
        registered.model_id, records, registered.frozen_records, family_share(frozen), family_share(learnt), unknown
    )


def note(connection: Connection, check: KnowledgeCheck) -> None:
    """Keep a comparison, for whoever wants to see how it went over time."""
    connection.execute(
        load("linkage/note_knowledge"),
        {
            "model_id": check.model_id,
            "records": check.records,
            "frozen_family_share": check.frozen_family_share,
            "family_share": check.family_share,
            "shared_values_unknown": json.dumps(check.shared_values_unknown),
        },
    )


def latest(connection: Connection, model: RegisteredModel) -> KnowledgeCheck | None:
    """The latest comparison of a model, if there is one."""
    row = connection.execute(load("linkage/latest_knowledge"), {"model_id": model.model_id}).fetchone()
    if row is None:
        return None
    records, frozen_share, share, unknown = row
    return KnowledgeCheck(model.model_id, records, model.frozen_records, frozen_share, share, unknown)


def _shared(table: pa.Table) -> pa.Table:
    return table.filter(pc.starts_with(table["column_name"], SHARED)).select(["column_name", "value"])
