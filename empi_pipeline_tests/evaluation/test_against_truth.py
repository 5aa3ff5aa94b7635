"""The index measured against a truth of a dozen humans, each figure counted by hand."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from empi_pipeline.evaluation.against_truth import AgainstTruth, measure
from empi_pipeline.evaluation.truth import TruthError, read_truth
from empi_pipeline.identity.decisions import reject
from empi_pipeline.linkage import blocking_lookups, default_model, key_index
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.identity.world import GUARDED, World

TWINS = {"last_name": "roe", "birth_date": "1990-01-01", "address": "1 elm st"}


def measured(world: World, truth: dict[str, str]) -> AgainstTruth:
    humans = {human: number for number, human in enumerate(dict.fromkeys(truth.values()))}
    table = pa.table(
        {
            "identity_no": pa.array(range(2, len(truth) + 2), pa.int64()),
            "data_source": pa.array(["test"] * len(truth), pa.string()),
            "source_person_id": pa.array(list(truth), pa.string()),
            "human_no": pa.array([humans[human] for human in truth.values()], pa.int64()),
        }
    )
    world.connection.commit()
    return measure(world.connection, table)


def with_default_model(world: World) -> None:
    world.connection.execute(
        "update matching.model set settings = %s where is_active", [json.dumps(dict(default_model().settings))]
    )


def test_every_kind_of_error_is_told_with_its_number_of_pairs(connection: Connection) -> None:
    world = World(connection)
    with_default_model(world)
    world.load(
        {
            "a1": {"first_name": "ann", **TWINS},
            "a2": {"first_name": "ann", **TWINS},
            "b1": {"first_name": "bea", **TWINS},  # The twin of a.
            "c1": {}, "c2": {}, "d1": {}, "d2": {}, "e1": {}, "e2": {}, "f1": {}, "f2": {},
            "z9": {},  # Not in the truth.
        },
        [("a1", "a2", 0.99), ("a2", "b1", 0.95), ("c1", "c2", 0.5), ("d1", "d2", 0.5), ("a1", "z9", 0.95)],
    )  # fmt: skip
    case = next(number for number, (_, _, pairs) in world.cases().items() if pairs == {"d1-d2"})
    reject(connection, case, 1, actor="ann", policy=world.policy)
    # e1 and e2 share a key and were found unlike; f1 and f2 share none.
    ours, _ = blocking_lookups(default_model())[0]
    names = key_index.key_names(blocking_lookups(default_model()))
    keys = {"e1": 7, "e2": 7, "f1": 8, "f2": 9}
    key_index.save_keys(
        connection,
        world.model_id,
        pa.table(
            {"record_id": [world.ids[name] for name in keys]}
            | {name: pa.array([keys[each] if name == ours else None for each in keys], pa.int64()) for name in names}
        ),
    )
    truth = {name: name[0] for name in world.ids if name != "z9"} | {"gone": "g"}
    found = measured(world, truth)
    assert (found.named, found.in_index, found.indexed) == (12, 11, 12)
    assert (found.identities.right, found.identities.wrong, found.identities.missed) == (1, 2, 4)
    assert (found.identities.overlaid, found.identities.split, found.identities.exact) == (1, 4, 0)
    assert found.overlay_rate == 1 / 9  # abz, and eight records alone.
    assert [(each.kind, each.joined_by, each.in_common, each.pairs) for each in found.false_joins] == [
        ("twins", "auto_match", "last name, birth date, address", 2)
    ]
    assert {(each.kind, each.in_review, each.pairs) for each in found.missed} == {
        ("in_review", True, 1),
        ("stopped_by_decision", False, 1),
        ("below_potential", False, 1),
        ("never_blocked", False, 1),
    }
    assert found.missed_in_review == 0.25
    # Above bits: a1-a2 6.6, a2-b1 4.2, the .5 pairs 0.0, which is above -1 and not above 0. True pairs: a, c, d, e, f.
    assert [(each.above_bits, each.pairs, each.right, each.recall) for each in found.thresholds] == [
        (6.0, 1, 1, 0.2),
        (4.0, 2, 1, 0.2),
        (-1.0, 4, 3, 0.6),
    ]
    assert found.auto is not None
    assert (found.auto.pairs, found.auto.precision) == (2, 0.5)


def test_what_a_guard_refused_is_told_apart_and_counts_as_in_review(connection: Connection) -> None:
    world = World(connection, guards=GUARDED.guards or World.guards)
    world.load({"a1": {"birth_date": "1990-01-01"}, "a2": {"birth_date": "1970-01-01"}}, [("a1", "a2", 0.99)])
    found = measured(world, {"a1": "a", "a2": "a"})
    assert [(each.kind, each.in_review, each.pairs) for each in found.missed] == [("refused_by_guard", True, 1)]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"social_security_number": "123121234"}, {"social_security_number": "123121234"}, "shared_ssn"),
        (
            {"first_name": "al", "last_name": "fox", "birth_date": "1950-01-01"},
            {"first_name": "al", "last_name": "fox", "birth_date": "1980-01-01"},
            "parent_and_child",
        ),
        (
            {"first_name": "al", "last_name": "fox", "name_suffix": "jr"},
            {"first_name": "al", "last_name": "fox"},
            "parent_and_child",
        ),
        (
            {"first_name": "al", "last_name": "fox", "birth_date": "1950-01-01"},
            {"first_name": "al", "last_name": "fox", "birth_date": "1950-01-01"},
            "namesakes",
        ),
        ({"first_name": "al", "phone": "1"}, {"first_name": "bo", "phone": "1"}, "relatives_or_household"),
        ({}, {}, "other"),
    ],
)  # fmt: skip
def test_false_joins_are_sorted_by_what_misled(
    connection: Connection, one: dict[str, str], other: dict[str, str], kind: str
) -> None:
    world = World(connection)
    # The suffix is a column of cleaned records only.
    suffix = one.pop("name_suffix", None)
    world.load({"a": one, "b": other, "c": {}}, [("a", "c", 0.95), ("c", "b", 0.95)])
    connection.execute(
        "update cleaned.person_records set name_suffix = %s where record_id = %s", [suffix, world.ids["a"]]
    )
    found = measured(world, {"a": "a", "b": "b"})
    assert [(each.kind, each.joined_by) for each in found.false_joins] == [(kind, "through_others")]


def test_versions_count_once_by_identity_and_each_by_record(connection: Connection) -> None:
    world = World(connection)
    version = {"source_person_id": "a"}
    world.load({"a": version, "a'": version, "b": {}, "b'": {}}, [("a", "b", 0.95)])
    found = measured(world, {"a": "1", "b": "1", "b'": "1"})
    assert (found.identities.items, found.identities.right, found.identities.missed) == (3, 1, 2)
    # Records a, a' and b are together; b' is not with any of them.
    assert (found.records.items, found.records.right, found.records.missed) == (4, 3, 3)
    # True pairs of records of different identities: 6 less a-a'.
    assert found.thresholds[0].true_pairs == 5


def test_errors_are_told_by_subgroup(connection: Connection) -> None:
    world = World(connection)
    world.load(
        {
            "a": {"sex": "f", "birth_date": "1980"},
            "b": {"sex": "f", "data_source": "lab"},
            "c": {"sex": "m"},
            "d": {},
        },
        [("a", "b", 0.95)],
    )
    connection.execute("update raw.person_records set data_source = 'test'")
    found = measured(world, {"a": "1", "b": "2", "c": "3", "d": "3"})
    told = {(each.dimension, each.label): (each.identities, each.overlaid, each.split) for each in found.subgroups}
    assert told == {
        ("data_source", "test"): (3, 1, 2),
        ("data_source", "lab"): (1, 1, 0),
        ("sex", "f"): (2, 2, 0),
        ("sex", "m"): (1, 0, 1),
        ("sex", "unknown"): (1, 0, 1),
        ("race", "unknown"): (4, 2, 2),
        ("age_band", "45-64"): (1, 1, 0),
        ("age_band", "unknown"): (3, 1, 2),
    }


def test_a_person_of_very_many_humans_is_counted_and_not_looked_into(connection: Connection) -> None:
    world = World(connection)
    names = [f"r{number:03}" for number in range(102)]
    world.load(names, [(names[0], name, 0.99) for name in names[1:]])
    found = measured(world, {name: name for name in names})
    assert [(each.kind, each.pairs) for each in found.false_joins] == [("persons_of_very_many_humans", 102 * 101 // 2)]


def test_a_truth_that_contradicts_itself_or_misses_the_index_is_refused(connection: Connection, tmp_path: Path) -> None:
    world = World(connection)
    world.load("a")
    connection.commit()
    path = tmp_path / "truth.csv"
    path.write_text("data_source,source_person_id,human\ntest,a,1\ntest,a,1\ntest,a,2\n")
    with pytest.raises(TruthError, match="two humans: line 4 and line 2"):
        measure(connection, read_truth(path))
    path.write_text("data_source,source_person_id,human\nTEST,a,1\n")
    with pytest.raises(TruthError, match="none of the 1 source identities"):
        measure(connection, read_truth(path))


GOOD = "data_source,source_person_id,human\nlab,1,x\nlab,2,y\nlab,3,x\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", GOOD),
        ("t.csv", "\ufeff" + GOOD),
        ("t.csv", "Cluster_ID,note,source_person_id,data_source\nx,,1,lab\n\ny,,2,lab\nx,,3,lab\n"),
        ("t.tsv", GOOD.replace(",", "\t")),
    ],
)
def test_forms_of_truth_that_are_understood(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    read = read_truth(tmp_path / name)
    assert read["source_person_id"].to_pylist() == ["1", "2", "3"]
    assert read["human_no"].to_pylist() == [1, 2, 1]
    assert read["identity_no"].to_pylist()[0] == 2


def test_truth_may_be_compressed_or_parquet(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "t.csv.gz", "wt") as file:
        file.write(GOOD)
    pq.write_table(
        pa.table({"data_source": ["lab"] * 3, "source_person_id": [1, 2, 3], "human": [5, 6, 5]}),
        tmp_path / "t.parquet",
    )
    assert read_truth(tmp_path / "t.csv.gz")["human_no"].to_pylist() == [1, 2, 1]
    assert read_truth(tmp_path / "t.parquet")["human_no"].to_pylist() == [1, 2, 1]
    assert read_truth(tmp_path / "t.parquet")["source_person_id"].to_pylist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "its first line names the columns"),
        ("data_source,human\nlab,1\n", "line 1: no column source_person_id"),
        ("data_source,source_person_id,who\nlab,1,CANARY\n", "--human COLUMN"),
        ("data_source,source_person_id,human,cluster\nlab,1,1,1\n", r"several \(human, cluster\)"),
        ("data_source,source_person_id,human\nlab,1,CANARY\nlab,2\n", "line 3: 2 fields, but the header has 3"),
        ("data_source,source_person_id,human\nlab,CANARY,\n", "line 2: human is empty"),
        ('data_source,source_person_id,human\nlab,1,"CANARY\n', "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_without_its_values(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(TruthError, match=told) as refused:
        read_truth(tmp_path / "t.csv")
    assert "CANARY" not in str(refused.value)


def test_files_that_are_not_there_or_not_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="no such file"):
        read_truth(tmp_path / "nothing.csv")
    (tmp_path / "t.csv").write_bytes(b"data_source,source_person_id,human\nlab,\xff,1\n")
    with pytest.raises(TruthError, match="UTF-8"):
        read_truth(tmp_path / "t.csv")
    (tmp_path / "t.parquet").write_bytes(b"CANARY")
    with pytest.raises(TruthError, match="Parquet"):
        read_truth(tmp_path / "t.parquet")
    (tmp_path / "named.csv").write_text(GOOD.replace("human", "who"))
    assert read_truth(tmp_path / "named.csv", "who").num_rows == 3
