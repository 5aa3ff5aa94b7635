"""Predictions by Spark (`EMPI_ENGINE=spark`): Spark brings the pairs together, each is scored as DuckDB scores it.

Splink has a backend for Spark, but the string functions there are others than DuckDB's: of 3,100 pairs of words Jaro,
from Splink's jar, differed for 247, and Spark's own `levenshtein` for 79 with letters beyond ASCII. Levels would begin
elsewhere, and models and decisions made with one engine would not hold with the other. So what runs on the executors is
the very SQL that `splink_sql` has Splink write, in DuckDB.
"""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.linkage.compiled import ORDER_COLUMN, CompiledModel, compiled
from empi_pipeline.linkage.predictions import PREDICTION_SCHEMA, weight_limit
from empi_pipeline.linkage.prepared import PreparedRecords
from empi_pipeline.linkage.splink_sql import LEFT, PAIRS, RIGHT, scoring_sql
from empi_pipeline.linkage.term_frequency import learnt_factors

MASTER: Final = "EMPI_SPARK_MASTER"
"""Environment variable: where Spark runs, `local[*]` by default; a session that is there already is taken as it is."""

EXCHANGE: Final = "EMPI_SPARK_EXCHANGE"
"""Environment variable: a folder that driver and executors both see at this path; the driver's own by default, which
only does for `local`. Records lie there, for as long as they are scored."""

_RECORDS_A_FILE_PART: Final = 200_000
_PAIRS_AT_ONCE: Final = 50_000
_ORDER_DIGITS: Final = 39
"""Of the largest `uhugeint`: padded to one length its texts are in the order of the numbers, which Spark lacks."""

_PREDICTION_DDL: Final = (
    "record_id_l long, record_id_r long, match_weight double, match_probability double,"
    " levels array<short>, weights array<float>"
)


class SparkEngine:
    """Predictions by Spark (`engine.PredictionEngine`)."""

    def predictions(
        self,
        left: PreparedRecords,
        right: PreparedRecords,
        *,
        between: bool = False,
        chunks: int = 1,
        part: tuple[int, int] = (1, 1),
    ) -> Iterator[pa.Table]:
        """As the protocol says; `chunks` is Spark's own affair."""
        del chunks
        model, ready = left.model, compiled(left.model)
        session = _session()
        sql = scoring_sql(model, learnt_factors(left.learnt), weight_limit(model))
        score = _scorer(sql, ready, model.potential_threshold)
        with _exchange() as folder:
            sides = [_written(records, ready, folder / name) for records, name in ((left, "left"), (right, "right"))]
            paired = session.sql(_pairs_sql(ready, *sides, between=between, part=part))
            scored = paired.mapInArrow(score, _PREDICTION_DDL).toArrow()
        yield scored.cast(PREDICTION_SCHEMA)


def _session() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigurationError(
            "EMPI_ENGINE=spark needs PySpark and Java 17: install the package with its extra `spark`"
        ) from None
    # The driver's own Python; a cluster's image says what its executors have.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("empi").config(
        "spark.sql.execution.arrow.maxRecordsPerBatch", _PAIRS_AT_ONCE
    )
    if SparkSession.getActiveSession() is None:
        builder = builder.master(os.environ.get(MASTER, "local[*]"))
        # Nothing that shows or keeps what is computed, and no doors that nobody asked for.
        builder = builder.config("spark.ui.enabled", "false").config("spark.eventLog.enabled", "false")
        if os.environ.get(MASTER, "local").startswith("local"):
            builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@contextmanager
def _exchange() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="empi-spark-", dir=os.environ.get(EXCHANGE) or None))  # Mode 0700.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(records: PreparedRecords, ready: CompiledModel, folder: Path) -> str:
    """Write prepared records as Parquet; returns what Spark reads them as."""
    folder.mkdir()
    order = f"lpad(cast({ORDER_COLUMN} as varchar), {_ORDER_DIGITS}, '0') as {ORDER_COLUMN}"
    replaced = "" if ready.symmetric else f" replace ({order})"
    reader = records.con.sql(f"select *{replaced} from {records.table}").to_arrow_reader(_RECORDS_A_FILE_PART)
    for number, batch in enumerate(reader):
        pq.write_table(pa.Table.from_batches([batch]), folder / f"{number:06d}.parquet")
    if not any(folder.iterdir()):
        pq.write_table(reader.schema.empty_table(), folder / "none.parquet")
    return f"parquet.`{folder}`"


def _pairs_sql(ready: CompiledModel, left: str, right: str, *, between: bool, part: tuple[int, int]) -> str:
    """Spark SQL: both records of each pair of equal keys, each pair once. Further conditions are for the scorer."""
    uid = ready.unique_id
    order = "" if between else f"and l.{uid} < r.{uid}"
    # One join for all rules: a record has one row a rule, with the rule's number and the record's key.
    keyed = [
        f"(select {uid} as id, posexplode(array({', '.join(columns)})) as (rule, value) from {records})"
        for records, columns in (
            (left, [block.left for block in ready.blocks]),
            (right, [block.right for block in ready.blocks]),
        )
    ]
    found = (
        f"select distinct l.id as join_key_l, r.id as join_key_r from {keyed[0]} as l join {keyed[1]} as r"
        f" on l.rule = r.rule and l.value = r.value {order.replace(uid, 'id')}"
    )
    number, parts = part
    drawn = f"where pmod(xxhash64(join_key_l, join_key_r), {parts:d}) = {number - 1:d}" if parts > 1 else ""
    return (
        f"select struct(l.*) as l, struct(r.*) as r from (select * from ({found}) {drawn}) as pair"
        f" join {left} as l on l.{uid} = pair.join_key_l join {right} as r on r.{uid} = pair.join_key_r"
    )


def _scorer(sql: str, ready: CompiledModel, potential: float) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """What runs on the executors, pairs in, predictions out: they need DuckDB and Arrow, not this package."""
    uid, views, pairs = ready.unique_id, (LEFT, RIGHT), PAIRS
    number = uid if ready.symmetric else f"cast({uid} as uhugeint)"
    replaced = "" if ready.symmetric else f" replace ({number} as {uid})"
    # Only where a rule demands more than equal keys.
    found = " or ".join(f"({rule})" for rule in ready.rules) if any(each.condition for each in ready.blocks) else "true"

    def score(batches: Iterator[Any]) -> Iterator[Any]:
        import duckdb
        import pyarrow

        with duckdb.connect(":memory:") as con:
            con.execute("set threads = 1")
            for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access"):
                con.execute(f"set {setting} = false")
            con.execute("set lock_configuration = true")
            for batch in batches:
                con.register("brought", pyarrow.Table.from_batches([batch]))
                for view, side in zip(views, "lr", strict=True):
                    # A record is on its side of many pairs.
                    con.execute(
                        f"create or replace temp table {view} as select distinct on ({uid}) *{replaced}"
                        f" from (select unnest({side}) from brought)"
                    )
                con.execute(
                    f"create or replace temp table brought_pairs as"
                    f" select {number.replace(uid, f'l.{uid}')} as join_key_l,"
                    f" {number.replace(uid, f'r.{uid}')} as join_key_r from brought"
                )
                con.execute(
                    f"create or replace temp table {pairs} as select join_key_l, join_key_r from brought_pairs"
                    f" join {views[0]} as l on l.{uid} = join_key_l join {views[1]} as r on r.{uid} = join_key_r"
                    f" where {found}"
                )
                bounds = {"first": 0, "end": batch.num_rows, "potential": potential}
                yield from con.sql(sql, params=bounds).to_arrow_table().to_batches()
                con.unregister("brought")

    return score
