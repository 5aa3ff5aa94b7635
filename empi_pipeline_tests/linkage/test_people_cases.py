"""Written cases of people who are easily mistaken, through cleaning, scoring, guards and clustering as shipped.

Two records of one human must end up in one person or in one review case; records of two humans never in one person.
"""

import json
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
import yaml

from benchmarks.linkage_quality.clustering import Settled, settled
from empi_pipeline import linkage
from empi_pipeline.cleaning import clean
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch
from empi_pipeline.synthetic import Plan, blocks

TABLES = sorted((Path(__file__).parent / "people_cases").glob("*.yaml"))
COLUMNS = {
    "first": "first_name",
    "last": "last_name",
    "born": "birth_date",
    "ssn": "social_security_number",
    "zip": "zip_code",
    "source": "data_source",
}
EXTRA = {
    "middle": "middle_name",
    "suffix": "suffix",
    "email": "email",
    "previous": "previous_last_name",
    "other": "other_address",
    "other_zip": "other_zip_code",
    "medicaid": "identifier_medicaid",
}
TODAY = date(2025, 11, 20)
POPULATION = 20_000


class Case(NamedTuple):
    name: str
    humans: tuple[str, ...]
    first_row: int


def written() -> tuple[list[Case], pa.Table]:
    """All cases, and their records as delivered, in one table."""
    cases, rows = [], []
    for path in TABLES:
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            humans = tuple(record["who"] for record in case["records"])
            cases.append(Case(f"{path.stem}: {case['why']}", humans, len(rows)))
            rows += [delivered(record, number) for number, record in enumerate(case["records"], len(rows) + 1)]
    return cases, pa.Table.from_pylist(rows)


def delivered(record: dict[str, str], number: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(PERSON_RECORD_COLUMNS)
    row |= {COLUMNS.get(key, key): value for key, value in record.items() if key != "who" and key not in EXTRA}
    extra = {EXTRA[key]: value for key, value in record.items() if key in EXTRA}
    row |= {"record_id": number, "source_person_id": str(number), "extra": json.dumps(extra) if extra else None}
    return row | {"data_source": row["data_source"] or "hospital"}


CASES, RECORDS = written()


@pytest.fixture(scope="module", params=["the cases themselves", f"{POPULATION} people"])
def result(request: pytest.FixtureRequest) -> Iterator[Settled]:
    """The cases matched as one batch, by a model frozen on few records, or on a population with relatives."""
    model = linkage.default_model()
    with open_scratch(threads=2) as con:
        cleaned = clean(con, RECORDS, {}, TODAY).table.sort_by("record_id")
        known = cleaned
        if request.param != "the cases themselves":
            parts = [part.table for block in blocks(Plan(POPULATION, seed=1)) for part in block.delivered]
            rows = pa.concat_tables(parts)
            rows = rows.append_column("record_id", pa.array(range(rows.num_rows), pa.int64()))
            known = clean(con, rows.append_column("extra", pa.nulls(rows.num_rows, pa.string())), {}, TODAY).table
        frequencies = linkage.term_frequencies(con, known, model)
        scored = linkage.predict(con, model, frequencies, cleaned, cleaned.slice(0, 0))
        assert linkage.has_families(frequencies)
        yield settled(con, cleaned, scored, model, families=True)


def pairs_of(case: Case) -> Iterator[tuple[bool, int, int]]:
    """(of one human, row, row) of all pairs of a case."""
    for one, other in combinations(range(len(case.humans)), 2):
        yield case.humans[one] == case.humans[other], case.first_row + one, case.first_row + other


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_two_humans_become_one_person_and_no_human_is_lost(result: Settled, case: Case) -> None:
    for same, one, other in pairs_of(case):
        persons = int(result.person[one]), int(result.person[other])
        if same:
            cases = [result.cases_of.get(person, set()) for person in persons]
            assert persons[0] == persons[1] or cases[0] & cases[1], "one human neither found nor in review"
        else:
            assert persons[0] != persons[1], "two humans in one person"


def test_people_of_different_cases_are_not_joined(result: Settled) -> None:
    case_of = [number for number, case in enumerate(CASES) for _ in case.humans]
    assert len({(int(person), case) for person, case in zip(result.person, case_of, strict=True)}) == len(
        set(result.person.tolist())
    )


def test_there_are_at_least_two_hundred_cases() -> None:
    assert len(CASES) >= 200
    assert len({case.name for case in CASES}) == len(CASES)
