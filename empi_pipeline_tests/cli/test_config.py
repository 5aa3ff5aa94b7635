import json
from pathlib import Path

import pytest

from empi_pipeline.postgres import connect
from empi_pipeline_tests.cli.conftest import Empi

SETTINGS = {
    "link_type": "dedupe_only",
    "probability_two_random_records_match": 0.01,
    "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.last_name = r.last_name", "sql_dialect": "duckdb"}],
    "comparisons": [
        {
            "output_column_name": "first_name",
            "comparison_levels": [
                {"sql_condition": "first_name_l is null or first_name_r is null", "is_null_level": True},
                {"sql_condition": "first_name_l = first_name_r", "m_probability": 0.9, "u_probability": 0.01},
                {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.99},
            ],
        }
    ],
}


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "first_names.json"
    file.write_text(json.dumps(SETTINGS))
    return file


def _create(empi: Empi, file: Path, *more: str, potential: str = "0.5", auto: str = "0.9") -> object:
    return empi(
        "config", "create", "--splink-settings", file, "--potential", potential, "--auto", auto, "--json", *more
    ).json()


def test_a_model_is_created_once_and_listed(empi: Empi, settings_file: Path) -> None:
    first = _create(empi, settings_file)
    assert first == _create(empi, settings_file)
    (listed,) = empi("config", "show", "--json").json()
    assert listed == first
    assert (listed["name"], listed["is_active"], listed["guards"]) == ("first_names", False, True)


def test_a_model_without_guards_is_another_model(empi: Empi, settings_file: Path) -> None:
    _create(empi, settings_file)
    _create(empi, settings_file, "--no-guards")
    assert sorted(each["guards"] for each in empi("config", "show", "--json").json()) == [False, True]


def test_one_model_is_active_at_a_time(empi: Empi, settings_file: Path) -> None:
    _create(empi, settings_file, "--activate", "--name", "first")
    _create(empi, settings_file, "--name", "second", auto="0.95")
    assert empi("config", "activate", "second", "--json").json()["is_active"]
    assert {each["name"]: each["is_active"] for each in empi("config", "show", "--json").json()} == {
        "first": False,
        "second": True,
    }
    assert empi("status", "--json").json()["active_model"]["name"] == "second"


def test_a_model_is_shown_with_the_settings_it_was_made_of(empi: Empi, settings_file: Path) -> None:
    _create(empi, settings_file)
    shown = empi("config", "show", "first_names", "--json").json()
    assert shown["splink_settings"]["comparisons"] == SETTINGS["comparisons"]
    assert "l.last_name = r.last_name" in empi("config", "show", "1").out


@pytest.mark.parametrize(
    ("content", "thresholds", "told"),
    [
        (b"{", ("0.5", "0.9"), "line 1, column 2"),
        (b"\xff", ("0.5", "0.9"), "is not UTF-8"),
        (b"[]", ("0.5", "0.9"), "object with Splink settings"),
        (json.dumps(SETTINGS | {"comparisons": []}).encode(), ("0.5", "0.9"), "comparisons"),
        (json.dumps(SETTINGS).encode(), ("0.9", "0.5"), "potential"),
        (None, ("0.5", "0.9"), "cannot be read"),
    ],
)
def test_wrong_settings_are_refused_with_place_and_reason(
    empi: Empi, tmp_path: Path, content: bytes | None, thresholds: tuple[str, str], told: str
) -> None:
    file = tmp_path / "wrong.json"
    if content is not None:
        file.write_bytes(content)
    potential, auto = thresholds
    ran = empi("config", "create", "--splink-settings", file, "--potential", potential, "--auto", auto)
    assert ran.code == 2
    assert told in ran.err
    assert empi("config", "show", "--json").json() == []


def test_a_model_learns_anew_only_where_there_is_something_to_learn_from(empi: Empi) -> None:
    refused = empi("config", "refreeze")
    assert (refused.code, refused.out) == (5, "")
    assert "the index has no records to learn from" in refused.err
    assert len(empi("config", "show", "--json").json()) == 0, "nothing is left of the attempt"


def test_what_a_model_learnt_is_shown_in_numbers(empi: Empi, settings_file: Path, database: str) -> None:
    created = _create(empi, settings_file)
    with connect(database) as connection:
        connection.execute("insert into matching.shared_values values (1, 'phone', '2175551234', 20)")
    assert empi("config", "show", "first_names", "--json").json()["shared_values"] == {"phone": 1}
    shown = empi("config", "show", "first_names").out
    assert "shared by many: phone" in shown
    assert "2175551234" not in shown
    assert created == _create(empi, settings_file)
