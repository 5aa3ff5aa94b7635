"""What `clean` promises about whole tables: determinism, independence of batches, pass-through, odd inputs, counts."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from empi_pipeline.cleaning import CODE_VERSION, SourceCleaning, clean, infer_date_formats
from empi_pipeline.cleaning.document import stage_table
from empi_pipeline.cleaning.formats import declared_order
from empi_pipeline.cleaning.rulebook import sections
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.schema import CLEANED_COLUMNS, PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch

TODAY = date(2025, 11, 20)
TEXT = pa.schema([("record_id", pa.int64()), *((column, pa.string()) for column in PERSON_RECORD_COLUMNS)])


def _records(*rows: dict[str, Any]) -> pa.Table:
    numbered = (
        {"record_id": number, "data_source": "a", "source_person_id": str(number)} | row
        for number, row in enumerate(rows, 1)
    )
    return pa.Table.from_pylist([dict.fromkeys(TEXT.names) | row for row in numbered], TEXT)


def _clean(con: duckdb.DuckDBPyConnection, table: pa.Table, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    return clean(con, table, kwargs.pop("sources", {}), TODAY, *args, **kwargs).table.sort_by("record_id").to_pylist()


@pytest.fixture(scope="module")
def con() -> Any:
    with open_scratch() as connection:
        yield connection


ROWS = [
    {"first_name": "JOHN Q", "last_name": "riverajr", "birth_date": "03/04/1990", "phone": "(246) 958-8189 x2"},
    {
        "first_name": "John",
        "last_name": "Doe",
        "social_security_number": "078-05-1120",
        "state": "MA",
        "zip_code": "2138",
    },
    {
        "first_name": "john q",
        "last_name": "Rivera",
        "address": "12 N Main Street Apt 5",
        "city": "St. Louis",
        "sex": "Male",
    },
    {"data_source": "b", "last_name": "Smith, Ann", "birth_date": "25/12/1990", "county": "Cook County"},
    {},
]


def test_a_record_is_cleaned_the_same_alone_and_in_any_batch(con: duckdb.DuckDBPyConnection) -> None:
    whole = _records(*ROWS)
    together = _clean(con, whole)
    assert _clean(con, whole.take([4, 2, 0, 3, 1])) == together
    assert [row for number in range(len(ROWS)) for row in _clean(con, whole.slice(number, 1))] == together


def test_cleaning_what_is_clean_changes_nothing_more(con: duckdb.DuckDBPyConnection) -> None:
    once = clean(con, _records(*ROWS), {}, TODAY).table
    again = clean(con, once.select(TEXT.names), {}, TODAY).table
    kept = ["record_id", *PERSON_RECORD_COLUMNS]
    assert again.select(kept).sort_by("record_id").to_pylist() == once.select(kept).sort_by("record_id").to_pylist()


def test_a_table_without_rows_gives_one_without_rows(con: duckdb.DuckDBPyConnection) -> None:
    cleaning = clean(con, TEXT.empty_table(), {}, TODAY)
    assert cleaning.table.num_rows == 0
    assert cleaning.table.column_names == ["record_id", *CLEANED_COLUMNS]
    assert {(count.changed, count.emptied) for count in cleaning.rule_counts.values()} == {(0, 0)}


def test_columns_that_are_all_empty_absent_or_of_another_type_are_taken_as_text(con: duckdb.DuckDBPyConnection) -> None:
    table = pa.table(
        {
            "record_id": pa.array([7], pa.int32()),
            "data_source": pa.array(["a"]).dictionary_encode(),
            "source_person_id": pa.array(["1"], pa.large_string()),
            "first_name": pa.nulls(1),
            "zip_code": pa.array([12345]),
            "birth_date": pa.array([date(1993, 4, 13)]),
        }
    )
    cleaned = clean(con, table, {}, TODAY).table
    assert cleaned.schema.types == [pa.int64(), *[pa.string()] * len(CLEANED_COLUMNS)]
    (row,) = cleaned.to_pylist()
    assert {column: value for column, value in row.items() if value is not None} == {
        "record_id": 7,
        "data_source": "a",
        "source_person_id": "1",
        "birth_date": "1993-04-13",
        "zip_code": "12345",
    }


def test_pass_through_takes_the_delivered_values_unchanged(con: duckdb.DuckDBPyConnection) -> None:
    row = {
        "first_name": " JOHN ",
        "last_name": "Smith, Jr.",
        "birth_date": "19930453",
        "sex": "q",
        "address": "12 Main Street Apt 5",
    }
    table = _records(row, row | {"data_source": "b"})
    passed, cleaned = _clean(con, table, sources={"a": SourceCleaning(pass_through=True)})
    assert {column: passed[column] for column in row} == row
    assert passed["address_unit"] is passed["name_suffix"] is None
    assert (cleaned["first_name"], cleaned["address_unit"]) == ("john", "5")


def test_pass_through_takes_the_words_of_the_reference_system_for_missing_and_standard_cleaning_does_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    row = {"first_name": "Nan", "last_name": "NULL", "city": "Nancy"}
    passed, cleaned = _clean(
        con, _records(row, row | {"data_source": "b"}), sources={"a": SourceCleaning(pass_through=True)}
    )
    assert (passed["first_name"], passed["last_name"], passed["city"]) == (None, None, "Nancy")
    assert (cleaned["first_name"], cleaned["last_name"]) == ("nan", "null")


def test_pass_through_leaves_a_whole_name_where_it_is(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = _clean(con, _records({"last_name": "Smith, John"}), sources={"a": SourceCleaning(pass_through=True)})
    assert (row["first_name"], row["last_name"]) == (None, "Smith, John")


def test_the_order_of_dates_is_learnt_per_source_and_column_from_values_that_leave_no_doubt(
    con: duckdb.DuckDBPyConnection,
) -> None:
    table = _records(
        {"birth_date": "25/12/1990", "death_date": "12/25/2010"},
        {"birth_date": "03/04/1990"},
        {"data_source": "us", "birth_date": "12/25/1990"},
        {"data_source": "iso", "birth_date": "1990-12-25"},
    )
    learnt = infer_date_formats(con, table)
    assert learnt == {
        ("a", "birth_date"): "dmy",
        ("a", "death_date"): "mdy",
        ("us", "birth_date"): "mdy",
        ("us", "death_date"): None,
        ("iso", "birth_date"): None,
        ("iso", "death_date"): None,
    }
    assert [row["birth_date"] for row in _clean(con, table, learnt)] == [
        "1990-12-25",
        "1990-04-03",
        "1990-12-25",
        "1990-12-25",
    ]


def test_contradicting_dates_decide_nothing_but_a_rare_typing_error_does_not_hinder(
    con: duckdb.DuckDBPyConnection,
) -> None:
    day_first, month_first = {"birth_date": "25/12/1990"}, {"birth_date": "12/25/1990"}
    assert infer_date_formats(con, _records(day_first, month_first))[("a", "birth_date")] is None
    assert infer_date_formats(con, _records(*[day_first] * 21, month_first))[("a", "birth_date")] == "dmy"


def test_a_declared_format_goes_before_a_learnt_order(con: duckdb.DuckDBPyConnection) -> None:
    table = _records({"birth_date": "03/04/1990"})
    (row,) = _clean(con, table, {("a", "birth_date"): "mdy"}, sources={"a": SourceCleaning(date_format="%d/%m/%Y")})
    assert row["birth_date"] == "1990-04-03"


@pytest.mark.parametrize("wrong", ["", "dd/mm/yyyy", "%d/%m", "%d/%d/%Y", "%j %Y", "%m/%Y/%d"])
def test_a_date_format_that_names_no_whole_date_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="date_format"):
        SourceCleaning(date_format=wrong)


def test_the_order_of_a_declared_format_is_read_from_its_directives() -> None:
    assert [declared_order(form) for form in ("%m/%d/%Y", "%d%m%Y", "%Y%m%d", "%d-%b-%y", "%Y-%m-%dT%H:%M:%S%z")] == [
        "mdy",
        "dmy8",
        "ymd8",
        "dmy",
        "ymd",
    ]


def test_rule_counts_say_in_how_many_records_a_rule_changed_something(con: duckdb.DuckDBPyConnection) -> None:
    counts = clean(con, _records(*ROWS, ROWS[0]), {}, TODAY).rule_counts
    expected = {
        "last_name.glued_suffix": 2,  # The same record twice: counted per record, though cleaned once.
        "first_name.middle_initial": 3,
        "ssn.placeholder": 1,
        "phone.extension_apart": 2,
        "address.unit_apart": 1,
        "zip_code.lost_zero": 1,
        "record.placeholder_person": 1,
        "record.whole_name_in_last_name": 1,
        "birth_date.year_last": 3,
        "death_date.iso": 0,
        "email.placeholder": 0,
    }
    assert {rule: counts[rule].changed for rule in expected} == expected


def test_a_value_is_counted_under_the_rule_that_says_why_it_went(con: duckdb.DuckDBPyConnection) -> None:
    table = _records(
        {"social_security_number": "912-70-1234", "birth_date": "unknown"},
        {"social_security_number": "912-10-1234", "birth_date": "not a date"},
        {"social_security_number": "none", "phone": "none"},
    )
    counts = clean(con, table, {}, TODAY).rule_counts
    went = {rule: (count.before, count.changed, count.emptied) for rule, count in counts.items() if count.changed}
    assert went == {
        "ssn.missing_word": (3, 1, 1),
        "ssn.separators": (2, 2, 0),
        "ssn.itin": (2, 1, 1),
        "ssn.never_issued": (1, 1, 1),
        "phone.missing_word": (1, 1, 1),
        "birth_date.missing_word": (2, 1, 1),
        "birth_date.unreadable": (1, 1, 1),
    }


def test_what_leaves_the_last_rule_of_a_column_is_what_the_column_holds(con: duckdb.DuckDBPyConnection) -> None:
    cleaning = clean(con, _records(*ROWS, {"first_name": "Twin A", "phone": "n/a"}), {}, TODAY)
    held = {name: len(ROWS) + 1 - cleaning.table[name].null_count for name in cleaning.table.column_names}
    left: dict[str, int] = {}
    for rule, count in cleaning.rule_counts.items():
        left[rule.split(".")[0]] = count.after
        assert count.before >= count.changed >= count.emptied >= 0
    # Names, and the rest of what rules over whole records touch, are not final yet.
    for group in ("sex", "race", "birth_date", "address", "city", "state", "zip_code", "county", "phone", "email"):
        assert left[group] == held[group], group
    assert left["ssn"] == held["social_security_number"]


def test_every_rule_is_counted_under_a_name_of_its_own(con: duckdb.DuckDBPyConnection) -> None:
    names = [f"{section}.{stage.name}" for section, stages in sections() for stage in stages if stage.counted]
    assert len(names) == len(set(names))
    assert sorted(clean(con, _records(*ROWS), {}, TODAY).rule_counts) == sorted(names)


def test_nothing_is_left_behind_in_the_connection_even_after_an_error(con: duckdb.DuckDBPyConnection) -> None:
    before = con.execute(
        "select table_name from duckdb_tables() union all select view_name from duckdb_views() where not internal"
    ).fetchall()
    clean(con, _records(*ROWS), {}, TODAY)
    with pytest.raises(duckdb.Error):
        clean(con, pa.table({"first_name": ["x"]}), {}, TODAY)
    after = con.execute(
        "select table_name from duckdb_tables() union all select view_name from duckdb_views() where not internal"
    ).fetchall()
    assert after == before


def test_broken_json_in_extra_does_not_hinder(con: duckdb.DuckDBPyConnection) -> None:
    table = _records({"first_name": "Ann"}, {"first_name": "Bea"})
    table = table.append_column("extra", pa.array(["{broken", '{"middle_name": "Lee", "shoe_size": 38}']))
    assert [row["middle_name"] for row in _clean(con, table)] == [None, "lee"]


def test_the_code_version_is_a_short_hash() -> None:
    assert len(CODE_VERSION) == 12
    assert int(CODE_VERSION, 16) >= 0


def test_the_documentation_lists_the_rules_as_they_are() -> None:
    document = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text(encoding="utf-8")
    assert stage_table() in document, "run: python -m empi_pipeline.cleaning.document docs/cleaning.md"


def test_no_value_however_odd_makes_cleaning_fail(con: duckdb.DuckDBPyConnection) -> None:
    odd = [
        "'",
        '"',
        "\\",
        "%",
        "(",
        "[a-z]+",
        "\u0000x",
        "٣/٤/١٩٩٠",
        "1/1/1",
        "0/0/00",
        "99/99/9999",
        "🙂",
        "a" * 100_000,
        ",",
        "a,",
        ",a",
        "-1",
    ]
    table = _records(*[dict.fromkeys(TEXT.names[3:], value) for value in odd])
    assert clean(con, table, {}, TODAY).table.num_rows == len(odd)
