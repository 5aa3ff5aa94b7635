"""A source that declares former names, further addresses and other numbers, from delivery to explanation."""

import json
from pathlib import Path

import pytest

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.cli import main
from empi_pipeline_tests.deliveries import load, persons

SETTINGS = """
data_sources:
  registry:
    prefix: registry/
    columns:
      Maiden Name: previous_last_name
      Old Street: other_address
      Old ZIP: other_zip_code
      MA No: identifier_medicaid
"""
HOSPITAL = b"""\
data_source,source_person_id,first_name,last_name,sex,birth_date,address,city,state,zip_code,identifier_medicaid
hospital,h1,Theodora,Wetherell,F,1984-03-21,211 Mill Road,Akron,OH,44301,
hospital,h2,Bartholomew,Quillfeather,M,,1207 Prospect Street,Toledo,OH,43605,
hospital,h3,Wilhelmina,Stradling,F,,,,,,AB-4471-0093
"""
REGISTRY = b"""\
source_person_id,first_name,last_name,Maiden Name,sex,birth_date,address,city,state,zip_code,Old Street,Old ZIP,MA No
r1,Theodora,Castellan,Wetherell,F,1984-03-21,98 Lake Drive,Dayton,OH,45402,,,
r2,Bartholomew,Quillfeather,,M,1966-01-25,33 Lake Drive,Akron,OH,44304,1207 Prospect St,43605,
r3,Wilhelmina,Copperfield,,F,1993-05-16,,,,,,,ab44710093
"""


def test_what_a_source_declares_beside_the_standard_columns_finds_and_explains_its_people(
    environment: Path, running: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    (environment / "empi.yaml").write_text(SETTINGS)
    load(running, {"hospital.csv": HOSPITAL})
    load(running, {"registry/people.csv": REGISTRY})
    with running.connect() as connection:
        found = connection.execute(
            "select source_person_id, previous_last_names, other_addresses, identifiers from cleaned.person_records"
            " order by 1"
        ).fetchall()
    assert found == [
        ("h1", None, None, None),
        ("h2", None, None, None),
        ("h3", None, None, "medicaid:ab44710093"),
        ("r1", "wetherell", None, None),
        ("r2", None, "1207 prospect st, 43605", None),
        ("r3", None, None, "medicaid:ab44710093"),
    ]
    assert persons(running) == {
        frozenset({("hospital", f"h{number}"), ("registry", f"r{number}")}) for number in (1, 2, 3)
    }
    levels = {}
    for number in (1, 2, 3):
        capsys.readouterr()
        assert main(["explain", f"hospital/h{number}", f"registry/r{number}", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["rules"] != []
        for each in told["explanation"]["comparisons"]:
            levels[number, each["comparison"]] = each["level"]
    assert (levels[1, "surname"], levels[2, "home"], levels[3, "identifier"]) == (
        "a former name",
        "a further address",
        "same",
    )
