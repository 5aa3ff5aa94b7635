"""Scoring by Splink alone, through its own `Linker`: what our way of running it must equal, and its floor."""

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from empi_pipeline.linkage.compiled import compiled
from empi_pipeline.linkage.features import with_features
from empi_pipeline.linkage.model import MatchModel
from empi_pipeline.linkage.shared_values import without_shared_values
from empi_pipeline.linkage.term_frequency import average_frequencies, learnt_factors

_TABLE = "plain_records"
_SCORED = pa.schema([("record_id_l", pa.int64()), ("record_id_r", pa.int64()), ("match_weight", pa.float64())])


def plain_scores(con: duckdb.DuckDBPyConnection, model: MatchModel, learnt: pa.Table, cleaned: pa.Table) -> pa.Table:
    """Pairs within some records, found by Splink's blocking and weighed by Splink's `predict`.

    Args:
        con: Scratch.
        model: A symmetric match model.
        learnt: What is frozen into it.
        cleaned: `record_id` and the cleaned columns.

    Returns:
        record_id_l < record_id_r and match_weight (bits), of a probability above the potential threshold.
    """
    from splink import DuckDBAPI, Linker

    ready = compiled(model)
    assert ready.symmetric
    records = without_shared_values(cleaned, learnt)
    with with_features(con, records, ready.columns) as features:
        con.execute(f"create or replace temp table {_TABLE} as select * from {features}")
        api = DuckDBAPI(connection=con)
        linker = Linker(api.register(_TABLE), ready.splink_settings(learnt_factors(learnt)), log_level=None)
        for column, average in average_frequencies(model).items():
            frozen = learnt.filter(pc.equal(learnt["column_name"], column))
            name = f"plain_frequency_{column}"
            con.register("plain_frozen", frozen)
            con.execute(
                f'create or replace temp table {name} as select occurring."{column}", coalesce(frequency,'
                f' (select least(min(frequency), {average!r}) from plain_frozen)) as "tf_{column}"'
                f' from (select distinct "{column}" from {_TABLE} where "{column}" is not null) as occurring'
                f' left join plain_frozen on value = cast(occurring."{column}" as varchar)'
            )
            con.unregister("plain_frozen")
            linker.table_management.register_term_frequency_lookup(api.register(name), column)
        limit = model.potential_threshold or None
        scored = linker.inference.predict(threshold_match_probability=limit, warning_mode="never")
        found = con.sql(
            "select least(record_id_l, record_id_r), greatest(record_id_l, record_id_r), match_weight"
            f" from {scored.physical_name} where match_probability > $potential",
            params={"potential": model.potential_threshold},
        ).to_arrow_table()
        api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]
        con.execute(f"drop table {_TABLE}")
        for column in average_frequencies(model):
            con.execute(f"drop table plain_frequency_{column}")
    return pa.table(found.columns, names=_SCORED.names).cast(_SCORED)
