"""The pairs that a sample is drawn from: all stored predictions, and below them what the model passed over.

A pair is one of records of different source identities. Below the potential threshold nothing is stored, so the index
is scored once more with the active model down to a lower weight. Of a large index only a part, drawn by chance, is
scored: each pair found there stands for as many as there are parts.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from psycopg import IsolationLevel

from empi_pipeline import linkage
from empi_pipeline.errors import ConflictError
from empi_pipeline.evaluation.sampling import Flags, Floats, Ints
from empi_pipeline.linkage import key_index, registry
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

Connect = Callable[[], AbstractContextManager[Connection]]

BELOW_BITS = 10.0
"""How far below the potential threshold pairs are still asked about; weaker ones are hardly ever one human."""

_RECORDS_A_PART = 100_000
"""One part of the pairs is made for so many records. Among a million records some 1.5 million pairs lie below the
threshold: a tenth tells how many to a few in a thousand, far closer than any number of answers tells their share."""

_PLACES = pa.schema([("record_id", pa.int64()), ("source_identity", pa.int64()), ("person", pa.int64())])
_SCORED = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64()), ("match_weight", pa.float64())])


@dataclass(frozen=True, slots=True)
class Frame:
    """Pairs of the index as of one identity change.

    Attributes:
        left: Record ids, the lower of each pair.
        right: The higher.
        weight: Match weight, bits.
        joined: Whether both are in one person.
        stands_for: How many pairs of the index each stands for.
        pairs_unscored: Pairs within persons that are not among these.
        change_id: The identity change.
        model_id: The active model.
        potential_bits: Its thresholds as match weights.
        auto_bits: The same.
    """

    left: Ints
    right: Ints
    weight: Floats
    joined: Flags
    stands_for: Ints
    pairs_unscored: int
    change_id: int
    model_id: int
    potential_bits: float
    auto_bits: float


def read_frame(
    connect: Connect, scratch: duckdb.DuckDBPyConnection, below_bits: float = BELOW_BITS, seed: int = 1
) -> Frame:
    """All pairs to sample from.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        below_bits: How far below the potential threshold to look; 0 asks only about stored predictions.
        seed: Draws the part of a large index that is scored.

    Raises:
        ConflictError: There is no model with records yet.
    """
    with connect() as connection:
        active = registry.active(connection)
        if active is None or active.frozen_at is None:
            raise ConflictError("there is nothing to sample yet: load records first")
        frequencies = registry.term_frequencies(connection, active.model_id)
    with connect() as connection:
        connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        row = connection.execute("select coalesce(max(change_id), 0) from identity.changes").fetchone() or (0,)
        places = copy_out(connection, load("evaluation/record_places"), _PLACES)
        scored = copy_out(connection, load("evaluation/scored_pairs"), _SCORED)
        cleaned = key_index.cleaned_of_index(connection) if below_bits > 0 else None
    potential, auto = (bits_of(value) for value in (active.model.potential_threshold, active.model.auto_threshold))
    left, right, weight = (scored[name].to_numpy() for name in _SCORED.names)
    stands_for = np.ones(len(left), np.int64)
    if cleaned is not None:
        parts = max(1, cleaned.num_rows // _RECORDS_A_PART)
        part = (1 + seed % parts, parts)
        below = _below(scratch, active, frequencies, cleaned, potential - below_bits, (left, right), part)
        stands_for = np.r_[stands_for, np.full(len(below[0]), parts, np.int64)]
        left, right, weight = (np.r_[one, other] for one, other in zip((left, right, weight), below, strict=True))
    return _framed(places, left, right, weight, stands_for, int(row[0]), active.model_id, potential, auto)


def bits_of(probability: float) -> float:
    """The match weight of a probability, in bits; far out for 0 and 1."""
    if probability <= 0 or probability >= 1:
        return math.copysign(100.0, probability - 0.5)
    return math.log2(probability / (1 - probability))


def _below(
    scratch: duckdb.DuckDBPyConnection,
    registered: RegisteredModel,
    frequencies: pa.Table,
    cleaned: pa.Table,
    floor_bits: float,
    stored: tuple[Ints, Ints],
    part: tuple[int, int],
) -> tuple[Ints, Ints, Floats]:
    """Pairs of a part that score above the floor and not above the potential threshold, and that are not stored."""
    floor = 1 / (1 + 2.0**-floor_bits)
    model = replace(registered.model, potential_threshold=min(floor, registered.model.potential_threshold))
    scored = linkage.predict_all(scratch, model, frequencies, cleaned, part=part).select(_SCORED.names)
    left, right, weight = (scored[name].to_numpy() for name in _SCORED.names)
    # Record ids stay below 2**31 for two thousand million records; beyond, pairs could be taken for each other.
    known = np.isin((left << 32) ^ right, (stored[0] << 32) ^ stored[1])
    wanted = ~known & (weight <= bits_of(registered.model.potential_threshold))
    return left[wanted], right[wanted], weight[wanted]


def _framed(
    places: pa.Table,
    left: Ints,
    right: Ints,
    weight: Floats,
    stands_for: Ints,
    change_id: int,
    model_id: int,
    potential: float,
    auto: float,
) -> Frame:
    record, identity, person = (places[name].to_numpy() for name in _PLACES.names)
    both = _known(record, left) & _known(record, right)
    left, right, weight, stands_for = left[both], right[both], weight[both], stands_for[both]
    at_left, at_right = np.searchsorted(record, left), np.searchsorted(record, right)
    apart = identity[at_left] != identity[at_right]
    at_left, at_right = at_left[apart], at_right[apart]
    joined, stands_for = person[at_left] == person[at_right], stands_for[apart]
    return Frame(
        left=left[apart],
        right=right[apart],
        weight=weight[apart],
        joined=joined,
        stands_for=stands_for,
        pairs_unscored=max(0, _pairs(person) - _pairs_of_versions(identity, person) - int(stands_for[joined].sum())),
        change_id=change_id,
        model_id=model_id,
        potential_bits=potential,
        auto_bits=auto,
    )


def _known(record: Ints, wanted: Ints) -> Flags:
    if not len(record):
        return np.zeros(len(wanted), bool)
    place = np.minimum(np.searchsorted(record, wanted), len(record) - 1)
    return np.asarray(record[place] == wanted, np.bool_)


def _pairs(group: Ints) -> int:
    sizes = np.unique(group, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _pairs_of_versions(identity: Ints, person: Ints) -> int:
    """Pairs within persons that are versions of one source identity."""
    return _pairs(np.unique(np.stack([identity, person]), axis=1, return_inverse=True)[1].ravel())
