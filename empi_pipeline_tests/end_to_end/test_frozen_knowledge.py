import pytest

from empi_pipeline.automation.local import Pipeline
from empi_pipeline.linkage import activation, knowledge, registry
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.deliveries import HEADER, HOSPITAL, PAYER, load
from empi_pipeline_tests.linkage.test_shared_values import strangers

CLINIC = (
    HEADER
    + "".join(
        f"clinic,c{place},{each['first_name']},{each['last_name']},,{each['birth_date']},523-41-7788,,,,,217-555-1234\n"
        for place, each in enumerate(strangers(14))
    ).encode()
)


@pytest.mark.long
def test_what_many_share_is_learnt_anew_on_demand_and_a_rematch_says_when(running: Pipeline) -> None:
    load(running, {"hospital.csv": HOSPITAL, "payer.csv": PAYER})
    load(running, {"clinic.csv": CLINIC})
    rematched = running.run_rematch(apply=False)
    assert rematched.success, "the check only warns"
    with running.connect() as connection:
        first = registry.ensure_active(connection)
        check = knowledge.latest(connection, first)
        assert first.frozen_records == 6
        assert check is not None
        assert check.shared_values_unknown == {"phone": 1, "social_security_number": 1}
        assert registry.shared_value_counts(connection, first.model_id) == {}
        with open_scratch() as scratch:
            again = activation.refreeze(connection, scratch, None, "ann")
        assert (again.refrozen_model_id, again.is_active, again.frozen_records) == (first.model_id, False, 20)
        assert again.model == first.model
        assert registry.shared_value_counts(connection, again.model_id) == {"phone": 1, "social_security_number": 1}
    with open_scratch() as scratch:
        activation.activate(running.connect, scratch, again.model_id, lambda connection: None)
    rematched = running.run_rematch(apply=False)
    assert rematched.success
    with running.connect() as connection:
        active = registry.get(connection, again.model_id)
        check = knowledge.latest(connection, active)
        assert check is not None
        assert (active.is_active, check.outdated) == (True, [])
