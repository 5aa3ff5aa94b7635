import math
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from empi_pipeline.linkage import default_model, explain, predict_pairs, term_frequencies, validated_model
from empi_pipeline.linkage import term_frequency as term_frequency_module
from empi_pipeline.linkage.term_frequency import SCHEMA, crowd_factor
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, settings


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def frozen(crowd: float) -> pa.Table:
    rows = {"column_name": ["crowd", "family"], "value": ["any", "any"], "frequency": [crowd, 1.0]}
    return pa.table(rows, schema=SCHEMA)


def weight(con: duckdb.DuckDBPyConnection, crowd: float, one: dict[str, Any], two: dict[str, Any]) -> float:
    pair = pa.table({"record_id_l": pa.array([1], pa.int64()), "record_id_r": pa.array([2], pa.int64())})
    (scored,) = predict_pairs(con, default_model(), frozen(crowd), cleaned(one, two), pair).to_pylist()
    return float(scored["match_weight"])


PERSON = {
    "first_name": "anna",
    "last_name": "miller",
    "birth_date": "1980-03-04",
    "zip_code": "43001",
    "city": "dayton",
}


@pytest.mark.parametrize(
    ("one", "two", "lost"),
    [
        pytest.param({}, {}, 4.0, id="nothing but names, dates and towns"),
        pytest.param({"phone": "6145550001"}, {"phone": "6145550001"}, 0.0, id="one phone"),
        # Numbers of one town are near to one another by chance.
        pytest.param({"phone": "6145550001"}, {"phone": "6145550002"}, 4.0, id="phones that are near"),
        pytest.param({"email": "a@b.example"}, {"email": "a@b.example"}, 0.0, id="one mailbox"),
        pytest.param(
            {"social_security_number": "212345678"}, {"social_security_number": "212345678"}, 0.0, id="one SSN"
        ),
        pytest.param(
            {"social_security_number": "212345678"}, {"social_security_number": "212345687"}, 0.0, id="a typo"
        ),
        pytest.param({"social_security_number": "5678"}, {"social_security_number": "212345678"}, 4.0, id="last four"),
        pytest.param({"address": "12 oak st"}, {"address": "12 oak st"}, 0.0, id="one home"),
        pytest.param({"address": "12 oak st"}, {"address": "12"}, 0.0, id="one house number and zip code"),
        pytest.param({"address": "12 oak st"}, {"address": "7 elm dr"}, 4.0, id="another home in the same place"),
    ],
)
def test_only_what_strangers_share_by_chance_weighs_less_in_a_crowd(
    con: duckdb.DuckDBPyConnection, one: dict[str, Any], two: dict[str, Any], lost: float
) -> None:
    few, many = (weight(con, crowd, PERSON | one, PERSON | two) for crowd in (1.0, 16.0))
    assert few - many == pytest.approx(lost)


def test_the_crowd_is_counted_when_a_model_is_frozen(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = cleaned(*[{"last_name": f"name{number}"} for number in range(40)])
    assert crowd_factor(term_frequencies(con, records, default_model())) == 1.0
    monkeypatch.setattr(term_frequency_module, "CROWD_FROM", 10)
    assert crowd_factor(term_frequencies(con, records, default_model())) == 4.0
    other = validated_model("other", settings(), 0.5, 0.9)
    assert crowd_factor(term_frequencies(con, records, other)) == 1.0, "a model that does not ask learns nothing"


def test_the_explanation_says_what_the_crowd_costs(con: duckdb.DuckDBPyConnection) -> None:
    pair = pa.table({"record_id_l": pa.array([1], pa.int64()), "record_id_r": pa.array([2], pa.int64())})
    model = default_model()
    (scored,) = predict_pairs(con, model, frozen(20.0), cleaned(PERSON, PERSON), pair).to_pylist()
    told = explain(model, scored["levels"], scored["weights"])
    (crowd,) = (each for each in told.comparisons if each.comparison == "crowd")
    assert (crowd.level, crowd.bits) == ("nothing but names, dates and towns", pytest.approx(-math.log2(20), abs=1e-5))
