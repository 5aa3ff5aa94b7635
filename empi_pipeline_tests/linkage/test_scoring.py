import copy
import hashlib
import random
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from empi_pipeline.errors import EmpiError
from empi_pipeline.linkage import (
    MatchModel,
    blocking_counts,
    blocking_keys,
    blocking_lookups,
    default_model,
    explain,
    predict,
    predict_all,
    term_frequencies,
    validated_model,
)
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, comparison, settings

Pairs = dict[tuple[int, int], tuple[float, list[int]]]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def people(number: int, seed: int = 1) -> pa.Table:
    """Records of few names, so that many pairs share a block, with gaps and small differences."""
    rng = random.Random(seed)
    rows = []
    for record_id in range(1, number + 1):
        first = rng.choice(["ann", "anne", "bob", "robert", "maria", None])
        last = rng.choice(["smith", "smyth", "jones", "ann", None])
        rows.append(
            {
                "record_id": record_id * 7,
                "first_name": first,
                "last_name": last,
                "sex": rng.choice(["f", "m", None]),
                "birth_date": rng.choice(["1980-03-04", "1980-04-03", "1981-03-04", "1975-12-01", "1975", None]),
                "social_security_number": rng.choice(["123121234", "123121243", "456121234", None, None]),
                "address": rng.choice(["12 oak st", "12 oak street", "7 elm st", None]),
                "zip_code": rng.choice(["43001", "43010", None]),
                "phone": rng.choice(["6145550001", "6145550002", None]),
                "middle_name": rng.choice(["lee", "l", "kim", None]),
            }
        )
    return cleaned(*rows)


def pairs_of(predictions: pa.Table) -> Pairs:
    found = {}
    for row in predictions.to_pylist():
        assert row["record_id_l"] < row["record_id_r"]
        assert (row["record_id_l"], row["record_id_r"]) not in found
        found[row["record_id_l"], row["record_id_r"]] = (row["match_weight"], row["levels"])
    return found


def one_sided() -> MatchModel:
    """A model whose conditions and rules care which record stands left."""
    first = comparison("first_name")
    first["comparison_levels"].insert(
        2,
        {"sql_condition": "starts_with(first_name_l, first_name_r)", "m_probability": 0.05, "u_probability": 0.01},
    )
    rules = ["l.first_name = r.last_name", "l.last_name = r.last_name and l.birth_date < r.birth_date"]
    return validated_model(
        "one-sided",
        settings(comparisons=[first, comparison("zip_code")], blocking_rules_to_generate_predictions=rules),
        0.0,
        0.9,
    )


def wide(model: MatchModel) -> MatchModel:
    """The same model, keeping every pair."""
    return validated_model(model.name, model.settings, 0.0, model.auto_threshold)


