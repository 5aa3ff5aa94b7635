"""The rematch: the whole index scored again, and the plan that follows from it."""

import dagster as dg

from empi_pipeline.linkage.rescoring import rescore
from empi_pipeline.resources import PostgresResource, ScratchResource


@dg.asset(
    key=["matching", "rescored_predictions"],
    deps=[["matching", "model"]],
    group_name="rematch",
    kinds={"splink", "duckdb"},
    owners=["team:linkage"],
)
def rescored_predictions(postgres: PostgresResource, scratch: ScratchResource) -> dg.MaterializeResult[None]:
    """Every pair of the index as the active model scores it now; identity is not touched."""
    with scratch.open() as con:
        registered = rescore(postgres.connect, con)
    with postgres.connect() as connection:
        row = connection.execute("select count(*) from matching.rescored_predictions").fetchone()
    assert row is not None
    return dg.MaterializeResult(metadata={"dagster/row_count": row[0], "model": registered.model_id})
