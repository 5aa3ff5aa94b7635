"""Clustering and assignment of a whole index against reading its links from Postgres and connecting them with scipy."""

from collections.abc import Iterator

import numpy as np
from psycopg import sql

from benchmarks.identity.measure import Row, row_of, seconds
from benchmarks.identity.synthetic import AUTO
from empi_pipeline.identity.arrays import connected
from empi_pipeline.identity.assignment import assign
from empi_pipeline.identity.clustering import cluster
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.neighbourhood import Neighbourhood, read_neighbourhood, start_with_batch
from empi_pipeline.identity.person_ids import new_person_ids
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection, connect

_LINK = np.dtype([("fields", ">i2"), ("size_l", ">i4"), ("left", ">i8"), ("size_r", ">i4"), ("right", ">i8")])
_WITHOUT_CONFLICTS = Guards(hard_conflicts=False)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


def floor(connection: Connection, first: int, count: int) -> None:
    """The least that anybody has to do: both ends of every auto-match by binary COPY into arrays, then scipy."""
    query = sql.SQL(
        "copy (select record_id_l, record_id_r from matching.predictions where match_probability > {})"
        " to stdout (format binary)"
    ).format(AUTO)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        content = b"".join(bytes(piece) for piece in copy)
    links = np.frombuffer(content[_HEADER_BYTES:-_TRAILER_BYTES], _LINK)
    connected(count, links["left"].astype(np.int64) - first, links["right"].astype(np.int64) - first)


def ours(connection: Connection, reach: Neighbourhood, policy: Policy) -> None:
    """What identity does with what it read: clusters under all guards and gives each record its person."""
    guards = policy.guards_of(connection)
    with policy.conflicts(connection, guards, reach.record_ids, reach.verdicts) as conflicts:
        clustering = cluster(reach.evidence, guards, conflicts)
    assign(reach.evidence, reach.persons, clustering.group, new_person_ids)


def rows(url: str, batch_id: str, first: int, count: int, rounds: int) -> Iterator[Row]:
    """The evidence alone, and with hard conflicts: these read the attributes of all linked records and compare them."""
    with connect(url) as connection, connection.transaction():
        reach = read_neighbourhood(connection, start_with_batch(connection, batch_id), frozenset())
        connection.execute(
            "select set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true)"
        )
        without = Policy(guards=_WITHOUT_CONFLICTS)
        plain: list[float] = []
        times: dict[str, list[float]] = {"bridges and sizes": [], "all guards, reading attributes": []}
        for number in range(rounds + 1):
            measured = [
                seconds(lambda: floor(connection, first, count)),
                seconds(lambda: ours(connection, reach, without)),
                seconds(lambda: ours(connection, reach, Policy())),
            ]
            if number:
                plain.append(measured[0])
                for each, taken in zip(times.values(), measured[1:], strict=True):
                    each.append(taken)
    for name, taken in times.items():
        label = f"{count:,} records, {len(reach.auto.left) + len(reach.potential.left):,} predictions: {name}"
        yield row_of(label, taken, plain, 3)
