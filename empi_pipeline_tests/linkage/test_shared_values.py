import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from empi_pipeline.linkage import (
    block_sizes,
    blocking_keys,
    default_model,
    predict,
    refuse_huge_blocks,
    shared_values,
    term_frequencies,
    validated_model,
    without_shared_values,
)
from empi_pipeline.linkage import blocking as blocking_module
from empi_pipeline.linkage.blocking import HugeBlockError
from empi_pipeline.linkage.knowledge import KnowledgeCheck
from empi_pipeline.linkage.shared_values import MOST_HUMANS
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.linkage.records import cleaned, settings


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def strangers(number: int, **shared: str) -> list[dict[str, Any]]:
    """Clearly different humans with something in common."""
    rng = random.Random(17)
    return [
        {
            "first_name": "".join(rng.choices("abcdefghijklmnoprstuvwy", k=7)),
            "last_name": "".join(rng.choices("abcdefghijklmnoprstuvwy", k=9)),
            "birth_date": f"{rng.randint(1930, 2019)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            **shared,
        }
        for _ in range(number)
    ]


@pytest.mark.parametrize("column", sorted(MOST_HUMANS))
def test_a_value_is_shared_when_more_humans_have_it_than_ordinary_life_brings_together(
    con: duckdb.DuckDBPyConnection, column: str
) -> None:
    most = MOST_HUMANS[column]
    value = "123456780"
    told = f"{value}|43001" if column == "address" else value
    enough = cleaned(*strangers(most + 1, **{column: value, "zip_code": "43001"}))
    assert shared_values(con, enough).to_pylist() == [{"column_name": column, "value": told, "humans": most + 1}]
    assert shared_values(con, enough.slice(1)).num_rows == 0


def test_one_human_with_many_versions_is_one(con: duckdb.DuckDBPyConnection) -> None:
    rng = random.Random(4)
    rows = []
    for _ in range(300):
        first, last, born = "margaret", "henderson", "1957-03-14"
        if rng.random() < 0.3:
            at = rng.randrange(len(first))
            first = first[:at] + rng.choice("abcdefgh") + first[at + 1 :]
        if rng.random() < 0.2:
            last = rng.choice(["hendersen", "henderson smith", "kowalski"])
        if rng.random() < 0.3:
            born = rng.choice(["1957-03-41", "1957-03-15", "1975-03-14", "1957-04-13", "1957-08-14"])
        rows.append({"first_name": first, "last_name": last, "birth_date": born, "social_security_number": "123121234"})
    assert shared_values(con, cleaned(*rows)).num_rows == 0


def test_a_family_and_a_street_name_of_many_towns_are_not_shared_by_many(con: duckdb.DuckDBPyConnection) -> None:
    family = [
        {**each, "last_name": "kowalski", "birth_date": f"{1960 + 5 * place}-0{1 + place}-1{place}"}
        for place, each in enumerate(strangers(8, phone="2175551234", address="12 main st", zip_code="62701"))
    ]
    towns = [
        {**each, "zip_code": f"{43000 + place % 20}"} for place, each in enumerate(strangers(200, address="12 main st"))
    ]
    assert shared_values(con, cleaned(*family, *towns)).num_rows == 0


def test_records_without_name_or_birth_date_count_for_nobody(con: duckdb.DuckDBPyConnection) -> None:
    rows = [{**each, "birth_date": None} for each in strangers(50, phone="2175551234")]
    rows += [{**each, "last_name": None} for each in strangers(50, phone="2175551234")]
    assert shared_values(con, cleaned(*rows)).num_rows == 0


def test_the_order_of_records_has_no_influence(con: duckdb.DuckDBPyConnection) -> None:
    rows = strangers(60, phone="2175551234") + strangers(20, social_security_number="123121234")
    found = shared_values(con, cleaned(*rows)).to_pylist()
    assert [each["column_name"] for each in found] == ["phone", "social_security_number"]
    random.Random(1).shuffle(rows)
    assert shared_values(con, cleaned(*rows)).to_pylist() == found


