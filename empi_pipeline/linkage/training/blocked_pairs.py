"""m by expectation maximisation (Winkler 1988, by Splink): how records of one human agree, without being told which.

A rule of the model makes pairs, of which some part are true; the comparisons that do not look at the rule's columns
tell them apart, with u known and m started from the start model. Rules are biased each in its own way, by what they
block on; the median over the rules is not much.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from empi_pipeline.linkage.compiled import CompiledModel
from empi_pipeline.linkage.training.pairs import (
    bare_settings,
    columns_of_rule,
    pairs_with_values,
    rule_on_copies,
    shares_of,
    splink_on,
    trained_columns,
)
from empi_pipeline.linkage.training.parameters import Floats, Parameters

if TYPE_CHECKING:
    from splink import DuckDBAPI

_LOG = logging.getLogger(__name__)

MORE_RULES: Final = (
    "l.birth_date = r.birth_date and l.house_number = r.house_number and l.street = r.street",
    "l.house_number = r.house_number and l.street = r.street and l.birth_year = r.birth_year",
    "l.birth_date = r.birth_date and l.phone = r.phone",
)
"""Rules to train with beside those of the model, which may all look at names."""

FEWEST_COMPARISONS: Final = 3
"""Two kinds of pairs cannot be told apart by fewer than three independent observations (Goodman 1974)."""

FEWEST_MATCHES: Final = 50
"""A rule with fewer true pairs (expected) says nothing."""

_START_SHARE: Final = 0.01
"""Share of true pairs that EM starts from. From a high share it would take families for persons."""

_MOST_ITERATIONS: Final = 25
_CONVERGED: Final = 1e-4


@dataclass(frozen=True, slots=True)
class RuleEstimate:
    """What one rule taught.

    Attributes:
        rule: Its SQL.
        pairs: Record pairs that it makes in the sample.
        match_share: Estimated share of true pairs among them; None when it was skipped.
        shares: By comparison: the estimated m of each level.
        matches: By comparison: the true pairs with values (expected) that they rest on.
        skipped: Why it taught nothing; None when it did.
    """

    rule: str
    pairs: int
    match_share: float | None
    shares: dict[str, Floats]
    matches: dict[str, float]
    skipped: str | None = None


def estimate_by_rules(
    con: duckdb.DuckDBPyConnection,
    table: str,
    ready: CompiledModel,
    comparisons: Sequence[dict[str, Any]],
    start: Sequence[Parameters],
    most_pairs: int,
) -> list[RuleEstimate]:
    """Runs EM with every rule of the model and a few more; a rule that fails is skipped with its reason.

    Args:
        con: A DuckDB connection (scratch).
        table: The sample (`training_table`).
        ready: The model.
        comparisons: Those of the model as written (`MatchModel.comparisons`).
        start: Its probabilities, with u as it is to be used.
        most_pairs: Pairs of a rule beyond which a part of them must do.
    """
    columns = [trained_columns(comparison, of) for comparison, of in zip(comparisons, start, strict=True)]
    rules = list(dict.fromkeys([*ready.rules, *MORE_RULES]))
    with splink_on(con) as api:
        return [_by_rule(con, api, table, ready, rule, columns, start, most_pairs) for rule in rules]


def _by_rule(
    con: duckdb.DuckDBPyConnection,
    api: "DuckDBAPI",
    table: str,
    ready: CompiledModel,
    rule: str,
    columns: Sequence[set[str]],
    start: Sequence[Parameters],
    most_pairs: int,
) -> RuleEstimate:
    def skipped(reason: str) -> RuleEstimate:
        return RuleEstimate(rule, pairs, None, {}, {}, reason)

    copied = rule_on_copies(rule)
    blocked = columns_of_rule(rule)
    pairs, _ = pairs_with_values(con, table, [], copied)
    if pairs < FEWEST_MATCHES:
        return skipped("too few pairs")
    _, with_values = pairs_with_values(con, table, ready.comparisons, copied)
    taking_part = [
        at
        for at, own in enumerate(columns)
        if own and not own & blocked and with_values[at] >= FEWEST_MATCHES and not start[at].keeps_m.all()
    ]
    if len(taking_part) < FEWEST_COMPARISONS:
        return skipped("too few comparisons with values that do not look at its columns")
    settings = bare_settings(
        [ready.comparisons[at] for at in taking_part], [start[at] for at in taking_part], _START_SHARE
    )
    settings |= {"max_iterations": _MOST_ITERATIONS, "em_convergence": _CONVERGED}
    try:
        match_share, shares = _expectation_maximisation(api, table, settings, copied, most_pairs)
    except Exception as error:
        # Splink fails in several ways on degenerate pairs (a share of exactly 1, a level that dies out).
        _LOG.debug("a training rule failed with %s", type(error).__name__)
        return skipped(f"expectation maximisation failed ({type(error).__name__})")
    matches = {start[at].name: match_share * with_values[at] for at in taking_part}
    usable = {name: found for name, found in shares.items() if matches[name] >= FEWEST_MATCHES}
    if not usable:
        return skipped("too few true pairs")
    return RuleEstimate(rule, pairs, match_share, usable, {name: matches[name] for name in usable})


def _expectation_maximisation(
    api: "DuckDBAPI", table: str, settings: dict[str, Any], rule: str, most_pairs: int
) -> tuple[float, dict[str, Floats]]:
    """Share of true pairs and m of each level; tried again with the share held where it runs away to 1."""
    from splink import Linker

    held = False
    while True:
        linker = Linker(api.register(table), settings, validate_settings=False, log_level=None)
        try:
            session = linker.training.estimate_parameters_using_expectation_maximisation(
                rule,
                estimate_without_term_frequencies=True,
                fix_u_probabilities=True,
                fix_probability_two_random_records_match=held,
                max_pairs=most_pairs,
            )
            break
        except Exception:
            if held:
                raise
            held = True
            settings = {**settings, "probability_two_random_records_match": 0.9}
    trained = session.core_model_settings
    shares = {
        comparison.output_column_name: shares_of(
            [level.m_probability or 0.0 for level in comparison.comparison_levels if not level.is_null_level]
        )
        for comparison in trained.comparisons
    }
    share = float(trained.probability_two_random_records_match)
    if not 0 < share <= 1 or not all(np.isfinite(found).all() for found in shares.values()):
        raise ValueError("degenerate")
    return share, shares


def median_of(estimates: Sequence[RuleEstimate], of: Parameters) -> tuple[Floats, float] | None:
    """The median over the rules of each level's m (of the levels that may change), and of the true pairs behind it."""
    free = ~of.keeps_m
    found = [
        (estimate.shares[of.name] * free, estimate.matches[of.name])
        for estimate in estimates
        if of.name in estimate.shares and (estimate.shares[of.name] * free).sum() > 0
    ]
    if not found:
        return None
    middle = np.median([shares / shares.sum() for shares, _ in found], axis=0)
    return shares_of(middle), float(np.median([matches for _, matches in found]))
