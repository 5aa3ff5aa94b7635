"""One record scored by itself, against the same record scored as a batch."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from empi_pipeline.linkage import MatchModel, default_model, predict, validated_model
from empi_pipeline.linkage.one_record import RecordScorer
from empi_pipeline.linkage.term_frequency import average_frequencies, shared_rows, term_frequencies
from empi_pipeline.scratch import open_scratch
from empi_pipeline.standing import SCRATCH
from empi_pipeline_tests.linkage.records import comparison, settings
from empi_pipeline_tests.linkage.test_scoring import one_sided, people


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(**SCRATCH) as connection:
        yield connection


def by_derived_frequency() -> MatchModel:
    """Its frequencies are of what is derived, and one of its rules needs more than equal keys."""
    sound = comparison("family_sound", tf_adjustment_column="family_sound", tf_adjustment_weight=0.5)
    year = comparison("birth_year", tf_adjustment_column="birth_year")
    rules = ["l.sex = r.sex and levenshtein(l.last_name, r.last_name) <= 1", "l.zip_code = r.zip_code"]
    return validated_model(
        "derived", settings(comparisons=[sound, year], blocking_rules_to_generate_predictions=rules), 0.0, 0.9
    )


@pytest.mark.parametrize("model", [default_model(), one_sided(), by_derived_frequency()], ids=lambda model: model.name)
def test_each_record_scores_as_in_a_batch_of_its_own(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    records = people(60)
    learnt = term_frequencies(con, records.slice(0, 3), model)  # The rest has values the model never saw.
    if model.name != "one-sided":
        shared = pa.table({"column_name": ["phone"], "value": ["6145550002"], "humans": pa.array([20], pa.int32())})
        learnt = pa.concat_tables([learnt, shared_rows(shared)])
    columns = list(average_frequencies(model))
    # So that what the model never saw is rarer than the average.
    rare = {"column_name": columns, "value": ["rare"] * len(columns), "frequency": [1e-7] * len(columns)}
    learnt = pa.concat_tables([learnt, pa.table(rare, schema=learnt.schema)])
    scorer = RecordScorer(con, model, learnt)
    compared = 0
    for place in range(0, 60, 6):
        new = records.slice(place, 1)
        others = records.filter(pc.not_equal(records["record_id"], new["record_id"][0]))
        expected = {
            row["record_id_l"] + row["record_id_r"] - new["record_id"][0].as_py(): row
            for row in predict(con, model, learnt, new, others).to_pylist()
        }
        (record,) = new.drop_columns(["record_id"]).to_pylist()
        scored = scorer.score(record, others.to_pylist(), model.potential_threshold)
        assert {each.record_id for each in scored} == set(expected)
        for each in scored:
            row = expected[each.record_id]
            assert each.match_weight == pytest.approx(row["match_weight"], abs=1e-9, rel=0)
            assert each.match_probability == pytest.approx(row["match_probability"], abs=1e-12, rel=0)
            assert list(each.levels) == row["levels"]
            assert list(each.weights) == row["weights"]
        compared += len(scored)
    assert compared > 10
