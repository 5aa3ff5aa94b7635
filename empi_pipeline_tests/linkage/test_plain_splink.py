"""Our way of running Splink (keys for blocking, one statement for scoring) beside Splink's own `Linker`."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from benchmarks.speed.plain_splink import plain_scores
from empi_pipeline.linkage import (
    MatchModel,
    default_model,
    duckdb_engine,
    predict,
    predict_all,
    term_frequencies,
    validated_model,
)
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import comparison, settings
from empi_pipeline_tests.linkage.test_scoring import people

Weights = dict[tuple[int, int], float]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch() as connection:
        yield connection


def weights(scored: pa.Table) -> Weights:
    return {(row["record_id_l"], row["record_id_r"]): row["match_weight"] for row in scored.to_pylist()}


def unlikely_too(model: MatchModel) -> MatchModel:
    return validated_model(model.name, model.settings, 1e-9, model.auto_threshold)


def demanding() -> MatchModel:
    """Rules that demand more than equal values, which keys alone cannot tell."""
    rules = [
        "l.last_name = r.last_name and levenshtein(l.first_name, r.first_name) <= 2",
        "l.birth_date = r.birth_date and (l.zip_code = r.zip_code or l.phone = r.phone)",
        "l.first_name = r.last_name and l.last_name = r.first_name",
    ]
    compared = [comparison("first_name"), comparison("last_name", tf_adjustment_column="last_name")]
    return validated_model(
        "demanding", settings(comparisons=compared, blocking_rules_to_generate_predictions=rules), 1e-9, 0.9
    )


@pytest.mark.parametrize("model", [unlikely_too(default_model()), demanding()], ids=["default", "demanding"])
@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_and_weights_are_those_of_plain_splink(
    con: duckdb.DuckDBPyConnection, model: MatchModel, seed: int
) -> None:
    records = people(150, seed)
    learnt = term_frequencies(con, records, model)
    plain = weights(plain_scores(con, model, learnt, records))
    assert len(plain) > 500
    at_once = weights(predict(con, model, learnt, records, records.slice(0, 0)))
    assert at_once == plain  # To the last bit: the expressions are the same ones.
    assert weights(predict_all(con, model, learnt, records, chunks=4)) == plain
    split = weights(predict(con, model, learnt, records.slice(0, 60), records.slice(60)))
    within_index = weights(predict(con, model, learnt, records.slice(60), records.slice(0, 0)))
    assert split | within_index == plain
    assert not split.keys() & within_index.keys()


def test_pairs_are_the_same_in_parts_of_any_size(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, records = unlikely_too(default_model()), people(90)
    learnt = term_frequencies(con, records, model)
    one, other = records.slice(0, 60), records.slice(60)
    whole = predict(con, model, learnt, one, other)
    monkeypatch.setattr(duckdb_engine, "_RECORDS_AT_ONCE", 7)
    monkeypatch.setattr(duckdb_engine, "_PAIRS_AT_ONCE", 11)
    in_parts = predict(con, model, learnt, one, other)
    assert in_parts.num_rows == whole.num_rows > 100
    assert weights(in_parts) == weights(whole)
