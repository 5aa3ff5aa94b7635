"""Samples of pairs as work for stewards: what is drawn, what is shown, what the answers come to."""

import json
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from empi_pipeline import linkage
from empi_pipeline.errors import ConflictError, NotFoundError
from empi_pipeline.evaluation.estimate import estimates
from empi_pipeline.evaluation.frame import bits_of, read_frame
from empi_pipeline.evaluation.rates import measure_rates
from empi_pipeline.evaluation.tasks import (
    Sample,
    answer,
    answered,
    findings,
    get_sample,
    make_sample,
    questions,
    reports,
    with_estimates,
)
from empi_pipeline.identity.decisions import confirm, merge, reject, split
from empi_pipeline.identity.queries import person
from empi_pipeline.identity.undo import undo
from empi_pipeline.identity.withdrawal import withdraw
from empi_pipeline.linkage import registry
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.scratch import open_scratch
from empi_pipeline_tests.cli.conftest import Empi
from empi_pipeline_tests.identity.world import World
from empi_pipeline_tests.linkage.records import settings


@pytest.fixture
def world(database: str, connection: Connection) -> World:
    """a and b joined; b and c to be reviewed; a and x two versions of one identity; d joined to c without a doubt."""
    del database
    world = World(connection)
    world.load(
        {"a": {"first_name": "ann"}, "a'": {"source_person_id": "a"}, "b": {}, "c": {}, "d": {}},
        [("a", "b", 0.95), ("a", "a'", 0.99), ("b", "c", 0.5), ("c", "d", 0.9999)],
    )
    connection.execute("update matching.model set frozen_at = now()")
    connection.commit()
    return world


def drawn(database: str, world: World, pairs: int = 10, below: float = 0.0) -> Sample:
    with open_scratch() as scratch:
        frame = read_frame(partial(connect, database), scratch, below)
    with connect(database) as connection:
        return make_sample(connection, frame, pairs=pairs, actor="ann", below_bits=below)


def test_the_frame_has_every_scored_pair_of_two_identities_and_counts_the_others(database: str, world: World) -> None:
    with open_scratch() as scratch:
        frame = read_frame(partial(connect, database), scratch, 0)
    ids = world.ids
    assert dict(
        zip(zip(frame.left.tolist(), frame.right.tolist(), strict=True), frame.joined.tolist(), strict=True)
    ) == {
        (ids["a"], ids["b"]): True,
        (ids["b"], ids["c"]): False,
        (ids["c"], ids["d"]): True,
    }
    # Within persons: a-b, a'-b, c-d; a-a' are versions of one identity. a'-b has no score.
    assert frame.pairs_unscored == 1


