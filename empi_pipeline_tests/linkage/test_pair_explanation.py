import random
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from empi_pipeline.evaluation.waterfall import steps_of, waterfall_svg, waterfall_text
from empi_pipeline.linkage import MatchModel, default_model, predict, predict_pairs, term_frequencies, validated_model
from empi_pipeline.linkage.blocking import rules_that_find
from empi_pipeline.linkage.explanation import explain, level_label
from empi_pipeline.linkage.pair_explanation import explained
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, settings
from empi_pipeline_tests.linkage.test_scoring import one_sided, people


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def registered(model: MatchModel) -> RegisteredModel:
    return RegisteredModel(
        model_id=7,
        model=model,
        guards=True,
        is_active=True,
        frozen_at=None,
        frozen_records=None,
        refrozen_model_id=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="test",
    )


@pytest.mark.parametrize("model", [default_model(), one_sided()], ids=["symmetric", "one-sided"])
def test_a_pair_is_scored_as_in_a_batch(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    records = people(60)
    frequencies = term_frequencies(con, records, model)
    scored = predict(con, model, frequencies, records, records.slice(0, 0)).to_pylist()
    batch = {(row["record_id_l"], row["record_id_r"]): row for row in scored}
    assert len(batch) > 20
    for left, right in random.Random(1).sample(sorted(batch), 5):
        two = records.filter(pa.compute.is_in(records["record_id"], value_set=pa.array([left, right])))
        # Asked for the other way round, and with no other record at hand.
        told = explained(con, registered(model), frequencies, two, right, left)
        assert (told.record_id_l, told.record_id_r) == (left, right)
        assert told.explanation.match_weight == pytest.approx(batch[left, right]["match_weight"], abs=1e-9)
        assert told.explanation.match_probability == pytest.approx(batch[left, right]["match_probability"], abs=1e-9)
        assert told.rules


def test_a_pair_that_no_rule_finds_is_explained_too(con: duckdb.DuckDBPyConnection) -> None:
    records = cleaned(
        {"first_name": "ann", "last_name": "lee", "birth_date": "1980-03-04"},
        {"first_name": "bob", "last_name": "kim", "birth_date": "1951-07-09"},
    )
    model = default_model()
    told = explained(con, registered(model), term_frequencies(con, records, model), records, 1, 2)
    assert (told.rules, told.other_rules) == ([], len(model.blocking_rules))
    assert told.verdict == "below the thresholds"
    assert "given name different" in told.explanation.sentence


def test_a_rule_counts_whichever_side_a_record_stands_on(con: duckdb.DuckDBPyConnection) -> None:
    model = validated_model(
        "m", settings(blocking_rules_to_generate_predictions=["l.first_name = r.last_name"]), 0.5, 0.9
    )
    records = cleaned({"first_name": "ann", "last_name": "lee"}, {"first_name": "bob", "last_name": "ann"})
    assert rules_that_find(con, records, model, 1, 2) == [("l.first_name = r.last_name", True)]
    assert rules_that_find(con, records, model, 2, 1) == [("l.first_name = r.last_name", True)]


def test_no_pairs_asked_for_is_no_failure(con: duckdb.DuckDBPyConnection) -> None:
    records = people(3)
    model = default_model()
    none = pa.table({"record_id_l": pa.array([], pa.int64()), "record_id_r": pa.array([], pa.int64())})
    assert predict_pairs(con, model, term_frequencies(con, records, model), records, none).num_rows == 0


@pytest.mark.parametrize(
    ("level", "label"),
    [
        ({"sql_condition": "ELSE"}, "different"),
        ({"sql_condition": "else", "label_for_charts": "ELSE"}, "different"),
        ({"sql_condition": "ELSE", "label_for_charts": "All other comparisons"}, "All other comparisons"),
        ({"sql_condition": "a_l = a_r"}, "a_l = a_r"),
        ({"sql_condition": "a_l = a_r", "label_for_charts": "same"}, "same"),
    ],
)
def test_a_level_is_called_what_people_understand(level: dict[str, str], label: str) -> None:
    assert level_label(level) == label


def test_a_waterfall_ends_at_the_match_weight() -> None:
    model = validated_model("m", settings(), 0.5, 0.9)
    told = explain(model, [1, 0], [9.0, -4.0])
    assert sum(bits for _, bits in steps_of(told)) == pytest.approx(told.match_weight)
    drawn = waterfall_svg(told, {"auto": 0.99}, "a <b> & c")
    assert drawn.startswith("<svg")
    assert "a &lt;b&gt; &amp; c" in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    lines = waterfall_text(told)
    assert lines[0].startswith("  -10.0")
    assert lines[0].endswith("before anything is compared")
    assert lines[-1].endswith("match weight")
    # The prior, two comparisons, and the sum: -10 + 9 - 4.
    assert [line.split()[0] for line in lines] == ["-10.0", "+9.0", "-4.0", "-5.0"]
