"""What a training is to be remembered by: counts and probabilities, never a value of a record. Plain JSON inside."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from empi_pipeline.linkage.training.side_by_side import SideBySide


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What training did with one rule.

    Attributes:
        rule: Its SQL.
        pairs: Record pairs that it made in the sample.
        match_share: Estimated share of true pairs among them; None when it taught nothing.
        comparisons: Comparisons that it taught.
        skipped: Why it taught nothing.
    """

    rule: str
    pairs: int
    match_share: float | None
    comparisons: Sequence[str]
    skipped: str | None


@dataclass(frozen=True, slots=True)
class LevelReport:
    """One level of a comparison before and after.

    Attributes:
        comparison: Name of the comparison.
        level: What the level is called.
        m_start: m of the model that training started from.
        u_start: Its u.
        m: The trained m.
        u: The trained u.
        keeps_m: Whether m was not up to training.
        keeps_u: Whether u was not.
        estimates: m as each rule that taught this comparison had it: (number of the rule, m).
        chance_agreements: Random pairs seen at the level.
    """

    comparison: str
    level: str
    m_start: float
    u_start: float
    m: float
    u: float
    keeps_m: bool
    keeps_u: bool
    estimates: Sequence[tuple[int, float]]
    chance_agreements: int


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """A training.

    Attributes:
        seed: Of the sample.
        records: Records that could be learned from.
        sampled_records: Records that were.
        random_records: Records whose random pairs gave u.
        family_share: How much of a family the records are (0 to 1).
        prior_start: Prior of the model that training started from.
        prior_learned: Share of true pairs among all pairs, as the trained model sees it.
        prior: Prior of the trained model: the start's, unless it was asked to learn it.
        labelled_pairs: Labelled pairs that were given.
        labelled_matches: Those that are one human.
        decided_pairs: Decisions of stewards that were used.
        decided_matches: Those that are one human.
        rules: The training rules.
        levels: The levels.
        beside: The trained model beside its start, on the sample; None in reports from before this was told.
    """

    seed: int
    records: int
    sampled_records: int
    random_records: int
    family_share: float
    prior_start: float
    prior_learned: float
    prior: float
    labelled_pairs: int
    labelled_matches: int
    decided_pairs: int
    decided_matches: int
    rules: Sequence[RuleReport]
    levels: Sequence[LevelReport]
    beside: SideBySide | None = None

    def as_json(self) -> dict[str, Any]:
        """As stored."""
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "TrainingReport":
        """The inverse of `as_json`."""
        rules = [RuleReport(**rule) for rule in stored["rules"]]
        levels = [
            LevelReport(**{**level, "estimates": [(int(rule), float(m)) for rule, m in level["estimates"]]})
            for level in stored["levels"]
        ]
        beside = SideBySide(**stored["beside"]) if stored.get("beside") else None
        return TrainingReport(**{**stored, "rules": rules, "levels": levels, "beside": beside})
