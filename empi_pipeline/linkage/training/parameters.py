"""The probabilities of a model as arrays: which of them training may change, and what pseudo-counts make of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from empi_pipeline.linkage.explanation import level_label
from empi_pipeline.linkage.model import LEARNT_FACTORS, MatchModel

Floats = NDArray[np.float64]

M_PSEUDO_MATCHES: Final = 200.0
"""How many true pairs the start model is worth against the pairs that m was estimated from."""

U_PSEUDO_COUNT: Final = 10.0
"""How many chance agreements the start model is worth at each level, against those seen among random pairs."""

MOST_BITS: Final = 4.0
"""How far one training may move log2 of an m: expectation maximisation goes wrong unseen, and from a new source come
errors that the records of today do not have. To go further, train again from what was trained. u is measured."""

_SMALLEST: Final = 1e-9
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Parameters:
    """m and u of one comparison, level by level from top to bottom, without the level for missing values.

    Attributes:
        name: `output_column_name` of the comparison.
        labels: What the levels are called.
        m: Chance that two records of one human reach the level, given that they have values.
        u: The same for records of two humans.
        keeps_m: Levels whose m training leaves alone.
        keeps_u: Levels whose u training leaves alone.
    """

    name: str
    labels: tuple[str, ...]
    m: Floats
    u: Floats
    keeps_m: NDArray[np.bool_]
    keeps_u: NDArray[np.bool_]

    @property
    def is_kept(self) -> bool:
        """Whether nothing of it may change."""
        return bool(self.keeps_m.all() and self.keeps_u.all())


def parameters_of(model: MatchModel) -> list[Parameters]:
    """The probabilities of a model, comparison by comparison."""
    return [_parameters(comparison) for comparison in model.comparisons]


def _parameters(comparison: Mapping[str, Any]) -> Parameters:
    levels = list(compared_levels(comparison))
    m = np.array([level["m_probability"] for level in levels], float)
    u = np.array([level["u_probability"] for level in levels], float)
    of_relatives = np.array([level.get("tf_adjustment_column") in LEARNT_FACTORS for level in levels])
    fixed_m, fixed_u = (
        np.array([level.get(f"fix_{kind}_probability") is True for level in levels]) for kind in ("m", "u")
    )
    # A level worth nothing on purpose: what it says is counted by another comparison.
    neutral = m == u
    return Parameters(
        name=comparison["output_column_name"],
        labels=tuple(level_label(level) for level in levels),
        m=m,
        u=u,
        # What keeps relatives apart is never learned from pairs that nobody looked at: they would be taken for one.
        keeps_m=fixed_m | neutral | (of_relatives & (m <= u)),
        # u of such a level is a chance among people who share a home already, not among random pairs.
        keeps_u=fixed_u | neutral | of_relatives,
    )


def compared_levels(comparison: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The levels of a comparison but the one for missing values."""
    return (level for level in comparison["comparison_levels"] if level.get("is_null_level") is not True)


def shrunk_m(of: Parameters, shares: Floats, matches: float, pseudo_matches: float = M_PSEUDO_MATCHES) -> Parameters:
    """New m: (n * estimate + k * start) / (n + k), over the levels that may change; they keep their sum.

    Args:
        of: The start.
        shares: Estimated m of every level; those of levels that are kept do not count.
        matches: n, how many true pairs with values the estimate rests on.
        pseudo_matches: k, what the start is worth.
    """
    free = ~of.keeps_m
    seen = np.where(free, shares, 0.0)
    if matches <= 0 or seen.sum() <= 0 or of.m[free].sum() <= 0:
        return of
    whole = max(1.0 - of.m[~free].sum(), _SMALLEST)
    estimated = seen / seen.sum() * whole
    start = of.m / of.m[free].sum() * whole
    mixed = (matches * estimated + pseudo_matches * start) / (matches + pseudo_matches)
    return _with(of, m=np.where(free, _rounded(mixed), of.m))


def shrunk_u(of: Parameters, counts: Floats, pairs: float, pseudo_count: float = U_PSEUDO_COUNT) -> Parameters:
    """New u: (count + a) / (pairs + a / start), a Gamma prior worth `a` chance agreements at each level.

    A level that random pairs hardly ever reach stays where it was, a common one follows the data.

    Args:
        of: The start.
        counts: Random pairs at each level.
        pairs: Random pairs with values.
        pseudo_count: a.
    """
    if pairs <= 0:
        return of
    mixed = (counts + pseudo_count) / (pairs + pseudo_count / of.u)
    return _with(of, u=np.where(of.keeps_u, of.u, _rounded(mixed)))


def bounded(start: Parameters, new: Parameters) -> Parameters:
    """New probabilities with every m within `MOST_BITS` of the start."""
    factor = 2.0**MOST_BITS
    held = np.clip(new.m, start.m / factor, np.minimum(start.m * factor, 1.0))
    return _with(new, m=np.where(held == new.m, new.m, _rounded(held)))


def held_where_unseen(
    start: Parameters, new: Parameters, by_chance: NDArray[np.bool_], by_truth: NDArray[np.bool_]
) -> Parameters:
    """New probabilities, but held where they would be made of pseudo-counts.

    A level seen neither among random pairs nor true ones stays as it was: the ratio of two pseudo-counts says nothing.
    A level seen among random pairs only is no better evidence than it was at the start.

    Args:
        start: Before.
        new: After.
        by_chance: Levels that random pairs were seen at.
        by_truth: Levels that true pairs (expected or judged) were seen at.
    """
    seen = by_chance | by_truth
    m = np.where(seen, new.m, start.m)
    u = np.where(seen, new.u, start.u)
    no_better = np.minimum(m, _rounded(u * start.m / start.u))
    return _with(new, m=np.where(by_truth | new.keeps_m, m, no_better), u=u)


def _rounded(probabilities: Floats) -> Floats:
    """Nine significant digits: sums of floats differ in the last ones with the order of rows, a model must not."""
    bounded = np.clip(probabilities, _SMALLEST, 1.0)
    return np.array([float(f"{value:.{_DIGITS - 1}e}") for value in bounded])


def with_u(of: Parameters, u: Floats) -> Parameters:
    """The same with another u."""
    return _with(of, u=u)


def _with(of: Parameters, m: Floats | None = None, u: Floats | None = None) -> Parameters:
    return Parameters(of.name, of.labels, of.m if m is None else m, of.u if u is None else u, of.keeps_m, of.keeps_u)


def settings_with(model: MatchModel, parameters: list[Parameters], prior: float) -> dict[str, Any]:
    """The settings of a model with other probabilities."""
    comparisons = []
    for comparison, new in zip(model.comparisons, parameters, strict=True):
        place = iter(range(len(new.m)))
        levels = []
        for level in comparison["comparison_levels"]:
            if level.get("is_null_level") is True:
                levels.append(dict(level))
                continue
            at = next(place)
            levels.append({**level, "m_probability": float(new.m[at]), "u_probability": float(new.u[at])})
        comparisons.append({**comparison, "comparison_levels": levels})
    return {
        **model.settings,
        "comparisons": comparisons,
        "probability_two_random_records_match": float(f"{prior:.{_DIGITS - 1}e}"),
    }
