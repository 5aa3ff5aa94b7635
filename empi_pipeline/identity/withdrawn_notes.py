"""Notes that repeat values of a withdrawn record: their text goes, from the ledger too, and its chain holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from empi_pipeline.identity.errors import InvalidDecisionError
from empi_pipeline.postgres import Connection
from empi_pipeline.sql import load

_SHORTEST: Final = 3
"""Shorter values, such as initials, are in every other text."""


@dataclass(frozen=True, slots=True)
class ErasedNotes:
    """What became of notes: texts erased, ledger entries whose notes were erased, and texts left that may be read."""

    notes: int
    changes: int
    left: int


def values_of(connection: Connection, record_ids: Sequence[int]) -> frozenset[str]:
    """All values of some records, as delivered and as cleaned, in lower case."""
    rows = connection.execute(load("identity/withdraw_values"), {"record_ids": list(record_ids)}).fetchall()
    values = {value.strip().casefold() for (value,) in rows}
    return frozenset(value for value in values if len(value) >= _SHORTEST)


def refuse_repeating(note: str | None, values: Iterable[str]) -> None:
    """Refuse a note for the ledger that repeats what is being withdrawn.

    Raises:
        InvalidDecisionError: It does.
    """
    if note and _repeats(note, values):
        raise InvalidDecisionError(
            "the note repeats a value of the records being withdrawn, and the ledger would keep it: word it without"
        )


def erase_notes(
    connection: Connection,
    change_id: int,
    values: frozenset[str],
    record_ids: list[int],
    person_ids: list[str],
    emptied: frozenset[str],
) -> ErasedNotes:
    """Take the text out of notes about persons that lost records, and about questions that concerned these records.

    A note goes when it repeats a value, when its person has no record left, or when it came with an answer to an
    evaluation question about a record. Those that stay are counted: a person must read them, for a text can tell of
    somebody without repeating a value.

    Args:
        connection: The caller's transaction; it holds the identity lock.
        change_id: The withdrawal.
        values: From `values_of`.
        record_ids: The records.
        person_ids: The persons that lost them.
        emptied: Those of them that have no record left.
    """
    about = {"record_ids": record_ids, "person_ids": person_ids}
    notes = connection.execute(load("identity/withdraw_notes_about"), about).fetchall()
    erased = [note_id for note_id, person_id, text in notes if person_id in emptied or _repeats(text, values)]
    connection.execute(load("identity/withdraw_notes"), {"note_ids": erased})
    answers = connection.execute(load("identity/withdraw_answers"), {"record_ids": record_ids}).rowcount
    entries = connection.execute(load("identity/withdraw_ledger_notes_about"), about).fetchall()
    redacted = [entry for entry, text in entries if _repeats(text, values)]
    if redacted:
        connection.execute(load("identity/withdraw_redact"), {"change_id": change_id, "redacted": redacted})
        connection.execute(load("identity/withdraw_change_notes"), {"redacted": redacted})
        connection.execute(load("identity/withdraw_decision_notes"), {"redacted": redacted})
    return ErasedNotes(len(erased) + answers, len(redacted), len(notes) - len(erased) + len(entries) - len(redacted))


def _repeats(text: str, values: Iterable[str]) -> bool:
    folded = text.casefold()
    return any(value in folded for value in values)
