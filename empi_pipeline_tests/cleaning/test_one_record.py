"""One record cleaned by itself, against the same record cleaned in a batch."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from test_cases import ALL_CASES, TODAY

from empi_pipeline.cleaning import SourceCleaning, clean
from empi_pipeline.cleaning.one_record import RecordCleaner
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch
from empi_pipeline.standing import SCRATCH

RECORDS: list[dict[str, Any]] = [
    {"data_source": source, "source_person_id": str(number), **{key: value for key, value in given.items() if value}}
    for number, (_, source, given, _) in enumerate(ALL_CASES)
] + [
    {
        "data_source": "other system",
        "first_name": "NA",
        "last_name": "O'Hara",
        "birth_date": "03/04/1990",
        "suffix": "x",
    },
    {"data_source": "taught", "birth_date": "03/04/1990", "death_date": "03/04/2020"},
    {
        "data_source": "other system",
        "previous_last_name": "O'Hara;Wood",
        "other_address_2": "1 Elm Street",
        "other_zip_code_2": "45801-1234",
        "identifier_x": "AB-1",
    },
    {
        "data_source": "nowhere",
        "previous_last_name_2": "Ash; ;Ash",
        "previous_last_name": "Wood Jr.",
        "other_address": "9 Oak Street",
        "other_address_3": "1 Elm Street Apt 4",
        "other_city_3": "Ft. Worth",
        "identifier_x": "778899",
        "identifier_a": "Z-1234",
        "identifier_": "98765",
    },
    {"data_source": "nowhere", "first_name": "", "last_name": "  ", "phone": "none"},
]
SOURCES = {form: SourceCleaning(date_format=form) for _, form, _, _ in ALL_CASES if form.startswith("%")} | {
    "other system": SourceCleaning(pass_through=True)
}
LEARNT = {("taught", "birth_date"): "dmy", ("taught", "death_date"): "mdy"}


@pytest.fixture(scope="module")
def cleaner() -> Iterator[RecordCleaner]:
    with open_scratch(**SCRATCH) as con:
        yield RecordCleaner(con, SOURCES, LEARNT)


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_a_record_is_cleaned_as_in_a_batch(cleaner: RecordCleaner, every: int) -> None:
    asked = {number: RECORDS[number] for number in [*range(0, len(RECORDS), every), *range(len(RECORDS))[-5:]]}
    rows = [
        {name: record.get(name) for name in PERSON_RECORD_COLUMNS}
        | {
            "record_id": number,
            "extra": json.dumps({key: record[key] for key in record if key not in PERSON_RECORD_COLUMNS}),
        }
        for number, record in asked.items()
    ]
    with open_scratch() as con:
        table = clean(con, pa.Table.from_pylist(rows), SOURCES, TODAY, LEARNT).table
    for row in table.to_pylist():
        record = asked[row.pop("record_id")]
        assert cleaner.clean(record, TODAY) == row, record


def test_the_day_is_that_of_each_call(cleaner: RecordCleaner) -> None:
    born = {"birth_date": "2025-11-20"}
    assert cleaner.clean(born, TODAY)["birth_date"] == "2025-11-20"
    assert cleaner.clean(born, TODAY.replace(day=19))["birth_date"] is None
    assert cleaner.clean(born, TODAY)["birth_date"] == "2025-11-20"
