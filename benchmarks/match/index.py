"""An index of a synthetic population, written straight into Postgres as the pipeline would have it."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.cleaning import clean
from empi_pipeline.linkage import blocking_keys, key_index, registry, without_shared_values
from empi_pipeline.linkage.activation import learn
from empi_pipeline.postgres import Connection, copy_in
from empi_pipeline.scratch import open_scratch
from empi_pipeline.synthetic import Plan, blocks

_TEXT = ("record_id", "data_source")


def fill(connection: Connection, size: int, asked: int, seed: int) -> list[dict[str, str | None]]:
    """Bring in `size` records, matched by their known truth, and give back some more as they would be delivered.

    Args:
        connection: An empty, migrated database.
        size: Records of the index.
        asked: How many records to hold back, of the same humans and of others alike.
        seed: Of the population.
    """
    delivered, humans = _people(size + asked, seed)
    # Spread over the population: one in so many is held back.
    step = (size + asked) / asked
    held = pa.array(sorted({int(place * step) for place in range(asked)}), pa.int64())
    is_held = pc.is_in(delivered["record_id"], value_set=held)
    rest = delivered.filter(pc.invert(is_held))
    registered = registry.ensure_active(connection)
    with open_scratch() as con:
        # In parts: one table of a million records would be cleaned in memory.
        parts = [
            clean(con, rest.slice(start, 100_000), {}, datetime.now(UTC).date()).table
            for start in range(0, rest.num_rows, 100_000)
        ]
        cleaned = pa.concat_tables(parts)
        learnt = learn(con, cleaned, registered)
        registry.freeze(connection, registered.model_id, learnt, cleaned.num_rows)
        keys = blocking_keys(con, without_shared_values(cleaned, learnt), registered.model)
    key_index.save_keys(connection, registered.model_id, keys)
    copy_in(connection, "cleaned.person_records", cleaned, constants={"batch_id": "bench"})
    _persons(connection, humans)
    connection.commit()
    fields = delivered.filter(is_held).drop_columns(["record_id"]).to_pylist()
    return [{name: value for name, value in row.items() if name != "extra"} for row in fields]


def _people(count: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """Delivered rows with record ids from 0 on, and the human of each record."""
    tables, humans, start = [], [], 0
    for block in blocks(Plan(count, seed)):
        for part in block.delivered:
            ids = pa.array(range(start, start + part.table.num_rows), pa.int64())
            start += part.table.num_rows
            tables.append(part.table.append_column("record_id", ids))
            humans.append(pa.table({"record_id": ids, "human": part.humans.cast(pa.string())}))
    return pa.concat_tables(tables, promote_options="default").combine_chunks(), pa.concat_tables(humans)


def _persons(connection: Connection, humans: pa.Table) -> None:
    connection.execute("create temporary table humans (record_id bigint, human text)")
    copy_in(connection, "humans", humans)
    for statement in (
        "create temporary table made as select human, gen_random_uuid() as person_id, count(*) as records from humans"
        " join cleaned.person_records using (record_id) group by human",
        "insert into identity.persons (person_id, created_change_id, created_at, record_count)"
        " select person_id, 1, now(), records from made",
        "insert into identity.membership (record_id, person_id, change_id)"
        " select record_id, person_id, 1 from humans join cleaned.person_records using (record_id)"
        " join made using (human)",
    ):
        connection.execute(statement)
