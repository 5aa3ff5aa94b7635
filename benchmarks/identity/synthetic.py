"""An index of any size, written straight into Postgres: records, cleaned attributes, predictions with known shape."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from psycopg import sql

from empi_pipeline.embedded.postgres import database_url, embedded_postgres
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection, connect, copy_in, migrate

AUTO = 0.99
POTENTIAL = 0.5


@contextmanager
def server() -> Iterator[str]:
    """URL of an empty, migrated database on a server of its own, with default durability."""
    with databases(1) as urls:
        yield urls[0]


@contextmanager
def databases(count: int) -> Iterator[list[str]]:
    """URLs of empty, migrated databases on a server of their own, with default durability."""
    with TemporaryDirectory() as folder, embedded_postgres(Path(folder) / "postgres") as url:
        targets = []
        for number in range(count):
            with connect(url, autocommit=True) as connection:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(f"bench{number}")))
            targets.append(database_url(url, f"bench{number}"))
            with connect(targets[-1]) as connection:
                migrate(connection)
        yield targets


def make_model(connection: Connection, *, guards: bool = True) -> int:
    """An active model with thresholds `POTENTIAL` and `AUTO`."""
    connection.execute("update matching.model set is_active = false")
    row = connection.execute(
        "insert into matching.model (name, settings, potential_threshold, auto_threshold, digest, created_by,"
        " is_active, guards) values ('bench', '{}', %s, %s, gen_random_uuid()::text, 'bench', true, %s)"
        " returning model_id",
        [POTENTIAL, AUTO, guards],
    ).fetchone()
    assert row
    return int(row[0])


def deliver(
    connection: Connection, batch_id: str, first: int, count: int, left: np.ndarray, right: np.ndarray,
    weight: np.ndarray, model_id: int,
) -> None:  # fmt: skip
    """Store records first .. first + count - 1 and predictions (bits) between record ids.

    Of two records of one human (`record_id // 4`) about four in ten differ in what guards look at: a given name that
    has a letter too many (one record in eight), another day of birth (one in sixteen), no sex (one in ten), no SSN (one
    in three). Different humans have different surnames and SSNs, and nothing that conflicts either: guards have all
    their work and refuse nothing, whatever the record ids are.
    """
    run = connection.execute
    run("insert into intake.batches (batch_id) values (%s)", [batch_id])
    row = run(
        "insert into intake.arrivals (bucket, object_key, object_version, etag, size_bytes, last_modified)"
        " values ('b', %s, '1', '1', 1, now()) returning arrival_id",
        [batch_id],
    ).fetchone()
    assert row
    run(
        "insert into raw.person_records (record_id, batch_id, arrival_id, line_number, content_hash,"
        " data_source, source_person_id) overriding system value"
        " select n, %s, %s, n, sha256(n::text::bytea), 's' || n %% 5, 'p' || n"
        " from generate_series(%s::bigint, %s::bigint) n",
        [batch_id, row[0], first, first + count - 1],
    )
    run(
        "insert into cleaned.person_records (record_id, batch_id, data_source, source_person_id, first_name, last_name,"
        " middle_name, sex, birth_date, social_security_number, address, city, zip_code, phone)"
        " select n, %s, 's' || n %% 5, 'p' || n, case when dice & 7 = 0 then 'adah' else 'ada' end, 'family' || n / 4,"
        " case when dice >> 3 & 3 > 0 then 'm' end, case when (dice >> 5 & 255) %% 10 > 0 then 'f' end,"
        " case when dice >> 13 & 15 = 0 then '1950-01-02' else '1950-01-01' end,"
        " case when (dice >> 17 & 255) %% 3 > 0 then lpad((n / 4 * 100003 %% 1000000000)::text, 9, '1') end,"
        " n / 4 || ' main street', 'springfield', lpad((n / 4 %% 99999)::text, 5, '0'), '555' || n / 4"
        " from (select n, abs(hashint8(n)::bigint) as dice from generate_series(%s::bigint, %s::bigint) n) as record",
        [batch_id, first, first + count - 1],
    )
    lower, upper = np.minimum(left, right), np.maximum(left, right)
    key = np.unique(lower * (1 << 32) + upper, return_index=True)[1]
    predictions = pa.table(
        {
            "record_id_l": lower[key],
            "record_id_r": upper[key],
            "match_weight": weight[key],
            "match_probability": 1 / (1 + 2.0 ** -weight[key]),
            "levels": pa.array([[3, 2, 1, 0, 3, 2]] * len(key), pa.list_(pa.int16())),
            "weights": pa.array([[1.5, 2.25, -3.5, 4.0, 5.0, 6.0]] * len(key), pa.list_(pa.float32())),
        }
    )
    copy_in(
        connection,
        "matching.predictions",
        Policy().with_verdicts(connection, predictions, model_id),
        constants={"batch_id": batch_id, "model_id": model_id},
    )
    run(
        "insert into matching.scored_batches (batch_id, model_id, seen_change_id) values"
        " (%s, %s, (select coalesce(max(change_id), 0) from identity.changes))",
        [batch_id, model_id],
    )


def humans(first: int, count: int, pairs: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions between records of the same human (`record_id // 4`), one in seven only a potential match."""
    random = np.random.default_rng(seed)
    left = first + random.integers(0, count, 2 * pairs)
    right = left // 4 * 4 + random.integers(0, 4, 2 * pairs)
    sound = (left != right) & (right >= first) & (right < first + count)
    left, right = left[sound][:pairs], right[sound][:pairs]
    bits = math.log2(AUTO / (1 - AUTO))
    strong, weak = bits + 0.1 + random.exponential(6, len(left)), random.uniform(0.1, bits - 0.1, len(left))
    weight = np.where(random.random(len(left)) < 1 / 7, weak, strong)
    return left, right, weight
