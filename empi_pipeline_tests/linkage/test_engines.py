"""The engines that make predictions, against each other."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.linkage import MatchModel, default_model, predict, predict_all, term_frequencies
from empi_pipeline.linkage.duckdb_engine import DuckDBEngine
from empi_pipeline.linkage.engine import ENGINE, chosen_engine
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.test_one_record import by_derived_frequency
from empi_pipeline_tests.linkage.test_scoring import one_sided, pairs_of, people


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def test_duckdb_is_the_engine_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE, raising=False)
    assert isinstance(chosen_engine(), DuckDBEngine)
    monkeypatch.setenv(ENGINE, "DuckDB")
    assert isinstance(chosen_engine(), DuckDBEngine)
    monkeypatch.setenv(ENGINE, "abacus")
    with pytest.raises(ConfigurationError, match="EMPI_ENGINE must be duckdb or spark"):
        chosen_engine()


def assert_alike(found: pa.Table, expected: pa.Table) -> None:
    ours, theirs = pairs_of(found), pairs_of(expected)
    assert ours.keys() == theirs.keys()
    for pair, (weight, levels) in ours.items():
        assert weight == pytest.approx(theirs[pair][0], abs=1e-9)
        assert levels == theirs[pair][1]


@pytest.mark.long
@pytest.mark.parametrize("model", [default_model(), one_sided(), by_derived_frequency()], ids=lambda model: model.name)
def test_spark_predicts_what_duckdb_predicts(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, model: MatchModel
) -> None:
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    monkeypatch.setenv("EMPI_SPARK_MASTER", "local[2]")
    records = people(80)
    learnt = term_frequencies(con, records.slice(0, 60), model)
    new, known = records.slice(50), records.slice(0, 50)
    expected = predict_all(con, model, learnt, records), predict(con, model, learnt, new, known)
    monkeypatch.setenv(ENGINE, "spark")
    assert_alike(predict_all(con, model, learnt, records), expected[0])
    assert_alike(predict(con, model, learnt, new, known), expected[1])
    parts = [predict_all(con, model, learnt, records, part=(number, 3)) for number in (1, 2, 3)]
    assert all(part.num_rows for part in parts)
    assert_alike(pa.concat_tables(parts), expected[0])
    assert expected[0].num_rows > 50
