"""A match model made ready to run: its SQL checked, mirrored where it is one-sided, and in Splink's own form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from empi_pipeline.linkage import expressions
from empi_pipeline.linkage.features import MODEL_COLUMNS
from empi_pipeline.linkage.model import LEARNT_FACTORS, MatchModel

if TYPE_CHECKING:
    from sqlglot import exp

ORDER_COLUMN: Final = "content_order"
"""Unique id of a record for models that are not symmetric: content first, record id second. See `CompiledModel`."""

_SETTING_DEFAULTS: Final = {
    "link_type": "dedupe_only",
    "retain_matching_columns": True,  # Otherwise Splink keeps the weights of the comparisons but not their levels.
    "retain_intermediate_calculation_columns": True,
}
_LEVEL_KEYS: Final = (
    "label_for_charts",
    "is_null_level",
    "m_probability",
    "u_probability",
    "tf_adjustment_column",
    "tf_adjustment_weight",
    "tf_minimum_u_value",
    "disable_tf_exact_match_detection",
)


_TERM_FREQUENCY_KEYS: Final = (
    "tf_adjustment_column",
    "tf_adjustment_weight",
    "tf_minimum_u_value",
    "disable_tf_exact_match_detection",
)


@dataclass(frozen=True, slots=True)
class BlockingKey:
    """One key column: the expressions of one record whose values, hashed together, must be equal."""

    name: str
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """How a blocking rule finds pairs: equal keys, and what else it demands.

    Attributes:
        left: Key column of the left record.
        right: Key column of the right record.
        condition: The whole rule over l and r where it demands more than equal keys; else None.
    """

    left: str
    right: str
    condition: str | None


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """What scoring and blocking need of a model.

    Attributes:
        columns: Record columns that the model's SQL names.
        compared_columns: Those that its comparisons name.
        comparisons: In Splink's form, SQL printed from the checked tree.
        rules: Blocking rules and, where a rule is one-sided (`l.a = r.b`), its mirror image: otherwise whether a pair
            is found would depend on which record came first.
        keys: Key columns, in order.
        lookups: (key column of new records, key column of the index) to look up.
        blocks: The rules as keys to be equal, those without further conditions each once.
        symmetric: Every comparison says the same when the records change places. If not, the sides of a pair follow
            the records' content, because arrival order must not change a weight.
    """

    columns: tuple[str, ...]
    compared_columns: tuple[str, ...]
    comparisons: tuple[dict[str, Any], ...]
    rules: tuple[str, ...]
    keys: tuple[BlockingKey, ...]
    lookups: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    symmetric: bool
    prior: float

    @property
    def unique_id(self) -> str:
        """The column that names a record towards Splink and decides which side of a pair it stands on."""
        return "record_id" if self.symmetric else ORDER_COLUMN

    def splink_settings(self, factors: Mapping[str, float]) -> dict[str, Any]:
        """Settings to hand to Splink.

        Args:
            factors: By column of `LEARNT_FACTORS`, what u of a level adjusted by it is multiplied with; the
                adjustment's weight is its power.
        """
        return {
            **_SETTING_DEFAULTS,
            "probability_two_random_records_match": self.prior,
            "unique_id_column_name": self.unique_id,
            "comparisons": [_with_factors(comparison, factors) for comparison in self.comparisons],
            "blocking_rules_to_generate_predictions": self.rules_with(""),
        }

    def rules_with(self, extra_condition: str) -> list[dict[str, Any]]:
        """The blocking rules in Splink's form."""
        return [
            {"blocking_rule": f"({rule}) {extra_condition}".strip(), "sql_dialect": "duckdb"} for rule in self.rules
        ]


