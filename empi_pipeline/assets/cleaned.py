"""Cleaned records: the standardised form of person records, used for matching only."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pyarrow as pa

from empi_pipeline import cleaning
from empi_pipeline.assets.tables import bar_chart, markdown_table
from empi_pipeline.automation.partitions import BATCHES
from empi_pipeline.checks.formats import FORMATS, check_formats
from empi_pipeline.cleaning.learnt_orders import learnt_date_orders
from empi_pipeline.linkage import index_scoring, key_index
from empi_pipeline.resources import BatchClaimResource, PostgresResource, ScratchResource, SettingsResource
from empi_pipeline.schema import CLEANED_COLUMNS


@dg.asset(
    key=["cleaned", "person_records"],
    ins={"person_records": dg.AssetIn(["raw", "person_records"])},
    partitions_def=BATCHES,
    group_name="cleaned",
    kinds={"duckdb", "postgres"},
    owners=["team:intake"],
    code_version=cleaning.CODE_VERSION,
    check_specs=[FORMATS],
    metadata={
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn("record_id", "bigint"),
                *(dg.TableColumn(name, "text") for name in CLEANED_COLUMNS),
            ]
        )
    },
)
def cleaned_person_records(
    context: dg.AssetExecutionContext,
    person_records: pa.Table,
    postgres: PostgresResource,
    scratch: ScratchResource,
    settings: SettingsResource,
    batch_claim: BatchClaimResource,
) -> Iterator[dg.MaterializeResult[pa.Table]]:
    """Names, dates, numbers and addresses in one form, placeholders nulled; one row per new person record.

    Originals stay in `raw/person_records`, untouched. Once a batch is applied its cleaned records stay as they were.
    """
    sources = {
        name: cleaning.SourceCleaning(date_format=source.date_format, pass_through=source.cleaning == "pass_through")
        for name, source in settings.read().data_sources.items()
    }
    pass_through = frozenset(name for name, source in sources.items() if source.pass_through)
    with postgres.connect() as connection:
        if index_scoring.is_applied(connection, context.partition_key):
            # Blocking keys, predictions and guards all stand on these forms: newer rules must not change them here.
            kept = key_index.cleaned_of_batch(connection, context.partition_key)
            yield dg.MaterializeResult(
                value=None,
                check_results=[check_formats(kept, pass_through)],
                metadata={"kept": "the batch is applied; its cleaned records stay as they are"},
            )
            return
    with scratch.open() as con:
        with postgres.connect() as connection:
            date_orders = learnt_date_orders(connection, con, context.partition_key, person_records)
        cleaned = cleaning.clean(con, person_records, sources, today=datetime.now(UTC).date(), date_orders=date_orders)
    rows = cleaned.table.num_rows
    filled = {name: rows - cleaned.table[name].null_count for name in CLEANED_COLUMNS}
    rules = (
        (rule, count.before, count.changed, count.emptied, count.after) for rule, count in cleaned.rule_counts.items()
    )
    yield dg.MaterializeResult(
        value=cleaned.table,
        check_results=[check_formats(cleaned.table, pass_through)],
        metadata={
            "completeness": bar_chart(filled, title=f"values per column, of {rows:,} records"),
            "values by rule": markdown_table(["rule", "before", "changed", "of these emptied", "after"], rules),
        },
    )
