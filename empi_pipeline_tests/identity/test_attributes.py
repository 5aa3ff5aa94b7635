import numpy as np

from empi_pipeline.identity.attributes import read_attributes
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import World


def test_each_record_has_its_attributes_and_one_that_was_never_cleaned_has_none(connection: Connection) -> None:
    world = World(connection)
    world.deliver({name: {"first_name": f"ada {name}", "sex": "f"} for name in "abcd"})
    connection.execute("delete from cleaned.person_records where record_id = %s", [world.ids["c"]])
    read = read_attributes(connection, ["sex", "first_name"], np.array([world.ids[name] for name in "bcd"]))
    assert sorted(zip(*read.to_pydict().values(), strict=True)) == [
        (world.ids["b"], "f", "ada b"),
        (world.ids["c"], None, None),
        (world.ids["d"], "f", "ada d"),
    ]
    assert read_attributes(connection, ["sex"], np.array([], np.int64)).num_rows == 0
