"""What the blocking rules miss, estimated without truth, in two ways that err differently.

*From the rules themselves.* Each rule is an occasion to catch a matching pair. Where many pairs are caught by one rule
only, more must have been caught by none: Chao's estimator (Chao 1987; for a known number of occasions as in Chao &
Colwell 2017) from the numbers caught once and twice. It is a lower bound for independent occasions, which rules are
not: rules that share columns pull it down, rules written to catch what the others leave push it up. So it shows the
order of magnitude, costs seconds, and is best watched over time. Only pairs that score as auto-matches are looked at.

*From a sample.* Some records, drawn at random, are compared with every record without any blocking; the share of the
auto-matches found so that no rule would have brought together is what is missed, with exact limits (Clopper & Pearson
1934; pairs of one human go together, so they are a little too narrow). A pair whose records differ so much that the
model itself gives it up is missed by both ways.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from empi_pipeline import linkage
from empi_pipeline.errors import ConflictError
from empi_pipeline.evaluation.limits import CONFIDENCE, Interval, share
from empi_pipeline.evaluation.sampling import Ints, choose
from empi_pipeline.linkage import MatchModel, blocking_lookups, key_index, registry
from empi_pipeline.linkage.compiled import compiled
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.postgres import Connection

Connect = Callable[[], AbstractContextManager[Connection]]

COMPARISONS: Final = 20_000_000
"""Pairs to compare without blocking, unless told otherwise: some tens of seconds."""

_ENDLESS: Final = 10**9
_Z: Final = 1.959964
"""Of the normal distribution, for 95 %."""

# Equal for all records: one block of everything, by a rule that the model's own checks accept.
_EVERYTHING: Final = "substr(l.data_source, 1, 0) = substr(r.data_source, 1, 0)"


@dataclass(frozen=True, slots=True)
class CaughtByRules:
    """Auto-matches by how many blocking rules bring them together.

    Attributes:
        rules: How many rules there are.
        caught: Caught by exactly 1, 2, 3, ... rules.
        by_rule: By what the rule compares: pairs it catches, pairs that only it catches.
        missed: Estimate of how many none catches, with limits.
    """

    rules: int
    caught: tuple[int, ...]
    by_rule: Mapping[str, tuple[int, int]]
    missed: Interval

    @property
    def share_missed(self) -> float:
        """The estimate as a share of all auto-matches, caught or not."""
        everything = sum(self.caught) + self.missed.estimate
        return self.missed.estimate / everything if everything else 0.0


@dataclass(frozen=True, slots=True)
class ComparedWithAll:
    """Sampled records compared with every record.

    Attributes:
        records: Records drawn.
        comparisons: Pairs compared.
        found: Auto-matches among them, of different source identities.
        missed: Those that no rule brings together.
        share_missed: As a share of `found`, with limits.
    """

    records: int
    comparisons: int
    found: int
    missed: int
    share_missed: Interval


def caught_by_rules(connection: Connection) -> CaughtByRules:
    """How many rules catch each auto-match that the active model made, and what follows for those caught by none.

    Raises:
        ConflictError: Nothing was scored yet.
    """
    active = _active(connection)
    table = sql.Identifier("matching", f"blocking_keys_{active.model_id}")
    rules = _rules(active.model)
    catches = [
        sql.SQL(" or ").join(
            sql.SQL("coalesce(l.{} = r.{}, false)").format(sql.Identifier(ours), sql.Identifier(theirs))
            for ours, theirs in lookups
        )
        for lookups in rules.values()
    ]
    pattern = sql.SQL(" || ").join(sql.SQL("case when {} then '1' else '0' end").format(each) for each in catches)
    query = sql.SQL(
        "select {pattern} as caught_by, count(*) from matching.predictions as prediction"
        " join {table} as l on l.record_id = prediction.record_id_l"
        " join {table} as r on r.record_id = prediction.record_id_r"
        " join raw.person_records as one on one.record_id = prediction.record_id_l"
        " join raw.person_records as other on other.record_id = prediction.record_id_r"
        " where prediction.model_id = {model} and prediction.match_probability > {auto}"
        " and (one.data_source, one.source_person_id) <> (other.data_source, other.source_person_id)"
        " group by caught_by"
    ).format(
        pattern=pattern,
        table=table,
        model=sql.Literal(active.model_id),
        auto=sql.Literal(active.model.auto_threshold),
    )
    counted: dict[str, int] = dict(connection.execute(query).fetchall())
    caught = [sum(n for pattern, n in counted.items() if pattern.count("1") == k) for k in range(1, len(rules) + 1)]
    by_rule = {
        name: (
            sum(n for pattern, n in counted.items() if pattern[at] == "1"),
            sum(n for pattern, n in counted.items() if pattern[at] == "1" and pattern.count("1") == 1),
        )
        for at, name in enumerate(rules)
    }
    return CaughtByRules(len(rules), tuple(caught), by_rule, never_caught(caught))


def never_caught(caught: Sequence[int]) -> Interval:
    """Chao's estimate of how many were caught on no occasion, with log-normal limits (Chao 1987).

    Args:
        caught: How many were caught on exactly 1, 2, 3, ... of all the occasions.
    """
    once, twice = (caught[at] if at < len(caught) else 0 for at in (0, 1))
    scale = (len(caught) - 1) / len(caught) if caught else 0.0
    estimate = scale * once * (once - 1) / (2 * (twice + 1))  # The form without bias, defined also for twice = 0.
    if estimate <= 0:
        return Interval(0.0, 0.0, 0.0)
    ratio = once / max(twice, 1)
    variance = max(twice, 1) * (0.25 * scale**2 * ratio**4 + scale**2 * ratio**3 + 0.5 * scale * ratio**2)
    spread = math.exp(_Z * math.sqrt(math.log(1 + variance / estimate**2)))
    return Interval(estimate, estimate / spread, estimate * spread)


def compare_with_all(
    connect: Connect, scratch: duckdb.DuckDBPyConnection, *, comparisons: int = COMPARISONS, seed: int = 1
) -> ComparedWithAll:
    """Compare some records with every record, without blocking.

    Args:
        connect: Opens a connection.
        scratch: A DuckDB of its own.
        comparisons: About how many pairs to compare; says how many records are drawn.
        seed: The same seed on the same index draws the same records.

    Raises:
        ConflictError: Nothing was scored yet.
    """
    with connect() as connection:
        active = _active(connection)
        frequencies = registry.term_frequencies(connection, active.model_id)
        cleaned = key_index.cleaned_of_index(connection)
    model, count = active.model, cleaned.num_rows
    record_ids = cleaned["record_id"].to_numpy()
    wanted = min(count, max(1, comparisons // max(count, 1)))
    drawn = choose(record_ids, np.zeros(count, np.int64), np.zeros(count, np.int64), [wanted], seed)
    new = cleaned.take(pa.array(drawn))
    scored = linkage.predict(scratch, _without_blocking(model), frequencies, new, cleaned)
    scored = scored.filter(pc.greater(scored["match_probability"], model.auto_threshold))
    left, right = (scored[name].to_numpy() for name in ("record_id_l", "record_id_r"))
    place = {record: at for at, record in enumerate(record_ids.tolist())}
    at_left, at_right = (np.array([place[each] for each in side.tolist()], np.int64) for side in (left, right))
    names = pc.binary_join_element_wise(cleaned["data_source"], cleaned["source_person_id"], "\x1f")
    names = np.asarray(names.combine_chunks().dictionary_encode().indices)
    apart = names[at_left] != names[at_right]
    at_left, at_right = at_left[apart], at_right[apart]
    looked_at = linkage.without_shared_values(cleaned, frequencies)
    missed = int((~_share_a_key(scratch, looked_at, model, at_left, at_right)).sum())
    return ComparedWithAll(
        records=len(drawn),
        comparisons=len(drawn) * (count - len(drawn)) + len(drawn) * (len(drawn) - 1) // 2,
        found=len(at_left),
        missed=missed,
        share_missed=share(missed, len(at_left), _ENDLESS, expected=0.0, confidence=CONFIDENCE),
    )


def _active(connection: Connection) -> RegisteredModel:
    active = registry.active(connection)
    if active is None or active.frozen_at is None:
        raise ConflictError("nothing was scored yet: load records first")
    return active


def _rules(model: MatchModel) -> dict[str, list[tuple[str, str]]]:
    """What each rule compares, and its lookups: the two directions of a one-sided rule are one."""
    compares = {key.name: " + ".join(key.expressions).replace('"', "") for key in compiled(model).keys}
    rules: dict[str, list[tuple[str, str]]] = {}
    for ours, theirs in blocking_lookups(model):
        rules.setdefault(" = ".join(compares[name] for name in sorted({ours, theirs})), []).append((ours, theirs))
    return rules


def _without_blocking(model: MatchModel) -> MatchModel:
    settings = {**model.settings, "blocking_rules_to_generate_predictions": [_EVERYTHING]}
    # Another digest: what is compiled is kept by it.
    return replace(model, settings=settings, digest=f"{model.digest} without blocking")


def _share_a_key(
    scratch: duckdb.DuckDBPyConnection, cleaned: pa.Table, model: MatchModel, at_left: Ints, at_right: Ints
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Whether some rule's key is equal on both sides of each pair (positions in `cleaned`)."""
    found = np.zeros(len(at_left), bool)
    if not len(at_left):
        return found
    involved = np.unique(np.r_[at_left, at_right])
    keys = linkage.blocking_keys(scratch, cleaned.take(pa.array(involved)), model).sort_by("record_id")
    record_ids = cleaned["record_id"].to_numpy()
    rows = keys["record_id"].to_numpy()
    row_left, row_right = (np.searchsorted(rows, record_ids[side]) for side in (at_left, at_right))
    for ours, theirs in blocking_lookups(model):
        one, other = keys[ours].take(pa.array(row_left)), keys[theirs].take(pa.array(row_right))
        found |= np.asarray(pc.fill_null(pc.equal(one, other), False))
    return found
