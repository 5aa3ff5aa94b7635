"""The edge cases of the YAML tables, cleaned in one call: that also shows that records do not influence each other."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from empi_pipeline.cleaning import SourceCleaning, clean
from empi_pipeline.cleaning.batch import Cleaning
from empi_pipeline.schema import CLEANED_COLUMNS, PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch

TODAY = date(2025, 11, 20)
CASES = Path(__file__).parent / "cases"
COLUMNS = {
    "first_name": ("first_name", "middle_name", "name_suffix"),
    "last_name": ("last_name", "name_suffix"),
    "birth_date": ("birth_date",),
    "social_security_number": ("social_security_number",),
    "phone": ("phone", "phone_extension"),
    "address": ("address", "address_unit"),
    "sex": ("sex",),
    "race": ("race",),
    "state": ("state",),
    "city": ("city",),
    "county": ("county",),
    "zip_code": ("zip_code",),
    "email": ("email",),
}
"""Table to the columns its expected values are for; those left out of a case are expected to be NULL."""


def _cases() -> Iterator[tuple[str, str, dict[str, str], dict[str, str | None]]]:
    """(id, data source, given, expected) of every case."""
    for table, columns in COLUMNS.items():
        for given, expected in yaml.safe_load((CASES / f"{table}.yaml").read_text(encoding="utf-8")).items():
            values = expected if isinstance(expected, list) else [expected]
            yield (
                f"{table}:{given}",
                "hospital",
                {table: given},
                dict(zip(columns, [*values, *[None] * len(columns)], strict=False)),
            )
    for case in yaml.safe_load((CASES / "records.yaml").read_text(encoding="utf-8")):
        yield f"record:{case['why']}", "hospital", case["given"], case["cleaned"]
    for form, given, expected in yaml.safe_load((CASES / "date_formats.yaml").read_text(encoding="utf-8")):
        yield f"{form}:{given}", form, {"birth_date": given}, {"birth_date": expected}


ALL_CASES = list(_cases())


@pytest.fixture(scope="module")
def cleaning() -> Cleaning:
    rows = []
    for record_id, (_, source, given, _) in enumerate(ALL_CASES):
        extra = {key: value for key, value in given.items() if key not in PERSON_RECORD_COLUMNS}
        row = {column: given.get(column) for column in PERSON_RECORD_COLUMNS} | {
            "record_id": record_id,
            "extra": json.dumps(extra) if extra else None,
        }
        rows.append(row | {"data_source": source, "source_person_id": str(record_id)})
    sources = {form: SourceCleaning(date_format=form) for _, form, _, _ in ALL_CASES if form.startswith("%")}
    with open_scratch() as con:
        return clean(con, pa.Table.from_pylist(rows), sources, TODAY)


@pytest.fixture(scope="module")
def cleaned(cleaning: Cleaning) -> list[dict[str, Any]]:
    assert cleaning.table.column_names == ["record_id", *CLEANED_COLUMNS]
    return cleaning.table.sort_by("record_id").to_pylist()


@pytest.mark.parametrize("number", range(len(ALL_CASES)), ids=[case[0] for case in ALL_CASES])
def test_the_value_is_cleaned_as_the_table_says(cleaned: list[dict[str, Any]], number: int) -> None:
    expected = ALL_CASES[number][3]
    assert {column: cleaned[number][column] for column in expected} == expected


def test_every_rule_is_shown_by_a_case(cleaning: Cleaning) -> None:
    assert [rule for rule, count in cleaning.rule_counts.items() if not count.changed] == []


def test_the_tables_hold_enough_cases_and_only_grow() -> None:
    assert len(ALL_CASES) >= 600