def _with_factors(comparison: Mapping[str, Any], factors: Mapping[str, float]) -> dict[str, Any]:
    levels = []
    for level in comparison["comparison_levels"]:
        factor = factors.get(level.get("tf_adjustment_column", ""))
        if factor is not None:
            kept = {key: value for key, value in level.items() if key not in _TERM_FREQUENCY_KEYS}
            power = level.get("tf_adjustment_weight", 1.0)
            levels.append(kept | {"u_probability": min(1.0, level["u_probability"] * factor**power)})
        else:
            levels.append(dict(level))
    return {**comparison, "comparison_levels": levels}


def compiled(model: MatchModel) -> CompiledModel:
    """The model made ready; computed once per model (by digest)."""
    key = model.digest
    if key not in _cache:
        _cache[key] = _compile(model)
        while len(_cache) > 16:
            _cache.pop(next(iter(_cache)))
    return _cache[key]


_cache: dict[str, CompiledModel] = {}


def _compile(model: MatchModel) -> CompiledModel:
    compared: set[str] = set()
    symmetric = True
    comparisons = []
    for comparison in model.comparisons:
        levels = []
        for level in comparison["comparison_levels"]:
            sql = level["sql_condition"]
            if sql.strip().upper() != "ELSE":
                tree = expressions.parse_comparison(sql, MODEL_COLUMNS)
                compared |= {name[:-2] for name in _column_names(tree)}
                symmetric = symmetric and expressions.is_symmetric(tree)
                sql = expressions.printed(tree)
            kept = {key: level[key] for key in _LEVEL_KEYS if level.get(key) is not None}
            if "tf_adjustment_column" in kept:
                kept["tf_adjustment_column"] = kept["tf_adjustment_column"].strip('"').lower()
                if kept["tf_adjustment_column"] not in LEARNT_FACTORS:
                    compared.add(kept["tf_adjustment_column"])
            levels.append({"sql_condition": sql, **kept})
        comparisons.append({"output_column_name": comparison["output_column_name"], "comparison_levels": levels})

    blocked: set[str] = set()
    rules: dict[str, None] = {}
    keys: dict[tuple[str, ...], BlockingKey] = {}
    lookups: dict[tuple[str, str], None] = {}
    blocks: dict[Block, None] = {}
    for sql in model.blocking_rules:
        tree = expressions.parse_blocking_rule(sql, MODEL_COLUMNS)
        blocked |= _column_names(tree)
        parts = expressions.blocking_parts(tree)
        rules[expressions.printed(tree)] = None
        if not parts.symmetric:
            rules[expressions.printed(expressions.mirrored(tree))] = None
        left, right = (_key(keys, [pair[side] for pair in parts.equalities]) for side in (0, 1))
        lookups[left, right] = None
        blocks[Block(left, right, None if parts.complete else expressions.printed(tree))] = None
        if not parts.symmetric:
            lookups[right, left] = None
            mirrored = None if parts.complete else expressions.printed(expressions.mirrored(tree))
            blocks[Block(right, left, mirrored)] = None
    order = {column: position for position, column in enumerate(MODEL_COLUMNS)}
    return CompiledModel(
        columns=tuple(sorted(compared | blocked, key=order.__getitem__)),
        compared_columns=tuple(sorted(compared, key=order.__getitem__)),
        comparisons=tuple(comparisons),
        rules=tuple(rules),
        keys=tuple(keys.values()),
        lookups=tuple(lookups),
        blocks=tuple(blocks),
        symmetric=symmetric,
        prior=float(model.settings["probability_two_random_records_match"]),
    )


def _key(keys: dict[tuple[str, ...], BlockingKey], parts: list[str]) -> str:
    """The key column for these parts, which rules with the same parts share.

    The order of the parts follows the rule's equalities and so is the same on both sides of a one-sided rule.
    """
    parts_in_order = tuple(parts)
    if parts_in_order not in keys:
        keys[parts_in_order] = BlockingKey(f"k{len(keys) + 1}", parts_in_order)
    return keys[parts_in_order].name


def _column_names(tree: "exp.Expr") -> set[str]:
    from sqlglot import exp

    return {column.name.lower() for column in tree.find_all(exp.Column)}
