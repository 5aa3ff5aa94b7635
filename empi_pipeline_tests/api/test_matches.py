"""Scenarios M of the reference system: a steward says who owns which records of a potential match."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count, pairwise
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from empi_pipeline.identity.ledger import IDENTITY_LOCK
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.scene import Scene

NUMBERS = count()


class Group:
    """Four persons of one record each, in one potential match: a-b, b-c, c-d."""

    def __init__(self, scene: Scene, extra: int = 0) -> None:
        self.scene = scene
        self.key = f"g{next(NUMBERS)}"
        names = [self.name(letter) for letter in "abcd"]
        records = names + [self.name(f"x{number}") for number in range(extra)]
        chain = [(one, other, 0.5) for one, other in pairwise(names)]
        joined = [(names[number], self.name(f"x{number}"), 1.0) for number in range(extra)]
        scene.load(records, chain + joined)
        self.case = scene.case_of(names[0])
        self.persons = {letter: scene.person(self.name(letter)) for letter in "abcd"}

    def name(self, letter: str) -> str:
        return f"{self.key}{letter}"

    def update(self, letter: str | None, *records: str, **other: Any) -> dict[str, Any]:
        """The records of a person of this group from now on; None makes a new person."""
        told: dict[str, Any] = {"new_person_record_ids": [self.scene.record(self.name(each)) for each in records]}
        if letter is not None:
            told |= {"id": self.persons[letter]["id"], "version": self.persons[letter]["version"]}
        return {**told, **other}

    def body(self, *updates: dict[str, Any], **other: Any) -> dict[str, Any]:
        return {
            "potential_match_id": self.case["id"],
            "potential_match_version": self.case["version"],
            "person_updates": list(updates),
            **other,
        }

    def save(self, *updates: dict[str, Any], **other: Any) -> None:
        assert self.scene.post("/matches", self.body(*updates, **other)) == {}

    def refused(self, *updates: dict[str, Any], **other: Any) -> str:
        """The message of a 400 after which nothing has changed."""
        error = self.scene.post("/matches", self.body(*updates, **other), 400)["error"]
        assert error["message"] == "Validation failed"
        assert self.scene.case_of(self.name("a"))["version"] == self.case["version"]
        (detail,) = error["details"]
        assert set(detail) == {"message"}
        return str(detail["message"])

    def now(self, letter: str) -> set[str]:
        """Who shares a person with a record."""
        return {each.removeprefix(self.key) for each in self.scene.person(self.name(letter))["names"]}


@pytest.fixture(scope="module")
def scene(client: TestClient, index: str) -> Scene:
    return Scene(client, index)


@pytest.fixture
def group(scene: Scene) -> Group:
    return Group(scene)


def test_m1_no_updates_say_that_all_is_right_and_close_the_case(group: Group) -> None:
    group.save()
    group.scene.get(f"/potential-matches/{group.case['id']}", 404)
    for letter in "abcd":
        person = group.scene.person(group.name(letter))
        assert person["version"] == 1
        assert person["records"][0]["matched_or_reviewed"] is not None


def test_m2_listed_persons_get_a_new_version_also_when_nothing_changes(group: Group) -> None:
    group.save(*(group.update(letter, letter) for letter in "abcd"))
    assert [group.scene.person(group.name(letter))["version"] for letter in "abcd"] == [2, 2, 2, 2]


def test_m3_records_move_and_an_emptied_person_leads_to_where_its_record_went(group: Group) -> None:
    group.save(group.update("a", "a", "b"), group.update("b", "c"), group.update("c"))
    assert (group.now("a"), group.now("c"), group.now("d")) == ({"a", "b"}, {"c"}, {"d"})
    versions = {letter: group.scene.person(group.name(letter))["version"] for letter in "acd"}
    assert versions == {"a": 2, "c": 2, "d": 1}
    answer = group.scene.client.get(f"{API}/persons/{group.persons['c']['id']}", follow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{API}/persons/{group.persons['b']['id']}"


def test_m4_all_into_one(group: Group) -> None:
    group.save(group.update("a", "a", "b", "c", "d"), *(group.update(letter) for letter in "bcd"))
    assert group.now("d") == {"a", "b", "c", "d"}
    assert group.scene.person(group.name("a"))["id"] == group.persons["a"]["id"]


def test_m5_records_that_no_pair_mentions_are_moved_too(scene: Scene) -> None:
    group = Group(scene, extra=4)
    group.save(
        group.update("a", "b", "x0", "x1"),
        group.update("b", "c", "x2"),
        group.update("c", "a"),
        group.update("d", "d", "x3"),
    )
    assert group.now("b") == {"b", "x0", "x1"}
    assert group.now("c") == {"c", "x2"}
    assert group.now("a") == {"a"}


def test_m6_new_persons_are_made(group: Group) -> None:
    group.save(
        group.update("a", "a", "b"),
        group.update("b"),
        group.update(None, "c"),
        group.update("c"),
        group.update(None, "d"),
        group.update("d"),
    )
    assert (group.now("a"), group.now("c"), group.now("d")) == ({"a", "b"}, {"c"}, {"d"})
    known = {person["id"] for person in group.persons.values()}
    for letter in "cd":
        person = group.scene.person(group.name(letter))
        assert person["version"] == 1
        assert person["id"] not in known


def test_m7_to_m12_updates_that_do_not_fit_together_are_refused_in_the_known_words(group: Group) -> None:
    a, b = group.persons["a"]["id"], group.persons["b"]["id"]
    number = group.scene.ids[group.name("a")]
    assert group.refused(group.update("a", "a", version=None)) == (
        "A PersonUpdate for an existing Person should specify a version"
    )
    assert group.refused(group.update(None, "a", version=1)) == (
        "A PersonUpdate for a new Person should not specify a version"
    )
    assert group.refused(group.update(None)) == ("A PersonUpdate for a new Person should have 1 or more new_record_ids")
    assert group.refused(group.update("a", "a", "a")) == (
        "A PersonRecord ID cannot exist twice in the same PersonUpdate."
        f" PersonRecord {number} exists in update for Person {a[2:]} twice."
    )
    assert group.refused(group.update("a", "a"), group.update("b", "a")) == (
        "A PersonRecord ID cannot exist in more than PersonUpdate."
        f" PersonRecord {number} exists in updates for Person {a[2:]} and Person {b[2:]}."
    )
    assert group.refused(group.update(None, "a"), group.update(None, "a")) == (
        "A PersonRecord ID cannot exist in more than PersonUpdate."
        f" PersonRecord {number} exists in updates for Person index 0 and Person index 1."
    )
    assert group.refused(group.update("a", "a"), group.update("a", "b")) == (
        "The same Person UUID cannot exist in more than one PersonUpdate"
    )


def test_m13_and_m14_persons_and_records_of_other_cases_are_refused(group: Group, scene: Scene) -> None:
    other = Group(scene)
    assert group.refused(other.update("a", "a")) == "Specified Person UUID must be related to PotentialMatch"
    foreign = "PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch"
    assert group.refused(group.update("a", new_person_record_ids=[scene.record(other.name("a"))])) == foreign
    assert group.refused(group.update("a", new_person_record_ids=["pr_99999999"])) == foreign


def test_m15_records_must_come_from_somewhere_and_go_somewhere(group: Group) -> None:
    assert group.refused(group.update("a", "a", "b")) == (
        "PersonRecord IDs that are added to a Person, must be removed from another Person"
    )
    assert group.refused(group.update("a", "a"), group.update("b")) == (
        "PersonRecord IDs that are removed from a Person, must be added to another Person"
    )


def test_m16_what_is_not_any_more_what_one_looked_at_is_refused(group: Group, scene: Scene) -> None:
    assert group.refused(group.update("a", "a", version=7)) == "Invalid Person UUID or version outdated"
    assert group.refused(potential_match_version=7) == "Potential match version is outdated"
    unknown = scene.post("/matches", group.body(potential_match_id="pm_999999"), 400)["error"]
    assert unknown["details"] == [{"message": "Potential match does not exist"}]
    group.save()
    closed = scene.post("/matches", group.body(), 400)["error"]
    assert closed["details"] == [{"message": "Potential match has already been matched"}]


def test_m16_a_case_that_was_replaced_says_so(scene: Scene) -> None:
    one, other = Group(scene), Group(scene)
    # A record between two cases makes them one; the other is superseded.
    scene.ids[f"{one.key}bridge"] = 0
    scene.load(
        [f"{one.key}bridge"], [(one.name("d"), f"{one.key}bridge", 0.5), (other.name("a"), f"{one.key}bridge", 0.5)]
    )
    messages = {scene.post("/matches", each.body(), 400)["error"]["details"][0]["message"] for each in (one, other)}
    assert messages == {"Potential match version is outdated", "Potential match has been replaced"}


def test_m17_of_two_users_who_save_one_case_at_once_one_wins(group: Group, scene: Scene) -> None:
    def save(_: int) -> tuple[int, str]:
        answer = scene.client.post(f"{API}/matches", json=group.body())
        return answer.status_code, answer.text

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(save, range(2)))
    assert [status for status, _ in answers] == [200, 400]
    assert "Potential match has already been matched" in answers[1][1]


def test_m18_a_save_while_a_batch_is_applied_says_so_and_loses_nothing(
    group: Group, scene: Scene, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empi_pipeline.api.matches.PATIENCE_SECONDS", 0.05)
    with psycopg.connect(index) as batch:
        batch.execute("select pg_advisory_xact_lock(%s)", [IDENTITY_LOCK])
        error = scene.post("/matches", group.body(), 409)["error"]
    assert error["message"] == "A matching job is currently updating matches. Please try again later."
    assert error["code"] == "busy"


def test_malformed_ids_are_400_and_no_other_kind_of_id_will_do(group: Group, scene: Scene) -> None:
    for potential_match_id in ("pm_abc", "job_1", "1", "pm_-1", "pm_99999999999999999999"):
        error = scene.post("/matches", group.body(potential_match_id=potential_match_id), 400)["error"]
        assert error["details"] == [{"field": "potential_match_id", "message": "Invalid PotentialMatch ID"}]
    error = scene.post("/matches", group.body(group.update("a", "a", id="p_1")), 400)["error"]
    assert error["details"] == [{"field": "person_updates.0.id", "message": "Invalid Person ID"}]
    error = scene.post("/matches", group.body(group.update("a", new_person_record_ids=["pm_1"])), 400)["error"]
    assert error["details"] == [
        {"field": "person_updates.0.new_person_record_ids.0", "message": "Invalid PersonRecord ID"}
    ]


def test_a_comment_is_kept_with_the_case(group: Group, scene: Scene, index: str) -> None:
    comment = {"person_record_id": scene.record(group.name("a")), "comment": "called the ward"}
    group.save(comments=[comment])
    with psycopg.connect(index) as connection:
        rows = connection.execute(
            "select note from identity.notes where case_id = %s", [int(group.case["id"].removeprefix("pm_"))]
        ).fetchall()
    assert rows == [(f"record {scene.ids[group.name('a')]}: called the ward",)]
