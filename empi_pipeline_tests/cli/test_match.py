"""`empi match`: one record from standard input or a file."""

import io
import json
from pathlib import Path

import pytest

from empi_pipeline.postgres import connect
from empi_pipeline_tests.cli.conftest import Empi
from empi_pipeline_tests.lookup.small_index import fill_small

CANARY = "Zzyzx-Canary"
ADA = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "birth_date": "12/10/1915",
    "social_security_number": "123-12-1234",
}


@pytest.fixture(autouse=True)
def index(database: str) -> None:
    """Two records of Ada, one of her twin."""
    with connect(database) as connection:
        fill_small(connection)


def test_the_likeliest_person_comes_first_with_its_reasons(empi: Empi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(ADA)))
    match = empi("match", "--json").json()
    best = match["persons"][0]
    assert best["person_id"] == "00000000-0000-4000-8000-000000000001"
    assert best["verdict"] == "auto-match"
    assert best["conflict"] is None
    assert [(each["data_source"], each["source_person_id"]) for each in best["records"]] == [("a", "1"), ("b", "2")]
    assert match["compared_records"] == 3


def test_a_person_that_a_guard_holds_apart_says_so(empi: Empi, tmp_path: Path) -> None:
    (tmp_path / "record.csv").write_text("first_name,last_name,birth_date\nGrace,Lovelace,1915-12-10\n")
    ran = empi("match", str(tmp_path / "record.csv"), "--above", "0")
    assert ran.code == 0
    guarded = [line for line in ran.out.splitlines() if line.startswith("00000000-0000-4000-8000-000000000001  ")]
    assert guarded
    assert "guarded" in guarded[0]
    assert "A guard would not join them: The given names clearly differ" in ran.out


def test_nobody_is_found_without_a_fuss(empi: Empi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"last_name": CANARY, "first_name": "x"})))
    ran = empi("match", "-")
    assert (ran.code, ran.out.split(";")[0]) == (0, "no person is likely enough")
    assert CANARY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "give one record"),
        (f"last_name\n{CANARY}\n{CANARY}\n", "give one record"),
        (f"last_name,first_name\n{CANARY}\n", "give one record"),
        (f'{{"last_name": "{CANARY}"', "the record is not valid JSON"),
        (f'[{{"last_name": "{CANARY}"}}, {{}}]', "give one record"),
        (f'{{"{CANARY}": "x"}}', "1 unknown field(s)"),
        (f'{{"last_name": ["{CANARY}"]}}', "values must be text or missing, which is not so of last_name"),
        ("{}", "the record says nothing about a person"),
    ],
)
def test_what_is_not_one_record_is_wrong_usage_and_not_repeated(
    empi: Empi, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    ran = empi("match")
    assert ran.code == 2
    assert told in ran.err
    assert CANARY not in ran.out + ran.err


def test_a_file_that_is_not_there_is_wrong_usage(empi: Empi, tmp_path: Path) -> None:
    ran = empi("match", str(tmp_path / "nothing.json"))
    assert (ran.code, "cannot be read" in ran.err) == (2, True)
