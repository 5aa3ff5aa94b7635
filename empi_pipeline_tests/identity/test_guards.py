import datetime
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from empi_pipeline.identity import guards as guards_module
from empi_pipeline.identity.case_reasons import GUARD_REASONS
from empi_pipeline.identity.guards import CONFLICT_ATTRIBUTES, find_conflicts
from empi_pipeline.schema import CLEANED_COLUMNS
from empi_pipeline.scratch import open_scratch

CASES = yaml.safe_load((Path(__file__).parent / "guard_cases.yaml").read_text(encoding="utf-8"))
COLUMNS = {
    "first": "first_name",
    "middle": "middle_name",
    "last": "last_name",
    "suffix": "name_suffix",
    "sex": "sex",
    "born": "birth_date",
    "ssn": "social_security_number",
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(threads=1) as connection:
        yield connection


def attributes(*people: dict[str, Any]) -> pa.Table:
    rows = [{COLUMNS[key]: _text(value) for key, value in person.items()} for person in people]
    columns: dict[str, Any] = {"record_id": pa.array(range(1, len(rows) + 1), pa.int64())}
    columns |= {name: pa.array([row.get(name) for row in rows], pa.string()) for name in CONFLICT_ATTRIBUTES}
    return pa.table(columns)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def pairs(*ids: tuple[int, int]) -> pa.Table:
    left, right = zip(*ids, strict=True) if ids else ((), ())
    return pa.table({"record_id_l": pa.array(left, pa.int64()), "record_id_r": pa.array(right, pa.int64())})


def reason(con: duckdb.DuckDBPyConnection, people: pa.Table, ids: tuple[int, int], *, families: bool) -> str | None:
    found = find_conflicts(con, pairs(ids), people, families=families).to_pylist()
    assert [(row["record_id_l"], row["record_id_r"]) for row in found] in ([], [ids])
    return found[0]["reason"] if found else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_what_is_a_hard_conflict(con: duckdb.DuckDBPyConnection, case: dict[str, Any]) -> None:
    people = attributes(case["one"], case["two"])
    assert reason(con, people, (1, 2), families=True) == case["reason"]
    assert reason(con, people, (2, 1), families=True) == case["reason"]
    assert reason(con, people, (1, 2), families=False) == case.get("strangers", case["reason"])
    assert reason(con, people, (2, 1), families=False) == case.get("strangers", case["reason"])


def test_only_conflicting_pairs_come_back_and_nothing_is_left_behind(con: duckdb.DuckDBPyConnection) -> None:
    people = attributes(
        {"first": "anna", "last": "fox", "born": "2010-05-01"},
        {"first": "ann", "last": "fox", "born": "2010-05-01"},
        {"first": "emily", "last": "fox", "born": "2010-05-01"},
    )
    found = find_conflicts(con, pairs((1, 2), (1, 3), (2, 3)), people).to_pylist()
    assert sorted((row["record_id_l"], row["record_id_r"], row["reason"]) for row in found) == [
        (1, 3, "given_name"),
        (2, 3, "given_name"),
    ]
    assert con.execute("select table_name from information_schema.tables").fetchall() == []


@pytest.mark.parametrize("families", [True, False])
def test_sorting_out_what_agrees_well_changes_no_verdict(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, families: bool
) -> None:
    """Many pairs take a shortcut where both agree well; every value is drawn so that pairs nearly agree."""
    dice, choose = random.Random(11), random.Random(12).choice
    names = [
        "ada",
        "adah",
        "adda",
        "ida",
        "ad",
        "a",
        "adan",
        "ada-lee",
        "ada lee",
        "ada ann",
        "ada jo",
        "ada mo",
        "ann",
        "lee",
        "adam",
        "alexa",
        "alexander",
        "alexandra",
        "o'ada",
    ]
    years, days = ["1950", "1951", "1905", "1970"], ["01", "02", "10", "11", "12", "31"]

    def person() -> dict[str, str]:
        full: dict[str, str] = {
            "first": choose(names),
            "middle": choose(["ann", "a", "lee", "l"]),
            "last": choose(["fox", "foxx", "hill", "ada", "fox hill"]),
            "suffix": choose(["jr", "ii", "sr", "iii", "twin a", "twin b", "md"]),
            "sex": choose(["f", "m", "u"]),
            "born": choose([f"{choose(years)}-{choose(days)}-{choose(days)}", choose(years), "1950-xx-01", "19500101"]),
            "ssn": choose(["123121234", "123121235", "123121243", "1234", "1235", "987001234", "312123121"]),
        }
        rare = {"suffix": 0.8, "middle": 0.5, "ssn": 0.3}
        return {name: value for name, value in full.items() if dice.random() > rare.get(name, 0.1)}

    people = [person() for _ in range(600)]
    # Near twins of each: one value drawn anew, or two.
    people += [
        {**one, **dict(dice.choices([*person().items()] or [("sex", "f")], k=2))} for one in people for _ in "1234"
    ]
    asked = [(number, 601 + 4 * (number - 1) + step) for number in range(1, 601) for step in range(4)]
    asked += [(dice.randint(1, 600), dice.randint(601, 3000)) for _ in range(3000)]
    asked = sorted(set(asked))

    def verdicts(many: int) -> list[tuple[int, int, str]]:
        monkeypatch.setattr(guards_module, "_MANY", many)
        found = find_conflicts(con, pairs(*asked), attributes(*people), families=families)
        return sorted((row["record_id_l"], row["record_id_r"], row["reason"]) for row in found.to_pylist())

    plainly = verdicts(len(asked) + 1)
    assert verdicts(1) == plainly
    told = {reason for _, _, reason in plainly}
    assert told == (set(GUARD_REASONS) if families else {"suffix", "given_name"})


def test_no_pairs_and_columns_without_a_value_are_no_conflict(con: duckdb.DuckDBPyConnection) -> None:
    people = attributes({"first": "anna"}, {"first": "anna"})
    untyped = people.set_column(people.column_names.index("sex"), "sex", pa.nulls(2))
    assert find_conflicts(con, pairs(), people).num_rows == 0
    assert find_conflicts(con, pairs((1, 2)), untyped).num_rows == 0


def test_every_reason_has_a_sentence_and_every_attribute_is_a_cleaned_column() -> None:
    assert {case["reason"] for case in CASES} - {None} == set(GUARD_REASONS)
    assert set(CONFLICT_ATTRIBUTES) <= set(CLEANED_COLUMNS)
