import numpy as np
import pytest

from empi_pipeline.identity import attributes
from empi_pipeline.identity.attributes import read_attributes
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


@pytest.mark.parametrize("many", [1, 1000])
def test_attributes_are_the_same_read_one_by_one_and_by_ranges(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    world = World(connection)
    world.deliver({name: {"first_name": f"ada {name}", "sex": "f"} for name in "abcd"})
    connection.execute("delete from cleaned.person_records where record_id = %s", [world.ids["c"]])
    monkeypatch.setattr(attributes, "_MANY", many)
    wanted = np.array([world.ids[name] for name in "bcd"])
    read = read_attributes(connection, ["sex", "first_name"], wanted)
    assert sorted(map(tuple, zip(*read.to_pydict().values(), strict=True))) == [
        (world.ids["b"], "f", "ada b"),
        (world.ids["c"], None, None),
        (world.ids["d"], "f", "ada d"),
    ]
