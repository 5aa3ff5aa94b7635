"""A review case as the page shows it: the question, its pairs with reasons and weights, what was done and noted."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from empi_pipeline.api.access import User
from empi_pipeline.identity.case_reasons import obstacle_in_words
from empi_pipeline.identity.notes import Note, notes_about
from empi_pipeline.identity.obstacles import obstacles
from empi_pipeline.identity.policy import Policy
from empi_pipeline.identity.queries import Case, DecisionInForce, Pair, show_case
from empi_pipeline.linkage import explain, registry
from empi_pipeline.linkage.pair_explanation import explain_records
from empi_pipeline.postgres import Connection
from empi_pipeline.scratch import open_scratch
from empi_pipeline.sql import load
from empi_pipeline.stewardship.arrangement import Entered
from empi_pipeline.stewardship.records_view import RecordsView, records_view, standardised, with_extras
from empi_pipeline.stewardship.scope import decisions_seen, seen_by
from empi_pipeline.stewardship.waterfall import Waterfall, waterfall

MOST_PAIRS: Final = 200
"""Pairs listed; of more the strongest."""

KINDS: Final = {
    "overlay": ("Overlay", "Are the records of this one person really one human?"),
    "conflict": ("Conflict", "Evidence says one human, a decision or a rule says two. Which holds?"),
    "potential_match": ("Potential match", "Are these persons one human?"),
}
"""Kind -> what it is called, and what it asks."""


@dataclass(frozen=True, slots=True)
class PairView:
    """A pair in question. `drawn` and `sentence` are there for the chosen pair where it was scored."""

    left: int
    right: int
    match_weight: float | None
    match_probability: float | None
    told: str | None
    is_chosen: bool
    sentence: str | None = None
    drawn: Waterfall | None = None

    @property
    def key(self) -> str:
        """As forms name it."""
        return f"{self.left}-{self.right}"


@dataclass(frozen=True, slots=True)
class CaseStep:
    """Something that happened to the case: opened, decided, closed."""

    change_id: int
    at: datetime
    kind: str
    actor: str
    batch_id: str | None
    note: str | None
    undoes_change_id: int | None
    taken_back_by: int | None
    what: tuple[str, ...]

    @property
    def can_be_undone(self) -> bool:
        """Whether a steward did it and it still stands."""
        return self.kind in {"decision", "undo"} and self.taken_back_by is None


@dataclass(frozen=True, slots=True)
class CaseView:
    """All that the page of a case needs; `withheld`: records that are not for the user's eyes."""

    case: Case
    records: RecordsView
    pairs: tuple[PairView, ...]
    explained: PairView | None
    pair_count: int
    steps: tuple[CaseStep, ...]
    notes: tuple[Note, ...]
    decisions: tuple[DecisionInForce, ...]
    withheld: int

    @property
    def title(self) -> str:
        """What kind of case it is."""
        return KINDS[self.case.kind][0]

    @property
    def question(self) -> str:
        """What it asks."""
        return KINDS[self.case.kind][1]


