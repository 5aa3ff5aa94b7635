import pytest

from empi_pipeline.identity.apply import apply_batch
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.policy import Policy
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World

BORN = {"last_name": "garcia", "birth_date": "1980-02-03", "social_security_number": "123121234"}


@pytest.mark.parametrize("shared", [False, True])
def test_a_number_that_many_share_vouches_for_nobody(connection: Connection, shared: bool) -> None:
    """Two given names, one number and birth date are one human misnamed; unless many have the number."""
    world = World(connection)
    if shared:
        connection.execute(
            "insert into matching.shared_values values (%s, 'social_security_number', '123121234', 7)", [world.model_id]
        )
    batch = world.deliver(
        {"a": {**BORN, "first_name": "maria"}, "b": {**BORN, "first_name": "karl"}}, [("a", "b", 0.999)]
    )
    apply_batch(connection, batch, policy=Policy(frozenset(), Guards()))
    if shared:
        assert world.persons() == {frozenset("a"), frozenset("b")}
        assert [kind for kind, _, _ in world.cases().values()] == ["conflict"]
    else:
        assert (world.persons(), world.cases()) == ({frozenset("ab")}, {})
