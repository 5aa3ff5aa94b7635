"""What stewards do on the command line, on a small index that identity itself has built."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

import pytest

from empi_pipeline.postgres import Connection, connect
from empi_pipeline.publishing import publish
from empi_pipeline_tests.cli.conftest import Empi, Ran
from empi_pipeline_tests.identity.world import World

CANARY = "Zzyzx-Canary"

SETTINGS = {
    "probability_two_random_records_match": 1 / 1025,  # -10 bits
    "blocking_rules_to_generate_predictions": ["l.last_name = r.last_name"],
    "comparisons": [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": f"{name}_l is null", "label_for_charts": "missing", "is_null_level": True},
                {"sql_condition": f"{name}_l = {name}_r", "label_for_charts": "same"},
                {"sql_condition": f"levenshtein({name}_l, {name}_r) < 2", "label_for_charts": "one letter off"},
                {"sql_condition": "ELSE", "label_for_charts": "different"},
            ],
        }
        for name in ("last_name", "birth_date", "sex")
    ],
}


@dataclass
class Index:
    """Records a, b, c, d; a and b are one person by a prediction, b and c a potential match; published."""

    connection: Connection
    world: World
    exported: list[str] = field(default_factory=list)

    def person(self, name: str) -> str:
        with self.connection.transaction():
            return self.world.person_of(name)

    def records(self, names: str) -> str:
        return ",".join(str(self.world.ids[name]) for name in names)

    def at(self, name: str) -> str:
        """PERSON@VERSION of the person of a record."""
        person_id = self.person(name)
        return f"{person_id}@{self.one('select version from identity.persons where person_id = %s', person_id)}"

    def one(self, query: str, *parameters: object) -> object:
        with self.connection.transaction():
            row = self.connection.execute(query, parameters).fetchone()
        return row and row[0]

    def persons(self) -> set[frozenset[str]]:
        with self.connection.transaction():
            return self.world.persons()

    def crosswalk(self) -> dict[str, str]:
        with self.connection.transaction():
            return dict(
                self.connection.execute("select source_person_id, person_id::text from publishing.crosswalk").fetchall()
            )

    def changes(self) -> object:
        return self.one("select max(change_id) from identity.changes")


@pytest.fixture
def index(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setenv("LOGNAME", "ann")
    with connect(database) as connection:
        world = World(connection)
        connection.execute("update matching.model set settings = %s", [json.dumps(SETTINGS)])
        world.load(
            {name: {"last_name": CANARY} for name in "abcd"}, [("a", "b", 0.99), ("b", "c", 0.5), ("c", "d", 0.4)]
        )
        connection.execute("update matching.predictions set levels = '{2,1,-1}', weights = '{13.5,-3.5,0}'")
        publish(connection)
        connection.commit()
        index = Index(connection, world)

        def put_object(address: str, body: BinaryIO) -> None:
            assert body.read().startswith(b"change_no,")
            index.exported.append(address)

        monkeypatch.setattr("empi_pipeline.cli.objects.put_object", put_object)
        yield index


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def _refused(ran: Ran, code: int, told: str) -> None:
    assert ran.code == code, ran.err
    assert told in " ".join(ran.err.split())
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert CANARY not in ran.err


def test_a_confirmed_case_is_joined_published_and_told(empi: Empi, index: Index) -> None:
    pair = f"{index.world.ids['b']}-{index.world.ids['c']}"
    stays, goes = index.person("a"), index.person("c")
    saved = empi(
        "review", "decide", "1", "confirm", "--version", "1", "--pair", pair, "--note", "phoned", "--json"
    ).json()
    assert [(each["person_id"], each["what"], each["other_person_id"]) for each in saved["persons"]] == [
        (stays, "changed", None),
        (goes, "retired", stays),
    ]
    assert (saved["change_id"], saved["records_moved"], saved["decisions_revoked"]) == (2, 1, 0)
    # The feed of the first publication had not been exported yet.
    assert saved["crosswalk"] == {
        "added": 1,
        "removed": 1,
        "through_change_id": 2,
        "exported": ["exports/crosswalk_changes/1.csv", "exports/crosswalk_changes/2.csv"],
    }
    assert index.exported == [f"s3://nobody-asks-it/{key}" for key in saved["crosswalk"]["exported"]]
    assert index.crosswalk() == {"a": stays, "b": stays, "c": stays, "d": index.person("d")}
    (event, *_) = [each for each in empi("person", "history", goes, "--json").json() if each["change_id"] == 2]
    assert (event["kind"], event["actor"], event["note"]) == ("person_merged", "ann", "phoned")
    # The pair nobody answered waits in the same case.
    (case,) = empi("review", "list", "--json").json()
    assert (case["case_id"], case["version"]) == (1, 2)


def test_a_stale_version_ends_with_a_conflict_and_writes_nothing(empi: Empi, index: Index) -> None:
    before = index.persons(), index.crosswalk(), index.changes()
    for answer in (["confirm"], ["reject"], ["keep"], ["partition", "--group", "99"]):
        _refused(
            empi("review", "decide", "1", *answer, "--version", "7"),
            5,
            "has changed (version 1, not 7); nothing was saved",
        )
    _refused(empi("person", "merge", f"{index.person('a')}@9", index.at("d")), 5, "nothing was saved, look again")
    _refused(empi("person", "split", f"{index.person('a')}@9", "--off", index.records("b")), 5, "look again")
    assert (index.persons(), index.crosswalk(), index.changes()) == before
    assert index.exported == []
    assert empi("review", "decide", "1", "keep", "--version", "1").code == 0
    _refused(empi("review", "decide", "1", "confirm", "--version", "2"), 5, "is closed already")


def test_a_rejected_case_closes_and_stays_apart(empi: Empi, index: Index) -> None:
    saved = empi("review", "decide", "1", "reject", "--version", "1", "--as", "bob", "--json").json()
    assert (saved["records_moved"], saved["crosswalk"]["added"]) == (0, 0)
    assert index.persons() == _sets("ab", "c", "d")
    assert index.one("select string_agg(distinct actor || kind, ' ') from identity.decisions") == "bobcannot_link"
    assert empi("review", "list").err == "the review queue is empty\n"
    # Against a decision in force only with --overrule.
    _refused(empi("person", "merge", index.at("b"), index.at("c")), 5, "this contradicts decisions in force")
    assert empi("person", "merge", index.at("b"), index.at("c"), "--overrule").code == 0
    assert index.persons() == _sets("abc", "d")


def test_records_are_handed_out_by_groups_and_ids_stay_with_most_of_them(empi: Empi, index: Index) -> None:
    first, third = index.person("a"), index.person("c")
    groups = ["--group", index.records("a"), "--group", index.records("bc")]
    ran = empi("review", "decide", "1", "partition", "--version", "1", *groups)
    assert ran.code == 0, ran.err
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == [
        "change", "decisions made", "decisions ended", "records moved", "cases closed", "crosswalk", "",
        "person", f"{first}@2", f"{third}@2",
    ]  # fmt: skip
    assert index.persons() == _sets("a", "bc", "d")
    # Each group has one record of the person of a and b; the group named first has its id, the other that of c.
    assert (index.person("a"), index.person("b"), index.person("c")) == (first, third, third)
    assert index.crosswalk()["b"] == third


def test_persons_are_merged_split_and_given_back_with_their_ids(empi: Empi, index: Index) -> None:
    first, fourth = index.person("a"), index.person("d")
    merged = empi("person", "merge", index.at("a"), index.at("d"), "--json").json()
    assert index.persons() == _sets("abd", "c")
    assert empi("person", "show", fourth, "--json").json()["person_id"] == first
    assert f"{fourth} is retired; it became:" in empi("person", "show", f"p_{fourth}").out
    back = empi("undo", str(merged["change_id"]), "--note", "not the same after all", "--json").json()
    assert (index.person("a"), index.person("b"), index.person("d")) == (first, first, fourth)
    assert index.crosswalk()["d"] == fourth
    _refused(empi("undo", str(merged["change_id"])), 5, f"was taken back already, by change {back['change_id']}")
    told = empi("person", "history", fourth).out
    assert [line.split()[0] for line in told.splitlines()[1:]] == ["1", "2", "2", "3", "3"]
    assert f"undo of {merged['change_id']}" in told
    assert "lives again" in told

    split = empi("person", "split", index.at("a"), "--off", index.records("b"), "--json").json()
    assert index.persons() == _sets("a", "b", "c", "d")
    assert {each["person_id"] for each in split["persons"]} == {first, index.person("b")}
    assert empi("undo", str(split["change_id"])).code == 0
    assert index.persons() == _sets("ab", "c", "d")


def test_who_was_who_at_a_moment_is_told_with_what_became_of_it(empi: Empi, index: Index) -> None:
    first, fourth = index.person("a"), index.person("d")
    before = datetime.now(UTC).isoformat()
    assert empi("person", "merge", index.at("a"), index.at("d")).code == 0
    (then,) = empi("person", "at", "test", "d", "--when", before, "--json").json()["records"]
    assert (then["person_id"], then["change_id"], then["person_id_now"]) == (fourth, 1, first)
    (now,) = empi("person", "at", "test", "d", "--json").json()["records"]
    assert (now["person_id"], now["change_id"]) == (first, 2)
    assert empi("person", "at", fourth, "--when", before, "--json").json()["records"] == [
        {"record_id": index.world.ids["d"], "person_id_now": first}
    ]
    assert empi("person", "at", fourth).err.startswith("no record at ")
    assert first in empi("person", "at", "test", "d").out
    _refused(empi("person", "at", "test", "d", "--when", "7d"), 4, "no record of this source identity from then")


def test_a_case_is_shown_with_the_words_and_bits_of_each_comparison_and_its_notes(empi: Empi, index: Index) -> None:
    assert empi("note", "asked the clinic", "--case", "1", "--as", "bob").out == "note 1 written\n"
    text = empi("review", "show", "1").out
    assert f"person {index.at('a')}, 2 record(s)" in text
    lines = [line.strip() for line in text.splitlines()]
    assert "+13.5  last_name: same" in lines
    assert "-3.5  birth_date: one letter off" in lines
    assert "missing: sex" in lines
    assert "-10.0  before anything is compared" in lines
    assert lines[-1] == "asked the clinic"
    shown = empi("review", "show", "1", "--json").json()
    assert [each["level"] for each in shown["pairs"][0]["explanation"]["comparisons"]] == [
        "same", "one letter off", "missing"
    ]  # fmt: skip
    assert shown["notes"][0]["actor"] == "bob"


def test_a_note_about_a_person_stays_with_it_when_it_merges(empi: Empi, index: Index) -> None:
    assert empi("note", "moved away", "--person", index.person("d"), "--json").json()["case_id"] is None
    assert empi("person", "merge", index.at("a"), index.at("d")).code == 0
    assert [each["note"] for each in empi("person", "show", index.person("a"), "--json").json()["notes"]] == [
        "moved away"
    ]
    assert "note of ann, " in empi("person", "show", index.person("a")).out


def test_the_queue_is_filtered_by_age_and_probability(empi: Empi, index: Index) -> None:
    def cases(*filters: str) -> list[int]:
        return [each["case_id"] for each in empi("review", "list", "--json", *filters).json()]

    assert cases() == cases("--opened-since", "1h") == cases("--min-probability", "0.5") == [1]
    assert cases("--opened-before", "1h") == cases("--min-probability", "0.51") == []
    assert empi("review", "list", "--opened-before", "7d").err == "no such case\n"


def test_verify_tells_what_is_wrong_and_fails(empi: Empi, index: Index) -> None:
    assert empi("verify").out.startswith("all is well: ")
    assert empi("verify", "--evidence", "--json").json()["problems"] == []
    with index.connection.transaction():
        index.connection.execute(
            "update identity.membership set person_id = %s where record_id = %s",
            [index.person("c"), index.world.ids["a"]],
        )
    ran = empi("verify", "--json")
    assert ran.code == 1
    problems = {each["check"]: each for each in json.loads(ran.out)["problems"]}
    assert problems["membership"]["count"] == 1
    text = empi("verify")
    assert text.code == 1
    assert "membership: 1 x records do not belong to the person that their events give" in text.out


def test_other_guards_are_told_as_what_they_are_and_are_no_failure(empi: Empi, index: Index) -> None:
    """The index was grouped without guards; by the shipped ones a and b could not be one human."""
    with index.connection.transaction():
        for name, given, born in (("a", "anna", "1950-01-02"), ("b", "robert", "1987-11-30")):
            index.connection.execute(
                "update cleaned.person_records set first_name = %s, birth_date = %s where record_id = %s",
                [given, born, index.world.ids[name]],
            )
    ran = empi("verify", "--evidence")
    a, b = index.world.ids["a"], index.world.ids["b"]
    assert ran.code == 0
    assert (
        ran.out
        == f"""\
