"""What pages are made of, without a server: marks, numbers of records, bars, seals."""

import time

import pytest

from empi_pipeline.identity.queries import Person, Record
from empi_pipeline.linkage import ComparisonEvidence, Explanation
from empi_pipeline.stewardship.arrangement import Entered, changed_since, entered, placed, updates_of
from empi_pipeline.stewardship.differences import Marked, Value, marked
from empi_pipeline.stewardship.sealed import Seal
from empi_pipeline.stewardship.waterfall import waterfall
from empi_pipeline.stewardship.work_list import is_same_steward
from empi_pipeline_tests.identity.world import probability


def _written(found: Marked) -> str:
    """Marks as brackets; an empty one is where something is missing."""
    return "".join(f"[{part.text}]" if part.differs else part.text for part in found.segments)


@pytest.mark.parametrize(
    ("value", "reference", "what", "written"),
    [
        (Value("Smith"), Value("Smyth"), "near", "Sm[i]th"),
        (Value("Ann"), Value("Anna"), "near", "Ann[]"),
        (Value("Smith"), Value("SMITH"), "spelled", "Smith"),
        (Value("Jones"), Value("Garcia"), "other", "[Jones]"),
        (Value(None), Value("x"), "missing", ""),
        (Value("x"), Value(None), "alone", "x"),
        (Value("x"), Value("x"), "same", "x"),
        # The same day, written in two ways.
        (Value("15/06/1972", "1972-06-15"), Value("19720615", "1972-06-15"), "spelled", "15/06/1972"),
        # Another day, written in another way: compared as standardised.
        (Value("16/06/1972", "1972-06-16"), Value("19720615", "1972-06-15"), "near", "1972-06-1[6]"),
        # Quite another day: what its letters have in common with another form says nothing.
        (Value("19890131", "1989-01-31"), Value("1958-03-13", "1958-03-13"), "other", "[19890131]"),
        # Digits are read place by place: the 9 has not moved.
        (Value("1989-01-31"), Value("1998-01-31"), "near", "19[89]-01-31"),
        # A fold that changes the length must not shift the marks.
        (Value("İpek"), Value("İpec"), "near", "İpe[k]"),
    ],
)
def test_differences_are_marked_to_the_letter(value: Value, reference: Value, what: str, written: str) -> None:
    found = marked(value, reference)
    assert (found.what, _written(found)) == (what, written)


def test_long_values_are_not_compared_letter_by_letter() -> None:
    begin = time.process_time()
    assert marked(Value("ab" * 50_000), Value("ba" * 50_000)).what == "other"
    assert time.process_time() - begin < 0.5


def _person(number: int, version: int, *record_ids: int) -> Person:
    person_id = f"00000000-0000-4000-8000-{number:012d}"
    records = tuple(Record(each, person_id, 1, "b", {"data_source": "s"}) for each in record_ids)
    return Person(person_id, version, len(records), None, person_id, (), records)  # type: ignore[arg-type]


ONE, TWO, THREE = _person(1, 3, 11, 12), _person(2, 1, 21), _person(3, 1, 31)
SHOWN = {"person-1": f"{ONE.person_id}@3", "person-2": f"{TWO.person_id}@1"}


def test_only_persons_that_gain_or_lose_are_stated_each_with_all_its_records() -> None:
    said = entered({**SHOWN, "to-11": "1", "to-12": "2", "to-21": "2"})
    assert [(each.person_id, each.version, set(each.record_ids)) for each in updates_of([ONE, TWO], said)] == [
        (ONE.person_id, 3, {11}),
        (TWO.person_id, 1, {12, 21}),
    ]
    assert updates_of([ONE, TWO], entered({**SHOWN, "to-11": "1", "to-12": "1", "to-21": "2"})) == []


