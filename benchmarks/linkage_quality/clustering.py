"""Persons and review cases from scored pairs, by the functions of the identity room, without a database."""

from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from empi_pipeline.identity.case_evolution import OpenCases, evolve
from empi_pipeline.identity.case_pairs import WhoIsWhere, open_questions
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.conflicts import RecordConflicts
from empi_pipeline.identity.evidence import Evidence, Guards
from empi_pipeline.identity.neighbourhood import Decided, Predictions
from empi_pipeline.identity.policy import ConflictRules
from empi_pipeline.linkage import MatchModel


class Settled(NamedTuple):
    """Persons and open cases.

    Attributes:
        person: Person (number) of each record.
        cases: How many review cases are open.
        cases_of: The cases that each person (number) is in.
    """

    person: np.ndarray
    cases: int
    cases_of: dict[int, set[int]]


def components(record_ids: np.ndarray, pairs: pa.Table) -> np.ndarray:
    """The connected component of each record, from pairs of record ids."""
    order = np.argsort(record_ids)
    left, right = (
        order[np.searchsorted(record_ids, pairs[column].to_numpy(), sorter=order)]
        for column in ("record_id_l", "record_id_r")
    )
    size = len(record_ids)
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    return connected_components(graph, directed=False)[1]


def settled(
    con: duckdb.DuckDBPyConnection, cleaned: pa.Table, scored: pa.Table, model: MatchModel, *, families: bool
) -> Settled:
    """What a first batch of these records would become.

    Args:
        con: A DuckDB connection (scratch).
        cleaned: Cleaned records; `record_id` counts from 1.
        scored: Predictions of all of them.
        model: The match model that made them.
        families: Whether relatives are among the records.
    """
    count = cleaned.num_rows
    record_ids = cleaned["record_id"].to_numpy().astype(np.int64)
    assert (record_ids == np.arange(1, count + 1)).all()
    left, right = (scored[column].to_numpy().astype(np.int64) for column in ("record_id_l", "record_id_r"))
    weight, probability = scored["match_weight"].to_numpy(), scored["match_probability"].to_numpy()
    auto = probability > model.auto_threshold
    margin = weight - np.log2(model.auto_threshold / (1 - model.auto_threshold))
    alone = np.full(count, -1, np.int64)
    rules = ConflictRules.shipped(families=families)
    attributes = cleaned.select(["record_id", *rules.attributes])
    conflicts = RecordConflicts(
        lambda: con,
        rules.find,
        record_ids,
        lambda ids: attributes.take(pa.array(ids - 1)),
        rules.attributes,
        rules.aspects,
    )
    evidence = Evidence(
        alone, alone, left[auto] - 1, right[auto] - 1, weight[auto], margin[auto],
        lambda records: np.array([b"%012d" % record for record in records.tolist()], "S12"),
    )  # fmt: skip
    clustering = cluster(evidence, Guards(), conflicts)
    who = WhoIsWhere(record_ids, clustering.group)
    nothing = np.empty(0, np.int64)
    questions = open_questions(
        clustering.findings,
        record_ids,
        Predictions(left[auto], right[auto], weight[auto], probability[auto]),
        Predictions(left[~auto], right[~auto], weight[~auto], probability[~auto]),
        Decided(np.empty(0, bool), nothing, nothing, np.empty(0)),
        who,
    )
    no_cases = OpenCases(nothing, nothing, np.empty(0, bool), nothing, nothing, nothing, pa.array([], pa.string()))
    unchanged = np.zeros(int(clustering.group.max()) + 1, bool)
    component = evolve(questions, no_cases, who, unchanged, 0).component
    cases_of: dict[int, set[int]] = {}
    for ends in (questions.person_left, questions.person_right):
        for person, case in zip(ends.tolist(), component.tolist(), strict=True):
            cases_of.setdefault(person, set()).add(case)
    return Settled(clustering.group, len(set(component.tolist())), cases_of)