def test_to_the_model_shared_values_are_missing_and_nothing_else(con: duckdb.DuckDBPyConnection) -> None:
    rows = strangers(40, phone="2175551234", address="1 shelter rd", zip_code="62701")
    frozen = term_frequencies(con, cleaned(*rows), default_model())
    seen = without_shared_values(
        cleaned(
            {"phone": "2175551234", "address": "1 shelter rd", "zip_code": "62701", "last_name": "smith"},
            {"phone": "2175550000", "address": "1 shelter rd", "zip_code": "99999"},
            {"address": "1 shelter rd"},
            {},
        ),
        frozen,
    )
    assert seen.select(["phone", "address", "zip_code", "last_name"]).to_pylist() == [
        {"phone": None, "address": None, "zip_code": "62701", "last_name": "smith"},
        {"phone": "2175550000", "address": "1 shelter rd", "zip_code": "99999", "last_name": None},
        {"phone": None, "address": "1 shelter rd", "zip_code": None, "last_name": None},
        {"phone": None, "address": None, "zip_code": None, "last_name": None},
    ]


def test_a_match_that_a_shared_number_alone_vouches_for_is_not_made(con: duckdb.DuckDBPyConnection) -> None:
    model = default_model()
    same = {"last_name": "garcia", "birth_date": "1980-02-03", "social_security_number": "123121234"}
    pair = cleaned({**same, "first_name": "maria"}, {**same, "first_name": "m", "birth_date": None})
    knows_nothing = term_frequencies(con, cleaned(*strangers(3)), model)
    none = pair.slice(0, 0)
    (before,) = predict(con, model, knows_nothing, pair, none)["match_probability"].to_pylist()
    assert before > model.auto_threshold
    knows = term_frequencies(con, cleaned(*strangers(5, social_security_number="123121234")), model)
    after = predict(con, model, knows, pair, none)["match_probability"].to_pylist()
    assert all(probability <= model.auto_threshold for probability in after)
    split = predict(con, model, knows, pair.slice(0, 1), pair.slice(1))["match_probability"].to_pylist()
    assert split == after, "against the index as within a batch"


def test_a_block_that_would_never_be_scored_is_refused(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = validated_model("m", settings(), 0.5, 0.9)
    keys = blocking_keys(con, cleaned(*[{"last_name": "smith"}] * 100, {"last_name": "jones"}, {}), model)
    (size,) = block_sizes(con, keys, model)
    assert (size.pairs, size.largest_block) == (4950, 100)
    refuse_huge_blocks([size])
    monkeypatch.setattr(blocking_module, "MOST_PAIRS", 4949)
    with pytest.raises(HugeBlockError, match="4,950 pairs of this batch, 100 records"):
        refuse_huge_blocks([size])


FITS = KnowledgeCheck(1, 30_000, 30_000, 0.02, 0.05, {})


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({}, []),
        ({"family_share": 0.2}, ["relatives are among the records now, and the guards go by the contrary"]),
        ({"frozen_family_share": 1.0}, ["relatives are not among the records now, and the guards go by the contrary"]),
        ({"frozen_records": 3_001}, []),
        ({"frozen_records": 3_000}, ["it learnt from 3,000 records, and the index has 30,000"]),
        ({"frozen_records": None}, []),
        ({"records": 199_999}, []),
        ({"records": 200_000}, ["it learnt from 30,000 records, and the index has 200,000"]),
        ({"records": 799_999, "frozen_records": 200_000}, []),
        (
            {"records": 800_000, "frozen_records": 200_000},
            ["it learnt from 200,000 records, and the index has 800,000"],
        ),
        ({"shared_values_unknown": {"phone": 2}}, ["2 value(s) of phone are shared by many, unknown to the model"]),
    ],
)
def test_what_is_frozen_is_told_to_be_outdated_when_it_is(changes: dict[str, Any], problems: list[str]) -> None:
    assert replace(FITS, **changes).outdated == problems
