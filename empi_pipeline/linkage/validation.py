"""Decides whether settings make a match model, and says where and why if not."""

import math
from collections.abc import Mapping
from typing import Any, Final

from empi_pipeline.errors import InvalidModelError
from empi_pipeline.linkage import expressions
from empi_pipeline.linkage.features import MODEL_COLUMNS
from empi_pipeline.linkage.model import FAMILY, MatchModel, digest_of

_SETTING_KEYS_TEXT: Final = """
link_type probability_two_random_records_match em_convergence max_iterations
blocking_rules_to_generate_predictions comparisons retain_matching_columns
retain_intermediate_calculation_columns additional_columns_to_retain unique_id_column_name
source_dataset_column_name match_weight_column_prefix bayes_factor_column_prefix
term_frequency_adjustment_column_prefix comparison_vector_value_column_prefix linker_uid sql_dialect
"""
_SETTING_KEYS: Final = frozenset(_SETTING_KEYS_TEXT.split())
"""Keys of a complete Splink 4 or 5 settings file; the reference system's five-key form is a part of it."""

_COMPARISON_KEYS: Final = frozenset({"output_column_name", "comparison_description", "comparison_levels"})
_LEVEL_KEYS_TEXT: Final = """
sql_condition label_for_charts is_null_level m_probability u_probability tf_adjustment_column
tf_adjustment_weight tf_minimum_u_value disable_tf_exact_match_detection fix_m_probability fix_u_probability
"""
_LEVEL_KEYS: Final = frozenset(_LEVEL_KEYS_TEXT.split())
_RULE_KEYS: Final = frozenset({"blocking_rule", "sql_dialect", "salting_partitions", "arrays_to_explode"})

MAX_COMPARISONS: Final = 50
MAX_LEVELS: Final = 50
MAX_RULES: Final = 50

Problems = list[tuple[str, str]]


def validated_model(
    name: str, settings: object, potential: float, auto: float, *, term_frequency_prior: float = 0.0
) -> MatchModel:
    """Builds a match model from Splink settings, or says everything that is wrong with them.

    Args:
        name: What people will call the model.
        settings: Splink settings (version 4 or 5) as read from JSON, with m and u probabilities.
        potential: Pairs with a probability strictly above it are stored.
        auto: Pairs with a probability strictly above it are matched automatically.
        term_frequency_prior: Pseudo-records that smooth term frequencies; 0 as in plain Splink.

    Raises:
        InvalidModelError: With (path to the field, reason) for every problem found.
    """
    problems: Problems = []
    if not isinstance(name, str) or not name.strip():
        problems.append(("name", "must be a non-empty text"))
    _check_thresholds(potential, auto, problems)
    if not isinstance(settings, Mapping):
        problems.append(("", f"must be an object with Splink settings, not {_kind(settings)}"))
    else:
        _check_settings(settings, problems)
    if problems:
        raise InvalidModelError(problems)
    assert isinstance(settings, Mapping)
    complete = _complete(settings)
    model = MatchModel(
        name=name,
        settings=complete,
        potential_threshold=float(potential),
        auto_threshold=float(auto),
        term_frequency_prior=float(term_frequency_prior),
        digest=digest_of(complete, float(potential), float(auto), float(term_frequency_prior)),
    )
    _check_that_it_runs(model)
    return model


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"link_type": "dedupe_only", **settings}


def _check_thresholds(potential: object, auto: object, problems: Problems) -> None:
    for path, value in (("potential_match_threshold", potential), ("auto_match_threshold", auto)):
        if not _is_number(value):
            problems.append((path, "must be a number"))
        elif not 0 <= float(value) <= 1:  # type: ignore[arg-type]  # _is_number has checked
            problems.append((path, "must be between 0 and 1"))
    if _is_number(potential) and _is_number(auto) and potential > auto:  # type: ignore[operator]
        problems.append(("potential_match_threshold", "must not be greater than auto_match_threshold"))


