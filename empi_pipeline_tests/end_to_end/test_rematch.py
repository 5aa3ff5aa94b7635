from empi_pipeline.automation.local import Pipeline
from empi_pipeline_tests.deliveries import EXPECTED_PERSONS, HOSPITAL, PAYER, load, persons, without_ids


def test_a_rematch_with_the_same_model_changes_nothing(running: Pipeline) -> None:
    load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    before = without_ids(running)
    planned = running.run_rematch(apply=False)
    assert planned.success, planned
    assert {name: planned.figures[name] for name in ("persons", "persons_after", "persons_unchanged")} == {
        "persons": 3,
        "persons_after": 3,
        "persons_unchanged": 3,
    }
    applied = running.run_rematch()
    assert applied.success, applied
    after = without_ids(running)
    for unchanged in ("raw", "cleaned", "predictions", "events", "cases", "feed"):
        assert after[unchanged] == before[unchanged], unchanged
    assert persons(running) == EXPECTED_PERSONS


def test_a_batch_after_a_rematch_is_matched_against_everything(running: Pipeline) -> None:
    load(running, {"hospital.csv": HOSPITAL})
    assert running.run_rematch().success
    load(running, {"payer.csv": PAYER})
    assert persons(running) == EXPECTED_PERSONS
