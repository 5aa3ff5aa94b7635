"""What a match model is: Splink settings, two thresholds and how term frequencies are smoothed. Values only."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

FAMILY: Final = "family"
"""A column that is the same in every record. A level "adjusted" by it has its u multiplied by how much of a family the
records are (see `term_frequency`): what relatives share says little where there are relatives, and much where not."""

CROWD: Final = "crowd"
"""The same for the size of the index: strangers who agree by chance grow with its square, true pairs as it does."""

LEARNT_FACTORS: Final = (FAMILY, CROWD)
"""Columns that stand for one number learnt with the term frequencies, which u of a level is multiplied by."""


@dataclass(frozen=True, slots=True)
class MatchModel:
    """A complete, validated match model; build it with `validated_model` or `default_model`.

    Attributes:
        name: What people call it.
        settings: Complete Splink settings with m and u probabilities; do not change it in place.
        potential_threshold: Pairs with a probability strictly above it are stored, for stewards.
        auto_threshold: Pairs with a probability strictly above it are matched without a steward.
        term_frequency_prior: Pseudo-records that pull term frequencies towards the average, so that a model frozen
            on a handful of records does no harm; 0 for supplied models, which then behave as in plain Splink.
        digest: SHA-256 (hex) of the canonical JSON of all of the above except the name.
    """

    name: str
    settings: Mapping[str, Any]
    potential_threshold: float
    auto_threshold: float
    term_frequency_prior: float
    digest: str

    @property
    def comparisons(self) -> list[dict[str, Any]]:
        """The comparisons of the settings, in order: element i of a prediction's `levels` and `weights` is about it."""
        return cast(list[dict[str, Any]], self.settings["comparisons"])

    @property
    def comparison_names(self) -> list[str]:
        """`output_column_name` of each comparison, in order."""
        return [comparison["output_column_name"] for comparison in self.comparisons]

    @property
    def blocking_rules(self) -> list[str]:
        """The SQL of the blocking rules, in order."""
        rules = self.settings["blocking_rules_to_generate_predictions"]
        return [rule if isinstance(rule, str) else rule["blocking_rule"] for rule in rules]

    @property
    def term_frequency_columns(self) -> list[str]:
        """Columns whose values' frequency adjusts a weight, each once, in order of appearance."""
        columns = [
            level["tf_adjustment_column"].strip('"')
            for comparison in self.comparisons
            for level in comparison["comparison_levels"]
            if level.get("tf_adjustment_column")
        ]
        return list(dict.fromkeys(columns))


def digest_of(settings: Mapping[str, Any], potential: float, auto: float, term_frequency_prior: float) -> str:
    """SHA-256 (hex) of a model's canonical JSON: equal digests score alike."""
    canonical = json.dumps(
        {"settings": settings, "potential": potential, "auto": auto, "term_frequency_prior": term_frequency_prior},
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=True,
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
