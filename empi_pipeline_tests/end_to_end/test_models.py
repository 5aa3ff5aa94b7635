"""Training, comparing and explaining on a small index that the pipeline itself has loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.cli import main
from empi_pipeline.linkage import registry
from empi_pipeline.linkage.training.of_index import provenance
from empi_pipeline_tests.deliveries import HOSPITAL, PAYER, load, without_ids


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.long
def test_a_trained_model_is_registered_compared_and_not_active(
    running: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    before = without_ids(running)
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "data_source_l,source_person_id_l,data_source_r,source_person_id_r,is_match\n"
        "hospital,h1,payer,p1,1\nhospital,h1,payer,p2,0\nhospital,h1,payer,nobody,1\n"
    )
    trained = told(capsys, "model", "train", "--name", "ours", "--labels", str(labels))
    again = told(capsys, "model", "train", "--name", "again", "--labels", str(labels))
    assert (trained["trained_from"], trained["records"], trained["labelled_pairs"]) == (1, 6, 2)
    # The same records and seed: the same model.
    assert again["model_id"] == trained["model_id"] == 2
    with running.connect() as connection:
        assert [(each.model.name, each.is_active) for each in registry.all_models(connection)] == [
            ("ours", False),
            ("default", True),
        ]
        came = provenance(connection, 2)
        assert came is not None
        assert (came.start_model_id, came.records, came.report.seed) == (1, 6, 1)
        assert provenance(connection, 1) is None

    diff = told(capsys, "model", "diff", "default", "ours")
    assert [diff[side]["plan"]["persons_unchanged"] for side in ("before", "after")] == [3, 3]
    assert diff["records_placed_otherwise"] == 0
    # Six records change u a little and nothing else.
    assert {level["comparison"] for level in diff["parameters"]} >= {"given_name", "birth_date"}
    assert diff["settings"] == {}
    assert without_ids(running) == before


def test_any_two_records_are_explained_by_number_or_source_identity(
    running: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    with running.connect() as connection:
        ((left, right, weight),) = connection.execute(
            "select record_id_l, record_id_r, match_weight from matching.predictions"
            " join cleaned.person_records as l on l.record_id = record_id_l"
            " join cleaned.person_records as r on r.record_id = record_id_r"
            " where l.source_person_id in ('h2', 'p2') and r.source_person_id in ('h2', 'p2')"
        ).fetchall()
    same = told(capsys, "explain", "hospital/h2", "payer/p2")
    assert told(capsys, "explain", str(right), str(left)) == same
    assert (same["record_id_l"], same["record_id_r"]) == (left, right)
    assert same["explanation"]["match_weight"] == pytest.approx(weight, abs=1e-9)
    assert same["decided_by"] == "They are one person by their score."

    # Never scored in a batch: no rule compares them.
    page, image = tmp_path / "pair.html", tmp_path / "pair.svg"
    other = told(capsys, "explain", "hospital/h2", "hospital/h3", "--html", str(page), "--svg", str(image))
    assert other["rules"] == []
    assert other["decided_by"] == "The score is below the thresholds."
    written = page.read_text() + image.read_text()
    assert "<svg" in page.read_text()
    for value in ("turing", "hopper", "1972", "234567890"):
        assert value not in written.lower()
    assert main(["explain", "hospital/h2", "payer/p2"]) == 0
    assert "match weight" in capsys.readouterr().out