all is well: 13 checks found nothing
persons were grouped by other rules than those of now, which is no fault of the index:
  version of the guards: 3; now 1
  hard conflicts forbid a join: no; now yes
  most source identities of a person: none; now 500
  bits below which a bridge is weak: none; now 3
grouped anew it would differ:
  unreported_overlays: 1 x persons that should come apart have no open overlay case ({index.person("a")})
  missing_questions: 1 x pairs that need a steward are in no open case ({a}-{b})
`empi rematch --dry-run` tells what would change, `empi rematch` applies it
"""
    )
    told = empi("verify", "--evidence", "--json").json()
    assert told["problems"] == []
    assert [each["check"] for each in told["differences"]] == ["unreported_overlays", "missing_questions"]


def test_a_source_identity_is_withdrawn_on_a_second_word_only(empi: Empi, index: Index) -> None:
    before = index.persons(), index.changes()
    _refused(empi("withdraw", "test", "b"), 2, "this erases 1 record(s) of 1 person(s) and cannot be taken back")
    assert (index.persons(), index.changes()) == before
    withdrawn = empi("withdraw", "test", "b", "--yes", "--json").json()
    assert withdrawn["crosswalk"]["removed"] == 1
    assert withdrawn["erased"]["objects"] == [{"bucket": "b", "key": "batch-1", "version": "1", "rows": 1}]
    assert index.one("select count(*) from raw.person_records where source_person_id = 'b'") == 0
    assert set(index.crosswalk()) == {"a", "c", "d"}
    _refused(empi("undo", str(withdrawn["change_id"])), 2, "withdrew records for good")
    _refused(empi("withdraw", "test", "b", "--yes"), 4, "no record of this source identity")
    lifted = empi("withdraw", "test", "b", "--lift", "--json").json()
    _refused(empi("undo", str(lifted["change_id"])), 2, "nothing to take back")
    _refused(empi("withdraw", "test", "b", "--lift"), 4, "no withdrawal of this source identity is in force")
    assert empi("verify").code == 0


def test_what_cannot_be_published_stays_saved_and_is_remarked(
    empi: Empi, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empi_pipeline.publishing.at_once.WAIT_MILLISECONDS", 50)
    with index.connection.transaction():
        index.connection.execute("lock table publishing.publications in exclusive mode")
        ran = empi("review", "decide", "1", "confirm", "--version", "1", "--json")
    assert ran.json()["crosswalk"] is None
    assert "change 2 is saved, but not published" in ran.err
    assert index.persons() == _sets("abcd")
    monkeypatch.undo()


def test_an_object_store_out_of_reach_costs_no_decision(
    empi: Empi, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    from empi_pipeline.errors import EmpiError

    def refuse(address: str, body: BinaryIO) -> None:
        raise EmpiError(f"{address}: cannot be reached")

    monkeypatch.setattr("empi_pipeline.cli.objects.put_object", refuse)
    ran = empi("review", "decide", "1", "confirm", "--version", "1", "--json")
    assert (ran.json()["crosswalk"]["added"], ran.json()["crosswalk"]["exported"]) == (2, [])
    assert "the change feed in S3 lacks this change" in ran.err


def test_what_makes_no_sense_is_told_in_one_message_with_its_exit_code(
    empi: Empi, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    decide = ("review", "decide", "1")
    for arguments, code, told in (
        ((*decide, "confirm"), 2, "Missing option '--version'"),
        ((*decide, "perhaps", "--version", "1"), 2, "'perhaps' is not one of"),
        ((*decide, "keep", "--version", "1", "--pair", "1-2"), 2, "--pair goes with confirm and reject"),
        ((*decide, "partition", "--version", "1"), 2, "partition needs --group"),
        ((*decide, "confirm", "--version", "1", "--group", "1"), 2, "only partition takes it"),
        ((*decide, "confirm", "--version", "1", "--pair", "998-999"), 2, "choose among the pairs of review case 1"),
        ((*decide, "partition", "--version", "1", "--group", index.records("b")), 2, "say where record(s)"),
        ((*decide, "keep", "--version", "1", "--as", " "), 2, "who decides?"),
        (("review", "decide", "99", "keep", "--version", "1"), 4, "there is no review case 99"),
        (("person", "show", nobody), 4, "no person ever had the id"),
        (("person", "show", "x"), 4, "must be a UUID"),
        (("person", "at", nobody), 4, "no person ever had the id"),
        (("person", "at", "test", "nobody"), 4, "no record of this source identity"),
        (("person", "merge", index.at("a"), index.at("a")), 2, "two different persons"),
        (("person", "merge", index.person("a"), index.at("c")), 2, "write PERSON@VERSION"),
        (("person", "split", index.at("a"), "--off", index.records("ab")), 2, "at least one of its records"),
        (("undo", "99"), 4, "there is no change 99"),
        (("undo", "1"), 2, "nothing to take back"),
        (("note", "text"), 2, "either --case or --person"),
        (("note", " ", "--case", "1"), 2, "the note is empty"),
        (("note", "text", "--case", "99"), 4, "there is no review case 99"),
        (("review", "list", "--opened-since", "lately"), 2, "--opened-since lately: write"),
    ):
        ran = empi(*arguments)
        assert ran.code == code, (arguments, ran.err)
        assert told in " ".join(ran.err.replace("│", " ").split()), arguments
        assert CANARY not in ran.err
    assert index.changes() == 1


def test_a_split_names_records_of_others(empi: Empi, index: Index) -> None:
    other = index.world.ids["d"]
    _refused(
        empi("person", "split", index.at("a"), "--off", str(other)),
        2,
        f"record(s) {other} are not of person {index.person('a')}",
    )


def test_behind_the_last_page_the_queue_is_not_said_to_be_empty(empi: Empi, index: Index) -> None:
    assert empi("review", "list", "--after", "1").err == "no case behind it\n"


def test_a_rematch_with_a_model_nobody_knows_does_not_begin(empi: Empi, index: Index) -> None:
    _refused(empi("rematch", "--dry-run", "--model", "nonsense"), 4, "no match model 'nonsense'")