def _check_settings(settings: Mapping[str, Any], problems: Problems) -> None:
    for key in settings:
        if key not in _SETTING_KEYS:
            problems.append((str(key)[:100], "unknown field"))
    link_type = settings.get("link_type", "dedupe_only")
    if link_type != "dedupe_only":
        problems.append(("link_type", "must be dedupe_only: all data sources share one index"))
    dialect = settings.get("sql_dialect", "duckdb")
    if dialect != "duckdb":
        problems.append(("sql_dialect", "must be duckdb"))
    _check_probability(settings, "probability_two_random_records_match", "", problems, open_ends=True)
    for key in ("em_convergence", "max_iterations"):
        if key in settings and not (_is_number(settings[key]) and settings[key] > 0):
            problems.append((key, "must be a positive number"))
    _check_rules(settings.get("blocking_rules_to_generate_predictions"), problems)
    _check_comparisons(settings.get("comparisons"), problems)


def _check_rules(rules: object, problems: Problems) -> None:
    path = "blocking_rules_to_generate_predictions"
    if not _check_list(rules, path, "blocking rule", MAX_RULES, problems):
        return
    assert isinstance(rules, list)
    for position, rule in enumerate(rules):
        here = f"{path}.{position}"
        sql = rule
        if isinstance(rule, Mapping):
            _check_unknown(rule, _RULE_KEYS, here, problems)
            if rule.get("sql_dialect", "duckdb") != "duckdb":
                problems.append((f"{here}.sql_dialect", "must be duckdb"))
            if rule.get("arrays_to_explode"):
                problems.append(
                    (f"{here}.arrays_to_explode", "is not supported: candidates are looked up by plain keys")
                )
            here = f"{here}.blocking_rule"
            sql = rule.get("blocking_rule")
        if not isinstance(sql, str) or not sql.strip():
            problems.append((here, "must be a SQL condition such as l.first_name = r.first_name"))
            continue
        try:
            expressions.blocking_parts(expressions.parse_blocking_rule(sql, MODEL_COLUMNS))
        except expressions.ExpressionError as error:
            problems.append((here, str(error)))


def _check_comparisons(comparisons: object, problems: Problems) -> None:
    if not _check_list(comparisons, "comparisons", "comparison", MAX_COMPARISONS, problems):
        return
    assert isinstance(comparisons, list)
    names: set[str] = set()
    for position, comparison in enumerate(comparisons):
        here = f"comparisons.{position}"
        if not isinstance(comparison, Mapping):
            problems.append((here, f"must be an object, not {_kind(comparison)}"))
            continue
        _check_unknown(comparison, _COMPARISON_KEYS, here, problems)
        name = comparison.get("output_column_name")
        if not isinstance(name, str) or not name.isidentifier() or len(name) > 60:
            problems.append((f"{here}.output_column_name", "must be a name of letters, digits and underscores"))
        elif name.lower() in names:
            problems.append((f"{here}.output_column_name", "is used by another comparison"))
        else:
            names.add(name.lower())
        levels = comparison.get("comparison_levels")
        if _check_list(levels, f"{here}.comparison_levels", "comparison level", MAX_LEVELS, problems):
            assert isinstance(levels, list)
            _check_levels(levels, f"{here}.comparison_levels", problems)


def _check_levels(levels: list[Any], path: str, problems: Problems) -> None:
    for position, level in enumerate(levels):
        here = f"{path}.{position}"
        if not isinstance(level, Mapping):
            problems.append((here, f"must be an object, not {_kind(level)}"))
            continue
        _check_unknown(level, _LEVEL_KEYS, here, problems)
        for key in ("is_null_level", "disable_tf_exact_match_detection", "fix_m_probability", "fix_u_probability"):
            if not isinstance(level.get(key, False), bool):
                problems.append((f"{here}.{key}", "must be true or false"))
        _check_condition(level, position == len(levels) - 1, here, problems)
        if level.get("is_null_level") is not True:
            missing = [key for key in ("m_probability", "u_probability") if level.get(key) is None]
            if missing:
                problems.append((here, "m_probability and u_probability required when is_null_level is false"))
            for key in ("m_probability", "u_probability"):
                if key not in missing:
                    _check_probability(level, key, f"{here}.", problems)
        _check_term_frequency(level, levels, here, problems)


