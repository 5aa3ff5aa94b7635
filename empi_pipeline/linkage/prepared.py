"""Records made ready for blocking and scoring: features, blocking keys and frozen frequencies, computed once."""

# ruff: noqa: S608 - SQL is put together from names of ours and conditions of a checked model; values are bound.

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.linkage.blocking import key_columns
from empi_pipeline.linkage.compiled import ORDER_COLUMN, CompiledModel, compiled
from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.linkage.term_frequency import average_frequencies


@dataclass(frozen=True, slots=True)
class PreparedRecords:
    """Records in a temporary table of a scratch connection.

    Attributes:
        con: Where the table is; not used by anything else meanwhile.
        model: The match model they are made ready for.
        learnt: What is frozen into the model.
        table: record_id, what the model compares, `tf_` columns, blocking keys, and the content order of a model that
            is not symmetric.
        count: How many.
    """

    con: duckdb.DuckDBPyConnection
    model: MatchModel
    learnt: pa.Table
    table: str
    count: int

    def blocking_keys(self) -> pa.Table:
        """As `linkage.blocking_keys` of these records."""
        names = ", ".join(key.name for key in compiled(self.model).keys)
        return self.con.sql(f"select record_id, {names} from {self.table}").to_arrow_table()


@contextmanager
def prepared(
    con: duckdb.DuckDBPyConnection, model: MatchModel, learnt: pa.Table, cleaned: pa.Table
) -> Iterator[PreparedRecords]:
    """Make records ready; values that the model knows to be shared by many are missing in them.

    Args:
        con: A DuckDB connection (scratch).
        model: The match model.
        learnt: What is frozen into it (`term_frequencies`), at least the frequencies of values that occur and of the
            rarest of each column.
        cleaned: `record_id` (unique) and the cleaned columns.
    """
    ready = compiled(model)
    seen = without_shared_values(cleaned, learnt)
    extra = [*key_columns(ready.keys), *([] if ready.symmetric else [content_order(ready)])]
    with ExitStack() as stack:
        joins = []
        for column, average in average_frequencies(model).items():
            name = f"linkage_frequency_{column}"
            frozen = learnt.filter(pc.equal(learnt["column_name"], column))
            con.register(name, frozen.select(["value", "frequency"]))
            stack.callback(con.unregister, name)
            rarest = pc.min(frozen["frequency"]).as_py()
            # A value that the model has never seen is at least as rare as the rarest it has seen.
            unseen = average if rarest is None else min(rarest, average)
            extra.append(
                f'case when "{column}" is not null then coalesce("{name}".frequency, {unseen!r}::double) end'
                f' as "tf_{column}"'
            )
            joins.append(f'left join "{name}" on "{name}".value = cast("{column}" as varchar)')
        table = stack.enter_context(with_features(con, seen, ready.columns, extra, joins))
        yield PreparedRecords(con, model, learnt, table, cleaned.num_rows)


def content_order(ready: CompiledModel) -> str:
    """Select expression of a unique id that sorts by content: equal content scores alike on either side."""
    content = " || ".join(
        f'coalesce(cast("{column}" as varchar) || chr(30), chr(31))' for column in ready.compared_columns
    )
    return (
        f"(cast(md5_number_lower({content}) as uhugeint) << 64) + cast(cast(record_id as ubigint) as uhugeint) "
        f"as {ORDER_COLUMN}"
    )
