"""How two match models differ: level by level, rule by rule, threshold by threshold."""

import math
from dataclasses import dataclass
from typing import Any

from empi_pipeline.linkage.explanation import level_label
from empi_pipeline.linkage.model import MatchModel


@dataclass(frozen=True, slots=True)
class LevelDifference:
    """A level that two models (a and b) see differently; None where one does not have it. Weights in bits."""

    comparison: str
    level: str
    m_a: float | None
    m_b: float | None
    u_a: float | None
    u_b: float | None

    @property
    def bits_a(self) -> float | None:
        """Weight in model a."""
        return _bits(self.m_a, self.u_a)

    @property
    def bits_b(self) -> float | None:
        """Weight in model b."""
        return _bits(self.m_b, self.u_b)


def level_differences(a: MatchModel, b: MatchModel) -> list[LevelDifference]:
    """Levels whose m or u differ, or that only one of the models has; levels are known by comparison and condition."""
    of_a, of_b = _levels(a), _levels(b)
    found = []
    for key in dict.fromkeys([*of_a, *of_b]):
        first, second = of_a.get(key), of_b.get(key)
        if first is None or second is None or first[1:] != second[1:]:
            label = (first or second or ("",))[0]
            found.append(
                LevelDifference(
                    key[0],
                    str(label),
                    first[1] if first else None,
                    second[1] if second else None,
                    first[2] if first else None,
                    second[2] if second else None,
                )
            )
    return found


def setting_differences(a: MatchModel, b: MatchModel) -> dict[str, tuple[Any, Any]]:
    """Thresholds, prior, smoothing and blocking rules that differ: (of a, of b)."""
    prior = "probability_two_random_records_match"
    values = {
        "prior": (a.settings[prior], b.settings[prior]),
        "potential threshold": (a.potential_threshold, b.potential_threshold),
        "auto threshold": (a.auto_threshold, b.auto_threshold),
        "term-frequency prior": (a.term_frequency_prior, b.term_frequency_prior),
    }
    for rule in dict.fromkeys([*a.blocking_rules, *b.blocking_rules]):
        values[f"blocking rule {rule}"] = (
            "yes" if rule in a.blocking_rules else "no",
            "yes" if rule in b.blocking_rules else "no",
        )
    return {name: pair for name, pair in values.items() if pair[0] != pair[1]}


def _levels(model: MatchModel) -> dict[tuple[str, str], tuple[str, float, float]]:
    return {
        (comparison["output_column_name"], level["sql_condition"]): (
            level_label(level),
            float(level["m_probability"]),
            float(level["u_probability"]),
        )
        for comparison in model.comparisons
        for level in comparison["comparison_levels"]
        if level.get("is_null_level") is not True
    }


def _bits(m: float | None, u: float | None) -> float | None:
    return math.log2(m / u) if m and u else None
