import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from empi_pipeline.cleaning import SourceCleaning, clean
from empi_pipeline.schema import FURTHER_CLEANED_COLUMNS
from empi_pipeline.scratch import open_scratch

TODAY = date(2026, 1, 1)


def further(*extras: dict[str, Any] | None, **sources: SourceCleaning) -> list[tuple[str | None, ...]]:
    rows = [
        {
            "record_id": number,
            "data_source": "lab",
            "source_person_id": str(number),
            "last_name": "Miller",
            "extra": None if extra is None else json.dumps(extra),
        }
        for number, extra in enumerate(extras)
    ]
    with open_scratch(threads=1) as con:
        table = clean(con, pa.Table.from_pylist(rows), sources, TODAY).table.sort_by("record_id")
        assert con.sql("show tables").fetchall() == []
    assert table["last_name"].to_pylist() == ["Miller" if sources else "miller"] * len(extras)
    return [tuple(row.values()) for row in table.select(list(FURTHER_CLEANED_COLUMNS)).to_pylist()]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param({"previous_last_name": "O'Brien"}, ("obrien", None, None), id="as a surname is cleaned"),
        # The order is the source's: the first one is looked up.
        pytest.param({"previous_last_name": "Wood; De La Cruz;"}, ("wood|de la cruz", None, None), id="several in one"),
        pytest.param(
            {"previous_last_name_2": "ASH", "previous_last_name": "Ash", "previous_last_name_3": "Birch Jr."},
            ("ash|birch", None, None),
            id="several columns, each name once",
        ),
        pytest.param({"previous_last_name": "Unknown"}, (None, None, None), id="a placeholder"),
        pytest.param(
            {"other_address": "12 North Oak Street Apt 5", "other_city": "Lima", "other_zip_code": "45801-1234"},
            (None, "12 n oak st, 45801", None),
            id="an address without its unit, with its zip code",
        ),
        pytest.param(
            {"other_address_3": "7 Elm Avenue", "other_city_3": "Ft. Worth"},
            (None, "7 elm ave, fort worth", None),
            id="an address with its city",
        ),
        pytest.param(
            {"other_address": "Homeless", "other_zip_code": "45801"}, (None, None, None), id="nobody's address"
        ),
        pytest.param(
            {"identifier_medicaid": "AB-12 34.5", "identifier_county_7": "0099"},
            (None, None, "county_7:0099|medicaid:ab12345"),
            id="numbers with their registers",
        ),
        pytest.param({"identifier_medicaid": "n/a"}, (None, None, None), id="no number"),
        pytest.param({"identifier_medicaid": "000000"}, (None, None, None), id="one digit repeated"),
        pytest.param({"identifier_medicaid": "12345678"}, (None, None, None), id="digits in a row"),
        pytest.param({"identifier_x": "A12"}, (None, None, None), id="too short"),
        pytest.param(
            {"Identifier": "12", "middle_name": "Lee", "identifier_": "99887"}, (None, None, None), id="others"
        ),
        pytest.param(None, (None, None, None), id="nothing"),
    ],
)
def test_further_values_are_cleaned_as_their_kind_is(
    extra: dict[str, Any] | None, expected: tuple[str | None, ...]
) -> None:
    assert further(extra) == [expected]
    # Among others as alone.
    filled = {"previous_last_name": "Stone", "identifier_x": "778899"}
    assert further(filled, extra, filled) == [("stone", None, "x:778899"), expected, ("stone", None, "x:778899")]


def test_further_values_of_a_source_to_be_passed_through_stay_as_delivered() -> None:
    extra = {"previous_last_name": "O'Brien", "identifier_x": "AB-1"}
    assert further(extra, lab=SourceCleaning(pass_through=True)) == [("O'Brien", None, "x:AB-1")]