@pytest.mark.parametrize("model", [default_model(), one_sided()], ids=["default", "one-sided"])
def test_the_same_pair_scores_alike_in_any_split_and_order(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    model = wide(model)
    records = people(60)
    frequencies = term_frequencies(con, records, model)
    together = pairs_of(predict(con, model, frequencies, records, records.slice(0, 0)))
    assert len(together) > 100

    for seed in range(3):
        order = list(range(60))
        random.Random(seed).shuffle(order)
        in_batches: Pairs = {}
        known = records.slice(0, 0)
        for batch in (order[:20], order[20:21], order[21:]):
            new = records.take(pa.array(batch))
            in_batches |= pairs_of(predict(con, model, frequencies, new, known))
            known = pa.concat_tables([known, new])
        assert in_batches.keys() == together.keys()
        for pair, (weight, levels) in in_batches.items():
            assert weight == pytest.approx(together[pair][0], abs=1e-9)
            assert levels == together[pair][1]


def test_new_record_ids_need_not_follow_those_of_the_index(con: duckdb.DuckDBPyConnection) -> None:
    records = cleaned(
        {"record_id": 1, "first_name": "ann", "last_name": "lee"},
        {"record_id": 9, "first_name": "ann", "last_name": "lee"},
    )
    model = validated_model("m", settings(), 0.0, 0.9)
    frequencies = term_frequencies(con, records, model)
    scored = predict(con, model, frequencies, records.slice(0, 1), records.slice(1, 1))
    assert scored.select(["record_id_l", "record_id_r"]).to_pylist() == [{"record_id_l": 1, "record_id_r": 9}]


def test_a_record_delivered_again_is_not_scored_against_itself(con: duckdb.DuckDBPyConnection) -> None:
    records = cleaned({"first_name": "ann", "last_name": "lee"}, {"first_name": "ann", "last_name": "lee"})
    model = validated_model("m", settings(), 0.0, 0.9)
    frequencies = term_frequencies(con, records, model)
    assert pairs_of(predict(con, model, frequencies, records, records)).keys() == {(1, 2)}


def test_scoring_everything_part_by_part_gives_each_pair_once(con: duckdb.DuckDBPyConnection) -> None:
    model, records = wide(default_model()), people(60)
    frequencies = term_frequencies(con, records, model)
    once = pairs_of(predict(con, model, frequencies, records, records.slice(0, 0)))
    assert pairs_of(predict_all(con, model, frequencies, records)) == once
    assert pairs_of(predict_all(con, model, frequencies, records, chunks=3)) == once
    parts = [pairs_of(predict_all(con, model, frequencies, records, part=(number, 3))) for number in (1, 2, 3)]
    assert sum(map(len, parts)) == len(once), "each pair is in one part"
    assert {pair: weight for part in parts for pair, weight in part.items()} == once


def test_weights_add_up_to_the_match_weight_and_the_threshold_is_strict(con: duckdb.DuckDBPyConnection) -> None:
    records = cleaned({"first_name": "ann", "last_name": "lee"}, {"first_name": "ann", "last_name": "lee"})
    model = validated_model("m", settings(comparisons=[comparison("first_name")]), 0.0, 0.9)
    empty = term_frequencies(con, records, model)
    (row,) = predict(con, model, empty, records, records.slice(0, 0)).to_pylist()
    # Prior 0.001 is -9.9644 bits; an equal first name is worth log2(512) = 9.
    assert row["match_weight"] == pytest.approx(-9.964340867792417 + 9)
    assert row["levels"] == [1]
    assert row["weights"] == pytest.approx([9.0])
    at_threshold = validated_model("m", model.settings, row["match_probability"], 1.0)
    below = validated_model("m", model.settings, row["match_probability"] - 1e-9, 1.0)
    assert predict(con, at_threshold, empty, records, records.slice(0, 0)).num_rows == 0
    assert predict(con, below, empty, records, records.slice(0, 0)).num_rows == 1


def test_term_frequencies_are_the_frozen_ones_also_for_values_never_seen(con: duckdb.DuckDBPyConnection) -> None:
    seen = cleaned(*[{"last_name": name} for name in ["lee"] * 999 + ["rare"]])
    model = validated_model(
        "m", settings(comparisons=[comparison("last_name", tf_adjustment_column="last_name")]), 0.0, 1.0
    )
    frequencies = term_frequencies(con, seen, model)
    rows = [
        {"record_id": 1, "last_name": "lee"},
        {"record_id": 2, "last_name": "lee"},
        {"record_id": 3, "last_name": "rare"},
        {"record_id": 4, "last_name": "rare"},
        {"record_id": 5, "last_name": "unseen"},
        {"record_id": 6, "last_name": "unseen"},
    ]
    scored = pairs_of(predict(con, model, frequencies, cleaned(*rows), cleaned()))
    average = 0.9 / 512
    bits = {pair: weight + 9.964340867792417 for pair, (weight, _) in scored.items()}
    assert bits[1, 2] == pytest.approx(9 + _log2(average / 0.999))
    assert bits[3, 4] == pytest.approx(9 + _log2(average / 0.001))
    assert bits[5, 6] == bits[3, 4]  # As rare as the rarest seen.


def test_a_tiny_first_batch_teaches_the_default_model_next_to_nothing(con: duckdb.DuckDBPyConnection) -> None:
    model = default_model()
    frequencies = term_frequencies(con, cleaned({"last_name": "lee"}, {"last_name": "lee"}), model)
    rows = {row["column_name"]: row["frequency"] for row in frequencies.to_pylist()}
    surname = next(c for c in model.comparisons if c["output_column_name"] == "surname")["comparison_levels"][1]
    assert rows["last_name"] == pytest.approx((2 + 1000 * surname["u_probability"]) / 1002)
    assert rows["family"] == 1.0  # Relatives must be reckoned with until the data show there are none.


def test_a_column_without_values_and_tables_without_rows_are_scored(con: duckdb.DuckDBPyConnection) -> None:
    model = default_model()
    bare = pa.table({"record_id": pa.array([1, 2], pa.int64()), "first_name": pa.nulls(2), "last_name": ["lee", "lee"]})
    frequencies = term_frequencies(con, bare, model)
    assert predict(con, model, frequencies, bare, bare.slice(0, 0)).num_rows == 0
    assert predict(con, model, frequencies, bare.slice(0, 0), bare).num_rows == 0
    assert predict_all(con, model, frequencies, bare.slice(0, 0)).num_rows == 0
    assert blocking_keys(con, bare.slice(0, 0), model).num_rows == 0


def test_a_failure_of_the_engine_tells_no_values(con: duckdb.DuckDBPyConnection) -> None:
    first = comparison("first_name")
    first["comparison_levels"][1]["sql_condition"] = "cast(first_name_l as int) = cast(first_name_r as int)"
    model = validated_model("m", settings(comparisons=[first]), 0.0, 1.0)
    records = cleaned({"first_name": "canary", "last_name": "lee"}, {"first_name": "canary", "last_name": "lee"})
    with pytest.raises(EmpiError) as failed:
        predict(con, model, term_frequencies(con, records, model), records, records.slice(0, 0))
    assert "canary" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_nothing_is_left_in_the_connection(con: duckdb.DuckDBPyConnection) -> None:
    model, records = default_model(), people(20)
    predict(con, model, term_frequencies(con, records, model), records.slice(0, 10), records.slice(10))
    blocking_keys(con, records, model)
    assert con.execute("select table_name from information_schema.tables").fetchall() == []


@pytest.mark.parametrize("model", [default_model(), one_sided()], ids=["default", "one-sided"])
def test_looking_up_keys_finds_every_pair_that_scoring_finds(con: duckdb.DuckDBPyConnection, model: MatchModel) -> None:
    records = people(60)
    keys = {row["record_id"]: row for row in blocking_keys(con, records, model).to_pylist()}
    frequencies = term_frequencies(con, records, model)
    scored = pairs_of(predict(con, wide(model), frequencies, records, records.slice(0, 0)))
    assert scored
    for one, other in scored:
        for new, old in ((keys[one], keys[other]), (keys[other], keys[one])):
            assert any(new[n] is not None and new[n] == old[o] for n, o in blocking_lookups(model))


def test_a_one_sided_rule_gives_two_lookups_and_a_symmetric_one_one(con: duckdb.DuckDBPyConnection) -> None:
    def lookups(rule: str) -> list[tuple[str, str]]:
        return blocking_lookups(validated_model("m", settings(blocking_rules_to_generate_predictions=[rule]), 0.5, 0.9))

    assert lookups("l.first_name = r.last_name") == [("k1", "k2"), ("k2", "k1")]
    assert lookups("l.first_name = r.first_name and r.city = l.city") == [("k1", "k1")]
    assert lookups("l.first_name = r.last_name and l.last_name = r.first_name") == [("k1", "k2")]


def test_a_one_sided_rule_finds_a_pair_whichever_record_comes_first(con: duckdb.DuckDBPyConnection) -> None:
    model = validated_model(
        "m", settings(blocking_rules_to_generate_predictions=["l.first_name = r.last_name"]), 0.0, 0.9
    )
    names = ["ann", "bea", "cal", "dot", "eve", "fay", "guy", "hal"]
    rows = [{"first_name": name, "last_name": f"{name}son"} for name in names]
    rows += [{"first_name": f"{name}ie", "last_name": name} for name in names]
    records = cleaned(*rows)
    frequencies = term_frequencies(con, records, model)
    found = {(place, place + len(names)) for place in range(1, len(names) + 1)}
    assert pairs_of(predict(con, model, frequencies, records, records.slice(0, 0))).keys() == found
    one, other = records.slice(0, len(names)), records.slice(len(names))
    assert pairs_of(predict(con, model, frequencies, one, other)).keys() == found
    assert pairs_of(predict(con, model, frequencies, other, one)).keys() == found
    turned = records.set_column(0, "record_id", pa.array(range(2 * len(names), 0, -1), pa.int64()))
    assert len(pairs_of(predict(con, model, frequencies, turned, records.slice(0, 0)))) == len(names)


def test_keys_are_the_same_for_ever(con: duckdb.DuckDBPyConnection) -> None:
    """They are stored: another value after an upgrade would silently lose candidates."""
    model = validated_model(
        "m", settings(blocking_rules_to_generate_predictions=["l.city = r.city and l.state = r.state"]), 0.5, 0.9
    )
    rows = blocking_keys(con, cleaned({"city": "ab", "state": "c"}, {"city": "a", "state": "bc"}, {"city": "a"}), model)
    keys = [row["k1"] for row in sorted(rows.to_pylist(), key=lambda row: row["record_id"])]
    assert keys == [md5_key("ab", "c"), md5_key("a", "bc"), None]


def test_block_counts_show_how_many_pairs_a_rule_makes(con: duckdb.DuckDBPyConnection) -> None:
    model = validated_model("m", settings(), 0.5, 0.9)
    records = cleaned(*[{"last_name": name} for name in ["lee", "lee", "lee", "kim", "kim", "poe", None]])
    (row,) = blocking_counts(con, records, model).to_pylist()
    assert (row["pairs"], row["largest_block"]) == (4, 3)


def test_an_explanation_names_comparisons_and_bits(con: duckdb.DuckDBPyConnection) -> None:
    records = cleaned({"first_name": "ann", "last_name": "lee"}, {"first_name": "bob", "last_name": "lee"})
    model = validated_model("m", settings(), 0.0, 1.0)
    (row,) = predict(con, model, term_frequencies(con, records, model), records, records.slice(0, 0)).to_pylist()
    explained = explain(model, row["levels"], row["weights"])
    assert [(item.comparison, item.level) for item in explained.comparisons] == [
        ("first_name", "different"),
        ("last_name", "same"),
    ]
    assert explained.match_weight == pytest.approx(row["match_weight"], abs=1e-5)
    assert explained.match_probability == pytest.approx(row["match_probability"], abs=1e-5)
    assert "first name different (-4.0 bits)" in explained.sentence


def test_models_are_not_changed_by_scoring(con: duckdb.DuckDBPyConnection) -> None:
    model, records = default_model(), people(10)
    before = copy.deepcopy(model.settings)
    predict(con, model, term_frequencies(con, records, model), records, records.slice(0, 0))
    assert model.settings == before


def _log2(value: float) -> float:
    return float(pc.log2(value).as_py())


def md5_key(*parts: str) -> int:
    """The key spelled out: MD5 of the parts joined by a unit separator, its last 8 bytes, without the lowest bit."""
    digest = hashlib.md5("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[8:], "little") >> 1