def test_unknown_numbers_are_new_persons_one_for_each_number() -> None:
    said = entered({**SHOWN, "to-11": "9", "to-12": "7", "to-21": "7"})
    assert [(each.person_id, set(each.record_ids)) for each in updates_of([ONE, TWO], said)] == [
        (ONE.person_id, set()),
        (TWO.person_id, set()),
        (None, {12, 21}),
        (None, {11}),
    ]


def test_a_whole_person_moves_with_all_its_records() -> None:
    said = entered({**SHOWN, "to-11": "1", "to-12": "1", "to-21": "2", "all-1": "2"})
    assert said.to == {11: 2, 12: 2, 21: 2}


def test_numbers_keep_meaning_the_persons_they_meant() -> None:
    # Person 1 of then is gone, and another has come in before the second.
    said = Entered({21: 2, 12: 2}, {1: ("gone", 1), 2: (TWO.person_id, 1)})
    assert [(each.record_id, each.is_of, each.to) for each in placed([THREE, TWO], said)] == [(31, 1, 1), (21, 2, 2)]
    told = changed_since([THREE, TWO], said)
    assert told == [
        "person 1 of then (gone) is not part of this any more",
        f"person {THREE.person_id[:8]} has come in",
        "new here: record 31",
    ]


def test_nonsense_in_a_form_moves_nothing() -> None:
    said = entered(
        {"to-x": "1", "to-11": "two", "to-12": "-1", "to-21": "0", "to-31": "99999", "person-1": "no version"}
    )
    assert (said.to, said.persons) == ({}, {})


def test_bars_begin_where_the_one_before_ended_and_end_in_the_sum() -> None:
    told = Explanation(
        (
            ComparisonEvidence("last_name", "same", 8.0),
            ComparisonEvidence("sex", "different", -2.0),
            ComparisonEvidence("phone", "missing", 0.0),
        ),
        -10.0,
        -4.0,
        probability(-4.0),
        "",
    )
    drawn = waterfall(told, {"potential": 0.5, "automatic": probability(6.0)})
    assert [(bar.label, bar.bits, bar.kind) for bar in drawn.bars] == [
        ("before anything is compared", -10.0, "prior"),
        ("last name", 8.0, "for"),
        ("sex", -2.0, "against"),
        ("match weight", -4.0, "sum"),
    ]
    ends = [bar.left + bar.width for bar in drawn.bars]
    starts = [bar.left for bar in drawn.bars]
    assert ends[0] == pytest.approx(drawn.zero, abs=0.02)
    assert starts[1] == pytest.approx(starts[0], abs=0.02)  # From -10 up to -2,
    assert ends[2] == pytest.approx(ends[1], abs=0.02)  # and back from -2 to -4,
    assert starts[3] == pytest.approx(starts[2], abs=0.02)  # where the sum is.
    assert [line.name for line in drawn.lines] == ["potential", "automatic"]
    assert drawn.silent == ("phone",)
    assert all(bar.left >= 0 and bar.left + bar.width <= 100.1 for bar in drawn.bars)


def test_what_is_sealed_opens_only_here_unaltered_and_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Seal()
    closed = seal.close({"last_name": "Smith"})
    assert "Smith" not in closed
    assert seal.open(closed) == {"last_name": "Smith"}
    assert Seal().open(closed) is None
    assert seal.open(closed[:-4] + "AAAA") is None
    assert seal.open("x" * 100_000) is None
    assert (seal.close({}), seal.open(""), seal.open(None)) == ("", {}, {})
    later = time.time() + 25 * 3600
    monkeypatch.setattr("time.time", lambda: later)
    assert seal.open(closed) is None


def test_a_steward_is_known_by_the_name_before_the_at_sign() -> None:
    assert is_same_steward("Ann", "ann@clinic.example")
    assert is_same_steward("ann@clinic.example", "ANN@clinic.example")
    assert not is_same_steward("ann@clinic.example", "ann@lab.example")
    assert not is_same_steward("ann", "anna@clinic.example")
