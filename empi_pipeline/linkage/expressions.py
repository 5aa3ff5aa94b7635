"""Reads the SQL of a match model: parsed, restricted to expressions over record columns, taken apart and mirrored.

A model comes from a user. Its SQL never runs as written: what runs is printed from the tree that was checked here, so
the checker and the database cannot disagree about what it says. sqlglot is imported on first use.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot import exp

MAX_EXPRESSION_CHARACTERS: Final = 20_000
"""Longer SQL is refused before parsing: parsers are recursive."""

_PLAIN_NODES_TEXT: Final = """
column identifier literal boolean null and or not paren eq neq gt gte lt lte is in between like ilike add sub
mul div intdiv mod neg case if bracket slice array tuple datatype datatypeparam dpipe concat coalesce cast
trycast interval nullsafeeq nullsafeneq nullif greatest least alias var
"""
_PLAIN_NODES: Final = frozenset(_PLAIN_NODES_TEXT.split())
"""Kinds of syntax that only combine values. `alias` and `var` are wanted inside types and intervals only."""

_FUNCTIONS_TEXT: Final = """
abs lower upper trim ltrim rtrim substr substring left right length len reverse replace split_part
str_position strpos contains starts_with ends_with prefix suffix regexp_matches regexp_extract regexp_replace
concat concat_ws translate ascii strip_accents levenshtein damerau_levenshtein jaro_similarity
jaro_winkler_similarity jaccard hamming mismatches editdist3 coalesce nullif ifnull greatest least round floor
ceil ceiling sqrt power pow exp ln log log2 log10 sign sin cos asin acos atan atan2 radians degrees year month
day date_part datepart date_diff datediff date_sub datesub epoch strptime try_strptime to_timestamp make_date
list_has_any list_has_all list_contains list_intersect list_distinct list_value list_sort array_length
list_length list_has array_contains array_has array_has_any array_intersect list_cosine_similarity
string_split str_split cos_similarity array_overlaps
"""
_FUNCTIONS: Final = frozenset(_FUNCTIONS_TEXT.split())
"""Functions a model may call: pure, of their arguments only. Nothing that reads, waits, or differs between calls."""

_TYPES_TEXT: Final = """
VARCHAR TEXT CHAR NVARCHAR BOOLEAN TINYINT SMALLINT INT INTEGER BIGINT FLOAT DOUBLE DECIMAL DATE TIMESTAMP
USMALLINT UINT UBIGINT UTINYINT ARRAY LIST INTERVAL
"""
_TYPES: Final = frozenset(_TYPES_TEXT.split())


class ExpressionError(ValueError):
    """SQL of a model was refused; the message says why and holds no record value."""


@dataclass(frozen=True, slots=True)
class BlockingParts:
    """A blocking rule taken apart: `equalities` are (expression on the left record, on the right record).

    Attributes:
        equalities: What must be equal.
        symmetric: The rule says the same when left and right record change places.
        complete: The rule demands these equalities and nothing else.
    """

    equalities: tuple[tuple[str, str], ...]
    symmetric: bool
    complete: bool


def parse_comparison(sql: str, columns: Collection[str]) -> "exp.Expr":
    """The tree of a comparison level's condition over `<column>_l` and `<column>_r`.

    Raises:
        ExpressionError: It does not parse or is more than an expression over record columns.
    """
    from sqlglot import exp

    tree = _parse(sql)
    known = {column.lower() for column in columns}
    for column in tree.find_all(exp.Column):
        name = column.name.lower()
        if column.table:
            raise ExpressionError("columns are written as column_l and column_r, without a table")
        if name[-2:] not in ("_l", "_r"):
            raise ExpressionError(f"column {_shown(column.name)} must end in _l or _r")
        if name[:-2] not in known:
            raise ExpressionError(f"unknown column {_shown(column.name[:-2])}")
    return tree


def parse_blocking_rule(sql: str, columns: Collection[str]) -> "exp.Expr":
    """The tree of a blocking rule over `l.<column>` and `r.<column>`.

    Raises:
        ExpressionError: It does not parse or is more than an expression over record columns.
    """
    from sqlglot import exp

    tree = _parse(sql)
    known = {column.lower() for column in columns}
    for column in tree.find_all(exp.Column):
        if column.table.lower() not in ("l", "r"):
            raise ExpressionError(f"column {_shown(column.name)} must be written as l.column or r.column")
        if column.name.lower() not in known:
            raise ExpressionError(f"unknown column {_shown(column.name)}")
    return tree


def blocking_parts(tree: "exp.Expr") -> BlockingParts:
    """The equalities between one record and the other that a parsed blocking rule demands.

    Raises:
        ExpressionError: There is none, so candidates could not be looked up by a key.
    """
    from sqlglot import exp

    equalities = []
    conditions = _conjuncts(tree)
    for condition in conditions:
        if not isinstance(condition, exp.EQ):
            continue
        sides = [
            {column.table.lower() for column in side.find_all(exp.Column)}
            for side in (condition.this, condition.expression)
        ]
        if sides == [{"l"}, {"r"}]:
            equalities.append((_one_sided(condition.this), _one_sided(condition.expression)))
        elif sides == [{"r"}, {"l"}]:
            equalities.append((_one_sided(condition.expression), _one_sided(condition.this)))
    if not equalities:
        raise ExpressionError("needs at least one equality between l and r, joined by AND, to look candidates up by")
    return BlockingParts(
        tuple(sorted(set(equalities))), _normal(tree) == _normal(mirrored(tree)), len(equalities) == len(conditions)
    )


def is_symmetric(tree: "exp.Expr") -> bool:
    """Whether a condition says the same when left and right record change places."""
    return _normal(tree) == _normal(mirrored(tree))


def is_equality_of(tree: "exp.Expr", column: str) -> bool:
    """Whether a comparison condition is just `column_l = column_r`."""
    return _normal(tree) == _normal(_parse(f'"{column}_l" = "{column}_r"'))


def mirrored(tree: "exp.Expr") -> "exp.Expr":
    """The same condition with left and right record exchanged."""
    from sqlglot import exp

    copy: exp.Expr = tree.copy()
    for column in copy.find_all(exp.Column):
        if column.table:
            column.set("table", exp.to_identifier("r" if column.table.lower() == "l" else "l"))
        else:
            name = column.name
            swapped = name[:-1] + ("r" if name[-1].lower() == "l" else "l")
            column.set("this", exp.to_identifier(swapped, quoted=True))
    return copy


def printed(tree: "exp.Expr") -> str:
    """The SQL that runs: the checked tree, printed for DuckDB without comments."""
    return tree.sql(dialect="duckdb", comments=False)


def _parse(sql: str) -> "exp.Expr":
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_EXPRESSION_CHARACTERS:
        raise ExpressionError(f"longer than {MAX_EXPRESSION_CHARACTERS} characters")
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n")[0]
        raise ExpressionError(f"does not parse as a DuckDB expression: {_plain(reason)}") from None
    if len(statements) != 1 or statements[0] is None:
        raise ExpressionError("must be exactly one expression")
    tree = statements[0]
    assert isinstance(tree, exp.Expr)
    for node in tree.walk():
        _refuse_unless_plain(node)
    return tree


def _refuse_unless_plain(node: "exp.Expr") -> None:
    from sqlglot import exp

    if isinstance(node, exp.DataType):
        kind = node.this.value if hasattr(node.this, "value") else str(node.this)
        if kind not in _TYPES:
            raise ExpressionError(f"type {_shown(kind)} is not allowed")
    elif isinstance(node, exp.Anonymous):
        if node.name.lower() not in _FUNCTIONS:
            raise ExpressionError(f"function {_shown(node.name)} is not allowed")
    elif isinstance(node, exp.Func) and node.key not in _PLAIN_NODES:
        names = {name.lower() for name in type(node).sql_names()} | {_printed_function(node)}
        if not names & _FUNCTIONS:
            raise ExpressionError(f"function {_shown(min(names))} is not allowed")
    elif node.key not in _PLAIN_NODES and not isinstance(node, exp.Func):
        raise ExpressionError(f"only an expression over record columns is allowed, not {_shown(node.key)}")
    elif isinstance(node, exp.In) and node.args.get("query"):
        raise ExpressionError("only an expression over record columns is allowed, not a subquery")
    elif isinstance(node, exp.Column) and (node.args.get("db") or node.args.get("catalog")):
        raise ExpressionError(f"column {_shown(node.name)} has too many parts")


def _printed_function(node: "exp.Expr") -> str:
    """The name DuckDB will see: sqlglot's class name and DuckDB's name differ (`date_diff`, `regexp_matches`)."""
    return printed(node).split("(")[0].strip().lower()


def _conjuncts(tree: "exp.Expr") -> list["exp.Expr"]:
    from sqlglot import exp

    if isinstance(tree, exp.Paren):
        return _conjuncts(tree.this)
    if isinstance(tree, exp.And):
        return [*_conjuncts(tree.this), *_conjuncts(tree.expression)]
    return [tree]


def _one_sided(side: "exp.Expr") -> str:
    """An expression of one record, printed without `l.`/`r.`: what its blocking key is computed from."""
    from sqlglot import exp

    copy = side.copy()
    for column in list(copy.find_all(exp.Column)):
        column.set("table", None)
        column.set("this", exp.to_identifier(column.name.lower(), quoted=True))
    return printed(copy)


def _normal(tree: "exp.Expr") -> str:
    """A spelling that is equal for conditions that differ in the order of commutative parts only."""
    from sqlglot import exp

    if isinstance(tree, exp.Paren):
        return _normal(tree.this)
    for kind in (exp.And, exp.Or):
        if isinstance(tree, kind):
            return f"({kind.key} {' '.join(sorted(set(_flat(tree, kind))))})"
    commutative = (
        "levenshtein",
        "jarowinklersimilarity",
        "list_has_any",
        "damerau_levenshtein",
        "jaro_similarity",
        "jaro_winkler_similarity",
        "jaccard",
        "hamming",
        "list_intersect",
        "arrayoverlaps",
        "least",
        "greatest",
        "arrayintersect",
        "list_cosine_similarity",
    )
    name = tree.name.lower() if isinstance(tree, exp.Anonymous) else tree.key
    if isinstance(tree, exp.Column):
        return f"{tree.table.lower()}.{tree.name.lower()}"
    if isinstance(tree, exp.Literal):
        return printed(tree)
    parts = []
    for key, value in sorted(tree.args.items()):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, exp.Expr):
                parts.append(_normal(item))
            elif item not in (None, False):
                parts.append(f"{key}={item}")
    if name in commutative or isinstance(tree, (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Mul)):
        parts.sort()
    if isinstance(tree, exp.Abs) and isinstance(tree.this, exp.Sub):
        parts = sorted([_normal(tree.this.this), _normal(tree.this.expression)])
    return f"({name} {' '.join(parts)})"


def _flat(tree: "exp.Expr", kind: "type[exp.Expr]") -> list[str]:
    from sqlglot import exp

    if isinstance(tree, exp.Paren):
        return _flat(tree.this, kind)
    if isinstance(tree, kind):
        return [*_flat(tree.this, kind), *_flat(tree.expression, kind)]
    return [_normal(tree)]


def _shown(name: str) -> str:
    """A name from the user's SQL, short and printable enough for a message."""
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return repr(clean[:60])


def _plain(text: str) -> str:
    """Drops the terminal escapes with which sqlglot marks the place in its messages."""
    return "".join(character for character in text if character.isprintable())[:200]
