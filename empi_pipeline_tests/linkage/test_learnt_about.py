"""What scoring a few records reads of what a model has learnt, beside everything it has learnt."""

import pyarrow as pa

from empi_pipeline.linkage import default_model, predict, registry, term_frequencies
from empi_pipeline.linkage.activation import freeze_on
from empi_pipeline.postgres import Connection
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.test_plain_splink import unlikely_too, weights
from empi_pipeline_tests.linkage.test_scoring import people


def test_a_few_records_are_scored_by_a_few_frequencies_as_by_all(connection: Connection) -> None:
    records = people(200)
    with open_scratch() as con:
        registered = registry.ensure_active(connection)
        freeze_on(connection, con, registered, records)
        everything = registry.term_frequencies(connection, registered.model_id)
        assert everything.num_rows == term_frequencies(con, records, default_model()).num_rows
        unseen = pa.concat_tables([people(30, seed=9), people(2, seed=8).slice(0, 0)])
        last_name = unseen.column_names.index("last_name")
        new = unseen.set_column(last_name, "last_name", pa.array(["zyx", "smith"] * 15))
        few = registry.learnt_about(connection, registered, new)
        assert set(few["value"].to_pylist()) <= {*everything["value"].to_pylist()}
        assert few.num_rows < everything.num_rows
        model, nobody = unlikely_too(default_model()), new.slice(0, 0)
        assert weights(predict(con, model, few, new, nobody)) == weights(predict(con, model, everything, new, nobody))