def test_pairs_below_the_potential_threshold_come_from_scoring_once_more_or_a_part_of_them_stands_for_all(
    database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(connection)
    world.load(
        {name: {"first_name": first, "last_name": "roe"} for name, first in (("a", "ann"), ("b", "ann"), ("c", "bob"))}
    )
    model = linkage.validated_model("small", settings(), 0.5, 0.9)
    registered = registry.create_model(connection, model, guards=False, created_by="test")
    registry.switch_to(connection, registered.model_id)
    with open_scratch() as scratch:
        names = ["roe", *(f"name{number}" for number in range(500))]  # Else sharing the only name says nothing.
        cleaned = pa.table({"record_id": list(range(501)), "first_name": names, "last_name": names})
        registry.freeze(connection, registered.model_id, linkage.term_frequencies(scratch, cleaned, model), 501)
        connection.commit()
        frame = read_frame(partial(connect, database), scratch, 20)
        none = read_frame(partial(connect, database), scratch, 0)
        monkeypatch.setattr("empi_pipeline.evaluation.frame._RECORDS_A_PART", 1)
        parts = [read_frame(partial(connect, database), scratch, 20, seed) for seed in range(3)]
    assert all(set(part.stands_for.tolist()) <= {3} for part in parts)
    assert sorted(left for part in parts for left in part.left.tolist()) == sorted(frame.left.tolist())
    # All three share the surname. ann-ann would have scored above the threshold, had it been stored: not below.
    assert none.left.tolist() == []
    pairs = set(zip(frame.left.tolist(), frame.right.tolist(), strict=True))
    assert pairs == {(world.ids["a"], world.ids["c"]), (world.ids["b"], world.ids["c"])}
    assert (frame.weight <= bits_of(0.5)).all()


def test_a_steward_sees_two_records_and_nothing_of_what_the_index_thinks(database: str, world: World) -> None:
    sample = drawn(database, world)
    with connect(database) as connection:
        (first, *rest) = questions(connection)
    assert len(rest) == 2
    assert first.sample_id == sample.sample_id
    assert set(first.left) == set(PERSON_RECORD_COLUMNS)
    assert set(type(first).__slots__) == {"pair_id", "sample_id", "left_record_id", "right_record_id", "left", "right"}


def test_answers_are_counted_by_stratum_the_last_one_of_a_pair_counts(database: str, world: World) -> None:
    sample = drawn(database, world)
    with connect(database) as connection:
        pairs = {(each.left_record_id, each.right_record_id): each.pair_id for each in questions(connection)}
        ab, bc, cd = (pairs[world.ids[one], world.ids[other]] for one, other in ("ab", "bc", "cd"))
        answer(connection, ab, "different", actor="ann")
        answer(connection, ab, "same", actor="bob", note="asked her")
        answer(connection, bc, "unsure", actor="ann")
        assert [each.pair_id for each in questions(connection)] == [cd]
        assert [each.pair_id for each in questions(connection, pair_id=ab)] == [ab]
        strata = answered(connection, sample.sample_id)
        assert [(each.stratum.joined, each.same, each.different, each.unsure, each.open) for each in strata] == [
            (False, 0, 0, 1, 0),
            (True, 1, 0, 0, 0),
            (True, 0, 0, 0, 1),
        ]
        answer(connection, cd, "different", actor="ann")
        joined = estimates(answered(connection, sample.sample_id))[0]
        assert (joined.precision.estimate, joined.precision.low, joined.precision.high) == (0.5, 0.5, 0.5)
        kept = connection.execute("select answer, actor, note from evaluation.answers order by answer_id").fetchall()
    assert kept[:2] == [("different", "ann", None), ("same", "bob", "asked her")]


def test_an_answer_changes_no_identity_but_is_a_finding_until_a_steward_decides(database: str, world: World) -> None:
    drawn(database, world)
    with connect(database) as connection:
        before = connection.execute("select max(change_id) from identity.changes").fetchone()
        pairs = {(each.left_record_id, each.right_record_id): each.pair_id for each in questions(connection)}
        answer(connection, pairs[world.ids["c"], world.ids["d"]], "different", actor="ann")
        answer(connection, pairs[world.ids["b"], world.ids["c"]], "same", actor="ann")
        answer(connection, pairs[world.ids["a"], world.ids["b"]], "same", actor="ann")
        assert connection.execute("select max(change_id) from identity.changes").fetchone() == before
        wrong, missed = findings(connection)
    holder = person(world.connection, world.person_of("c"))
    assert wrong.to_do == f"empi person split {holder.person_id}@{holder.version} --off {world.ids['d']}"
    assert missed.to_do == "empi review show 1"
    world.connection.commit()
    with connect(database, autocommit=True) as connection:
        split(
            connection,
            holder.person_id,
            holder.version,
            [frozenset({world.ids["d"]})],
            actor="ann",
            policy=world.policy,
        )
        assert [each.answer for each in findings(connection)] == ["same"]
        version = connection.execute("select version from identity.review_cases where case_id = 1").fetchone()
        assert version is not None
        reject(connection, 1, version[0], actor="bob", policy=world.policy)  # Bob knows better, and says so later.
        assert findings(connection) == []
        with pytest.raises(NotFoundError, match="no sample has a pair 999"):
            answer(connection, 999, "same", actor="ann")


def test_erasing_a_record_takes_notes_about_its_pairs_along_and_nobody_is_asked_about_it(
    database: str, world: World
) -> None:
    sample = drawn(database, world)
    with connect(database) as connection:
        pairs = {(each.left_record_id, each.right_record_id): each.pair_id for each in questions(connection)}
        answer(connection, pairs[world.ids["c"], world.ids["d"]], "same", actor="ann", note="CANARY")
    with connect(database, autocommit=True) as connection:
        withdraw(connection, "test", "c", actor="dpo", policy=world.policy)
        assert connection.execute("select answer, note from evaluation.answers").fetchall() == [("same", None)]
        assert [each.left_record_id for each in questions(connection)] == [world.ids["a"]]
        assert [each.open for each in answered(connection, sample.sample_id)] == [0, 1, 0]
        assert findings(connection) == []


def test_a_missed_pair_without_a_case_points_to_a_merge(database: str, world: World) -> None:
    drawn(database, world)
    world.connection.commit()
    with connect(database, autocommit=True) as connection:
        reject(connection, 1, 1, actor="ann", policy=world.policy)
        pair = next(each for each in questions(connection) if each.left_record_id == world.ids["b"])
        answer(connection, pair.pair_id, "same", actor="ann")
        (missed,) = findings(connection)
        assert missed.to_do.startswith("empi person merge ")
        merge(
            connection, [(missed.person_id_l, missed.version_l), (missed.person_id_r, missed.version_r)],
            actor="ann", policy=world.policy, overrule=True,
        )  # fmt: skip
        assert findings(connection) == []


def test_answers_the_index_contradicts_go_into_the_review_queue_on_request(
    empi: Empi, database: str, world: World
) -> None:
    drawn(database, world)
    world.connection.commit()
    ids, by = world.ids, {"actor": "ann", "policy": world.policy}
    with connect(database, autocommit=True) as connection:
        reject(connection, 1, 1, **by)  # Else b and c would be in a case already.
        pairs = {(each.left_record_id, each.right_record_id): each.pair_id for each in questions(connection)}
        answer(connection, pairs[ids["c"], ids["d"]], "different", actor="ann")
        assert empi("evaluate", "findings").out.count("empi person split") == 1
        assert empi("evaluate", "findings", "--open-cases", "--as", "ann", "--json").json()["cases_opened"] == [2]
        assert world.cases() == {2: ("overlay", 1, frozenset({"c-d"}))}
        assert [each.to_do for each in findings(connection)] == ["empi review show 2"]
        assert reports(findings(connection)) == []
        assert "empi review show 2" in empi("evaluate", "findings", "--open-cases", "--as", "ann").out
        assert empi("review", "list", "--json").json()[0]["reason"] == "reported_different"
        kept = confirm(connection, 2, 1, **by)  # Bob asked her: one human.
        assert (findings(connection), world.cases()) == ([], {})
        undo(connection, kept.change_id, **by)
        assert [each.case_id for each in findings(connection)] == [2]
        # Against a decision in force no case opens; it is said who to turn to.
        answer(connection, pairs[ids["b"], ids["c"]], "same", actor="ann")
        assert empi("evaluate", "findings", "--open-cases", "--as", "ann").code == 0
        told = empi("evaluate", "findings", "--open-cases", "--as", "ann")
        assert (told.code, "decisions in force say otherwise" in told.err) == (2, True)


def test_the_same_seed_draws_the_same_pairs_and_the_newest_sample_is_meant(database: str, world: World) -> None:
    first, second = drawn(database, world, 2), drawn(database, world, 2)
    with connect(database) as connection:
        one, other = (
            {(each.left_record_id, each.right_record_id) for each in questions(connection, sample_id=number)}
            for number in (first.sample_id, second.sample_id)
        )
        assert len(one) == 2
        assert one == other
        assert get_sample(connection).sample_id == second.sample_id
        assert get_sample(connection, first.sample_id).seed == 1


def test_nothing_to_sample_is_said_clearly(database: str, connection: Connection) -> None:
    connection.commit()
    with open_scratch() as scratch, pytest.raises(ConflictError, match="load records first"):
        read_frame(partial(connect, database), scratch)
    with pytest.raises(NotFoundError, match="no sample yet"):
        get_sample(connection)


def test_the_estimate_of_the_newest_sample_joins_the_rates(database: str, world: World) -> None:
    drawn(database, world)
    rates = measure_rates(world.connection)
    with connect(database) as connection:
        assert with_estimates(connection, rates) == rates
        for each in questions(connection):
            answer(connection, each.pair_id, "same", actor="ann")
        found = with_estimates(connection, rates)
    precision, recall = found.overall("estimated_precision"), found.overall("estimated_recall")
    assert precision is not None
    assert recall is not None
    assert (precision.value, recall.value, recall.low, recall.high) == (
        1.0,
        2 / 3,
        pytest.approx(2 / 3),
        pytest.approx(2 / 3),
    )


def test_the_commands_lead_from_a_sample_to_an_estimate(empi: Empi, world: World) -> None:
    made = empi("evaluate", "sample", "--pairs", "10", "--below", "0", "--as", "ann", "--json").json()
    assert sum(each["open"] for each in made["strata"]) == 3
    assert len(empi("review", "list", "--kind", "evaluation", "--json").json()) == 3
    while (question := empi("evaluate", "next", "--json").json()) is not None:
        shown = empi("evaluate", "next")
        assert f"pair {question['pair_id']}" in shown.out
        assert "bits" not in shown.out
        assert empi("evaluate", "answer", str(question["pair_id"]), "same", "--as", "ann").code == 0
    told = empi("evaluate", "estimate", "--json").json()
    assert told["estimates"][0]["precision"] == {"estimate": 1.0, "low": 1.0, "high": 1.0}
    assert told["answers_needed"] == {"precision": 0, "recall": 0}
    assert "in one person now" in empi("evaluate", "estimate").out
    assert [each["to_do"] for each in empi("evaluate", "findings", "--json").json()] == ["empi review show 1"]
    assert empi("evaluate", "answer", "1", "perhaps").code == 2
    assert empi("evaluate", "sample", "--allocation", "CANARY").code == 2


def test_a_file_of_truth_needs_no_name_of_a_command(empi: Empi, world: World, tmp_path: Path) -> None:
    truth, html = tmp_path / "truth.csv", tmp_path / "page.html"
    truth.write_text("data_source,source_person_id,human\ntest,a,1\ntest,b,1\ntest,c,1\ntest,d,CANARY\n")
    told = empi("evaluate", str(truth), "--json", "--html", str(html), "--keep", "--as", "ann").json()
    assert (told["identities"]["precision"], told["identities"]["right"], told["overlay_rate"]) == (0.5, 1, 0.5)
    assert told["missed_in_review"] == 1.0
    page = html.read_text()
    assert "<svg" in page
    assert "CANARY" not in page
    assert "<script" not in page
    assert empi("evaluate", str(truth)).out.startswith("4 of the 4 source identities")
    assert empi("evaluate", str(tmp_path / "none.csv")).code == 2
    assert json.loads(empi("evaluate", "rates", "--json", "--html", str(html)).out)["change_id"] == 1
    assert "against known truth: pairs found" in html.read_text()
