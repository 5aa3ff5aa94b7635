"""What `empi explain` says decided about two records, in words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from empi_pipeline.cli.explain import decided_by
from empi_pipeline.identity.decision_queries import DecisionInForce
from empi_pipeline.identity.evidence import Guards
from empi_pipeline.identity.pair_facts import Conflict, PairFacts, pair_facts
from empi_pipeline.linkage.explanation import Explanation
from empi_pipeline.linkage.pair_explanation import PairExplanation, Verdict
from empi_pipeline.postgres import Connection
from empi_pipeline_tests.cli.conftest import Empi
from empi_pipeline_tests.identity.world import World


def pair(verdict: Verdict = "auto-match", rules: tuple[str, ...] = ("l.a = r.a",)) -> PairExplanation:
    return PairExplanation(1, 2, 7, "m", Explanation((), -10.0, 9.0, 0.998, ""), 0.5, 0.99, verdict, rules, 3)


def decision(kind: str, left: int = 1, right: int = 2) -> DecisionInForce:
    return DecisionInForce(kind, left, right, 41, "ann", datetime(2026, 1, 1, tzinfo=UTC), None, None, None)


def facts(persons: str = "pq", **known: Any) -> PairFacts:
    nothing: dict[str, Any] = {
        "decision": None,
        "decisions_between": [],
        "conflict": None,
        "conflict_between": None,
        "cases": [],
    }
    return PairFacts(persons[0], persons[1], **(nothing | known))


TWINS = Conflict(1, 2, "given_name", "The given names clearly differ.")


@pytest.mark.parametrize(
    ("told", "known", "said"),
    [
        (pair(), facts("pp"), "They are one person by their score."),
        (
            pair(),
            facts("pp", cases=[(12, "overlay", "Why.")]),
            "They are one person by their score. Whether they are is asked in case 12.",
        ),
        (pair("potential match"), facts("pp"), "They are one person through other records of it"),
        (
            pair(),
            facts("pp", decision=decision("must_link")),
            "A steward decided that they are one person (change 41).",
        ),
        # A steward is stronger than any score, and than a guard.
        (
            pair(),
            facts(decision=decision("cannot_link"), conflict=TWINS),
            "A steward decided that they are two people (change 41).",
        ),
        (
            pair(),
            facts(decisions_between=[decision("cannot_link", 3, 4)]),
            "A steward decided that records 3 and 4 of these two persons are two people",
        ),
        (pair(), facts(conflict=TWINS), "A guard keeps them apart in spite of the score: The given names clearly"),
        (
            pair(),
            facts(conflict_between=Conflict(3, 2, "sex", "The sexes differ.")),
            "A guard keeps their persons apart in spite of the score (records 3 and 2): The sexes differ.",
        ),
        # Without a score to overrule, a guard did not decide.
        (pair("below the thresholds"), facts(conflict=TWINS), "The score is below the thresholds."),
        (
            pair("potential match"),
            facts(cases=[(12, "potential_match", "potential_match")]),
            "The score leaves it to a steward: case 12.",
        ),
        (
            pair(),
            facts(
                cases=[(12, "conflict", "Why.")],
                conflict_between=Conflict(3, 2, "sex", "The sexes differ."),
            ),
            "They were not joined in spite of the score (case 12). Why.",
        ),
        (pair(rules=()), facts(), "They would match, but no blocking rule compares them"),
        (pair(), facts(), "They would match under this model; the index was matched before it"),
        (pair(), None, "By its score alone the pair is: auto-match."),
    ],
)
def test_the_strongest_reason_is_told(told: PairExplanation, known: PairFacts | None, said: str) -> None:
    assert decided_by(told, known).startswith(said)


def test_what_kept_two_records_apart_is_told_in_words_and_of_the_right_records(connection: Connection) -> None:
    """Jo and Joan are one person when Jan comes, who is most like Jo, but cannot be Joan."""
    world = World(connection, guards=Guards())
    world.load({"a": {}, "b": {"first_name": "joan"}}, [("a", "b", 0.99)])
    world.load({"k": {"first_name": "jan"}}, [("a", "k", 0.999)])
    a, b, k = (world.ids[name] for name in "abk")
    (conflict,) = world.cases("conflict")
    assert decided_by(pair(), pair_facts(connection, a, k, world.policy)) == (
        f"They were not joined in spite of the score (case {conflict}). The evidence says one human, but joining"
        f" them would bring records {b} and {k} together, which cannot be one: first_name"
    )
    (overlay,) = world.cases("overlay")
    assert decided_by(pair(), pair_facts(connection, a, b, world.policy)) == (
        f"They are one person by their score. Whether they are is asked in case {overlay}."
    )
    assert decided_by(pair(), pair_facts(connection, k, b, world.policy)) == (
        "A guard keeps them apart in spite of the score: first_name"
    )


def test_a_record_must_be_named_in_full(empi: Empi) -> None:
    ran = empi("explain", "hospital", "2")
    assert ran.code == 2
    assert "DATA_SOURCE/SOURCE_PERSON_ID" in ran.err
    assert empi("explain", "1", "1").code == 2
    assert empi("explain", "hospital/nobody", "2").code == 4