def case_view(
    connection: Connection,
    case_id: int,
    policy: Policy,
    said: Entered,
    user: User,
    chosen: tuple[int, int] | None = None,
    compared: tuple[int, int] | None = None,
) -> CaseView:
    """Read a case for its page.

    Args:
        connection: An open connection.
        case_id: The case.
        policy: What identity goes by.
        said: What was entered so far.
        user: Who looks.
        chosen: The pair to explain; the strongest when None or not of the case.
        compared: Any two records of the case to score now and explain in its place, asked about or not.

    Raises:
        NotFoundError: There is no such case, or nothing of it is for this user.
    """
    case = show_case(connection, case_id)
    persons, withheld = seen_by(user, case.persons)
    mine = {record.record_id for person in persons for record in person.records}
    if withheld:  # Levels and sentences about a record tell what it says.
        case = replace(
            case,
            pairs=tuple(pair for pair in case.pairs if {pair.record_id_l, pair.record_id_r} <= mine),
            decisions=decisions_seen(case.decisions, mine),
        )
    asked = {(pair.record_id_l, pair.record_id_r) for pair in case.pairs}
    if chosen not in asked and case.pairs:
        chosen = (case.pairs[0].record_id_l, case.pairs[0].record_id_r)
    if compared is not None and (compared[0] == compared[1] or not set(compared) <= mine):
        compared = None
    words = [pair.reason_in_words for pair in case.pairs] if withheld else _told(connection, case, policy)
    listed = [
        (pair, told)
        for place, (pair, told) in enumerate(zip(case.pairs, words, strict=True))
        if place < MOST_PAIRS or (pair.record_id_l, pair.record_id_r) == chosen
    ]
    pairs = tuple(_pair_view(connection, pair, told, None if compared else chosen) for pair, told in listed)
    explained = next((pair for pair in pairs if pair.is_chosen), None)
    if compared is not None:
        told = next((told for pair, told in listed if {pair.record_id_l, pair.record_id_r} == set(compared)), None)
        explained = _scored_now(connection, compared, told)
    records = [record.record_id for person in case.persons for record in person.records]
    steps = connection.execute(load("stewardship/case_history"), {"case_id": case_id, "record_ids": records}).fetchall()
    return CaseView(
        case,
        # What was entered about a case that is closed by now has nowhere to go.
        records_view(
            with_extras(connection, persons),
            said if case.status == "open" else Entered({}, {}),
            standardised(connection, persons),
            pair=compared or chosen,
        ),
        pairs,
        explained,
        len(case.pairs),
        tuple(_step(row, with_note=not withheld) for row in reversed(steps)),
        () if withheld else tuple(reversed(notes_about(connection, case_id=case_id))),
        case.decisions,
        withheld,
    )


def _step(row: Sequence[Any], *, with_note: bool) -> CaseStep:
    *plain, what = row
    values: list[Any] = [*plain, tuple(what)]
    step = CaseStep(*values)
    return step if with_note else replace(step, note=None)


def _pair_view(connection: Connection, pair: Pair, told: str | None, chosen: tuple[int, int] | None) -> PairView:
    is_chosen = (pair.record_id_l, pair.record_id_r) == chosen
    sentence, drawn = None, None
    if is_chosen and pair.model_id is not None and pair.levels is not None and pair.weights is not None:
        model = registry.get(connection, pair.model_id).model
        if len(pair.levels) == len(model.comparisons):
            explanation = explain(model, pair.levels, pair.weights)
            sentence = explanation.sentence
            thresholds = {"potential": model.potential_threshold, "automatic": model.auto_threshold}
            drawn = waterfall(explanation, thresholds)
    return PairView(
        pair.record_id_l,
        pair.record_id_r,
        pair.match_weight,
        pair.match_probability,
        told,
        is_chosen,
        sentence,
        drawn,
    )


def _scored_now(connection: Connection, pair: tuple[int, int], told: str | None) -> PairView:
    """Two records as the active model would score them; of pairs that it never compared, too."""
    registered = registry.active(connection)
    left, right = sorted(pair)
    if registered is None:
        return PairView(left, right, None, None, told, is_chosen=True)
    with open_scratch(threads=1) as scratch:
        scored = explain_records(connection, scratch, registered, left, right)
    thresholds = {"potential": scored.potential_threshold, "automatic": scored.auto_threshold}
    found = scored.explanation
    return PairView(
        left,
        right,
        found.match_weight,
        found.match_probability,
        told or "Not one of the pairs in question; scored just now.",
        is_chosen=True,
        sentence=found.sentence,
        drawn=waterfall(found, thresholds),
    )


_KNOWN: OrderedDict[tuple[Any, ...], list[str | None]] = OrderedDict()
"""Sentences of cases looked at lately, by case, version and identity change; clustering anew takes a while."""
_MOST_KNOWN: Final = 64


def _told(connection: Connection, case: Case, policy: Policy) -> list[str | None]:
    """Per pair what stands in the way of a join, in words."""
    words = [pair.reason_in_words for pair in case.pairs]
    if case.status != "open" or case.kind == "potential_match":
        return words
    newest = connection.execute("select max(change_id) from identity.changes").fetchone()
    key = (connection.info.dsn, case.case_id, case.version, newest and newest[0])
    if key not in _KNOWN:
        persons = {person.person_id for person in case.persons}
        for place, obstacle in enumerate(obstacles(connection, case, policy)):
            if obstacle is not None:
                asked = (case.pairs[place].record_id_l, case.pairs[place].record_id_r)
                words[place] = obstacle_in_words(obstacle, case.kind, asked, persons)
        _KNOWN[key] = words
        while len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    return _KNOWN[key]
