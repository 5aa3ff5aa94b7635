"""A plain clustering under guards, for measuring linkage alone: joins in descending weight, none that conflicts."""

from collections import defaultdict

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from empi_pipeline.identity.guards import CONFLICT_ATTRIBUTES, find_conflicts

MAX_MEMBERS = 300
"""Larger components keep their plain partition: this is a measuring tool, not the product's clustering."""


def components(record_ids: np.ndarray, pairs: pa.Table) -> np.ndarray:
    """The component of each record, from pairs of record ids."""
    place = {record: index for index, record in enumerate(record_ids.tolist())}
    left = [place[record] for record in pairs["record_id_l"].to_pylist()]
    right = [place[record] for record in pairs["record_id_r"].to_pylist()]
    size = len(record_ids)
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    return connected_components(graph, directed=False)[1]


def guarded_clusters(
    con: duckdb.DuckDBPyConnection, cleaned: pa.Table, pairs: pa.Table, *, families: bool
) -> np.ndarray:
    """The cluster of each record when a join is refused if any two of the members it would bring together conflict."""
    record_ids = cleaned["record_id"].to_numpy()
    labels = components(record_ids, pairs)
    members = defaultdict(list)
    for record, label in zip(record_ids.tolist(), labels.tolist(), strict=True):
        members[label].append(record)
    left, right = [], []
    for group in members.values():
        if 1 < len(group) <= MAX_MEMBERS:
            left += [first for index, first in enumerate(group) for _ in group[index + 1 :]]
            right += [second for index, _ in enumerate(group) for second in group[index + 1 :]]
    both = pa.table({"record_id_l": pa.array(left, pa.int64()), "record_id_r": pa.array(right, pa.int64())})
    conflicts = find_conflicts(con, both, cleaned.select(["record_id", *CONFLICT_ATTRIBUTES]), families=families)
    return _refusing(record_ids, pairs, conflicts)


def _refusing(record_ids: np.ndarray, pairs: pa.Table, conflicts: pa.Table) -> np.ndarray:
    enemies = defaultdict(set)
    for one, other in zip(conflicts["record_id_l"].to_pylist(), conflicts["record_id_r"].to_pylist(), strict=True):
        enemies[one].add(other)
        enemies[other].add(one)
    group_of = {record: record for record in record_ids.tolist()}
    groups = {record: [record] for record in group_of}
    order = pairs.sort_by([("match_weight", "descending"), ("record_id_l", "ascending"), ("record_id_r", "ascending")])
    for one, other in zip(order["record_id_l"].to_pylist(), order["record_id_r"].to_pylist(), strict=True):
        first, second = group_of[one], group_of[other]
        if first == second:
            continue
        if len(groups[first]) < len(groups[second]):
            first, second = second, first
        hated = set().union(*(enemies[record] for record in groups[second] if record in enemies))
        if hated and not hated.isdisjoint(groups[first]):
            continue
        for record in groups[second]:
            group_of[record] = first
        groups[first] += groups.pop(second)
    return np.array([group_of[record] for record in record_ids.tolist()])