def _check_condition(level: Mapping[str, Any], last: bool, here: str, problems: Problems) -> None:
    sql = level.get("sql_condition")
    if not isinstance(sql, str) or not sql.strip():
        problems.append((f"{here}.sql_condition", "must be a SQL condition, or ELSE for the last level"))
        return
    is_else = sql.strip().upper() == "ELSE"
    if is_else and not last:
        problems.append((f"{here}.sql_condition", "ELSE must be the last level"))
    elif last and not is_else:
        problems.append((f"{here}.sql_condition", "the last level must be ELSE, or some pairs would have no weight"))
    if not is_else:
        try:
            expressions.parse_comparison(sql, MODEL_COLUMNS)
        except expressions.ExpressionError as error:
            problems.append((f"{here}.sql_condition", str(error)))


def _check_term_frequency(level: Mapping[str, Any], levels: list[Any], here: str, problems: Problems) -> None:
    column = level.get("tf_adjustment_column")
    # Where there are no relatives, what only relatives share may be worth more than their share alone says.
    highest = {"tf_adjustment_weight": 3 if column == FAMILY else 1, "tf_minimum_u_value": 1}
    for key, limit in highest.items():
        if level.get(key) is not None and not (_is_number(level[key]) and 0 <= level[key] <= limit):
            problems.append((f"{here}.{key}", f"must be a number between 0 and {limit}"))
    if column is None:
        return
    if not isinstance(column, str) or column.strip('"').lower() not in MODEL_COLUMNS:
        problems.append((f"{here}.tf_adjustment_column", "must be a record column"))
    elif level.get("disable_tf_exact_match_detection") is not True and not any(
        _demands_equality(other, column.strip('"').lower()) for other in levels if isinstance(other, Mapping)
    ):
        problems.append(
            (
                f"{here}.tf_adjustment_column",
                "needs a level of this comparison that demands equality of the column alone",
            )
        )


def _demands_equality(level: Mapping[str, Any], column: str) -> bool:
    sql = level.get("sql_condition")
    if not isinstance(sql, str) or sql.strip().upper() == "ELSE":
        return False
    try:
        return expressions.is_equality_of(expressions.parse_comparison(sql, MODEL_COLUMNS), column)
    except expressions.ExpressionError:
        return False


def _check_list(value: object, path: str, noun: str, most: int, problems: Problems) -> bool:
    if not isinstance(value, list):
        problems.append((path, "this field is required" if value is None else f"must be a list, not {_kind(value)}"))
    elif not value:
        problems.append((path, f"at least one {noun} is required"))
    elif len(value) > most:
        problems.append((path, f"more than {most} are not allowed"))
    else:
        return True
    return False


def _check_unknown(value: Mapping[str, Any], known: frozenset[str], path: str, problems: Problems) -> None:
    for key in value:
        if key not in known:
            problems.append((f"{path}.{str(key)[:100]}", "unknown field"))


def _check_probability(
    value: Mapping[str, Any], key: str, path: str, problems: Problems, *, open_ends: bool = False
) -> None:
    probability = value.get(key)
    if probability is None:
        problems.append((f"{path}{key}", "this field is required"))
    elif not _is_number(probability):
        problems.append((f"{path}{key}", f"must be a number, not {_kind(probability)}"))
    elif not 1e-300 <= probability <= 1 or (open_ends and probability == 1):
        problems.append((f"{path}{key}", "must be greater than 0 and " + ("less than 1" if open_ends else "at most 1")))


def _check_that_it_runs(model: MatchModel) -> None:
    """Runs the model on no records: finds what only the database can, such as a function with wrong arguments."""
    import duckdb

    from empi_pipeline.linkage.trial import trial_problems

    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as con:
        problems = trial_problems(con, model)
    if problems:
        raise InvalidModelError(problems)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: object) -> str:
    names = {
        type(None): "null",
        bool: "true or false",
        str: "a text",
        int: "a number",
        float: "a number",
        list: "a list",
    }
    return names.get(type(value), "an object")
