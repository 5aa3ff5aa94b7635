"""Reads all that evidence connects with some records, by plain queries: for looking at, not for writing.

`neighbourhood` reads the same for a change, however large, and needs temporary tables for it, which those who only look
may not make.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from empi_pipeline.identity.arrays import Ints, found
from empi_pipeline.identity.decision_queries import DecisionInForce, decisions_among
from empi_pipeline.identity.evidence import Evidence
from empi_pipeline.identity.neighbourhood import bits_of
from empi_pipeline.postgres import Connection, copy_out
from empi_pipeline.sql import load

_LINKS: Final = pa.schema(
    [
        ("record_id_l", pa.int64()),
        ("record_id_r", pa.int64()),
        ("match_weight", pa.float64()),
        ("match_probability", pa.float64()),
        ("auto_threshold", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Component:
    """A closed set of records.

    Attributes:
        record_ids: The records, ascending; positions in `evidence` refer to them.
        person_ids: Person of each.
        evidence: What is known about them; persons are numbered in the order of their ids.
        decisions: Decisions in force among them.
    """

    record_ids: Ints
    person_ids: list[str]
    evidence: Evidence
    decisions: list[DecisionInForce]


def read_component(
    connection: Connection, record_ids: list[int], untrusted_sources: frozenset[str], *, most: int
) -> Component | None:
    """Everything that persons, source identities and auto-matches connect with some records.

    Args:
        connection: An open connection; nothing is written.
        record_ids: Records of the index.
        untrusted_sources: Data sources whose versions of a source identity do not belong together.
        most: Of how many records at most.

    Returns:
        None where there are more.
    """
    untrusted = sorted(untrusted_sources)
    reached = connection.execute(
        load("identity/component_records"),
        {"record_ids": record_ids, "untrusted_sources": untrusted, "most": most + 1},
    ).fetchall()
    if len(reached) > most:
        return None
    members = connection.execute(
        load("identity/component_members"), {"record_ids": [record for (record,) in reached]}
    ).fetchall()
    ids = np.array([row[0] for row in members], np.int64)
    person_ids = [row[1] for row in members]
    number = {person_id: place for place, person_id in enumerate(sorted(set(person_ids)))}
    links = copy_out(connection, load("identity/component_links"), _LINKS, {"record_ids": ids.tolist()})
    weight = np.asarray(links["match_weight"].to_numpy(), np.float64)
    decisions = decisions_among(connection, sorted(number))
    content = np.array([row[4] for row in members], "S64")
    evidence = Evidence(
        person=np.array([number[person_id] for person_id in person_ids], np.int64),
        source_identity=_versions([(row[2], row[3]) for row in members], untrusted_sources),
        left=found(ids, np.asarray(links["record_id_l"].to_numpy(), np.int64))[0],
        right=found(ids, np.asarray(links["record_id_r"].to_numpy(), np.int64))[0],
        weight=weight,
        margin=weight - bits_of(np.asarray(links["auto_threshold"].to_numpy(), np.float64)),
        content_keys=lambda positions: content[positions],
        must=_pairs(ids, decisions, "must_link"),
        cannot=_pairs(ids, decisions, "cannot_link"),
    )
    return Component(ids, person_ids, evidence, decisions)


def _versions(identities: list[tuple[str, str]], untrusted_sources: frozenset[str]) -> Ints:
    """Number of the source identity of each record that has several versions, -1 for others and untrusted ones."""
    count = Counter(identities)
    several = [name for name, many in count.items() if many > 1 and name[0] not in untrusted_sources]
    number = {name: place for place, name in enumerate(several)}
    return np.array([number.get(name, -1) for name in identities], np.int64)


def _pairs(record_ids: Ints, decisions: list[DecisionInForce], kind: str) -> Ints:
    pairs = [(each.record_id_l, each.record_id_r) for each in decisions if each.kind == kind]
    return found(record_ids, np.array(pairs, np.int64).reshape(-1, 2).T.ravel())[0].reshape(2, -1)
