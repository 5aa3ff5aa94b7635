"""What a cleaning stage is, and how a list of them becomes one SQL query. No rule lives here."""

# ruff: noqa: S608 - the SQL holds words and column names of this package, never a delivered value.

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lookup:
    """A word list joined into a stage; the column is NULL where `key` is not in the list.

    Attributes:
        alias: Name of the column in which the stage's expressions find the standard form.
        vocabulary: Which word list, a key of `vocabulary.VOCABULARIES`.
        key: SQL expression over the columns of the stage.
    """

    alias: str
    vocabulary: str
    key: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One named rule: what it does to which column, and why.

    Attributes:
        name: Snake case, unique within its group.
        reason: One line for the reader of docs/cleaning.md.
        columns: Column to SQL expression over the columns as the stage before left them.
        when: SQL condition; elsewhere the stage leaves everything as it is. Cheap tests first keep costly ones rare.
        lookups: Word lists the expressions use.
        counted: False for stages that only prepare working columns.
    """

    name: str
    reason: str
    columns: Mapping[str, str]
    when: str | None = None
    lookups: tuple[Lookup, ...] = ()
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Stages that share their input.

    Attributes:
        name: Also the first half of the stage's name in rule counts (`last_name.glued_suffix`).
        keys: Columns of the base table whose distinct values are cleaned; the first one must not be NULL.
        start: Working column to SQL expression over `keys`, before the first stage.
        outputs: Working columns handed on, under these names, to the record.
        stages: In order of application.
        after: Groups whose outputs are among `keys`; they run first.
        mostly_unique: Clean record by record. Otherwise each distinct input is cleaned once, however many records carry
            it, which pays when values repeat.
    """

    name: str
    keys: tuple[str, ...]
    start: Mapping[str, str]
    outputs: tuple[str, ...]
    stages: tuple[Stage, ...]
    after: tuple[str, ...] = ()
    mostly_unique: bool = False


UNCHANGED, CHANGED, EMPTIED = 0, 1, 2
"""What a stage did to a record: nothing; something; took its value away."""


def joined(query: str, columns: Sequence[str], lookups: Sequence[Lookup]) -> str:
    """The columns of a query (as `input`) and the standard form of each lookup, for many rows."""
    standards = [f"{lookup.alias}.standard as {lookup.alias}" for lookup in lookups]
    joins = "".join(
        f" left join vocabulary_{lookup.vocabulary} as {lookup.alias} on {lookup.alias}.word = {lookup.key}"
        for lookup in lookups
    )
    return f"select {', '.join([*columns, *standards])}\nfrom ({query}) as input{joins}"


def chain(
    source: str,
    kept: Sequence[str],
    working: Sequence[str],
    stages: Sequence[Stage],
    flag: str = "changed",
    value: str | None = None,
    looked_up: Callable[[str, Sequence[str], Sequence[Lookup]], str] = joined,
) -> str:
    """The SQL of a list of stages.

    Args:
        source: A FROM item with the columns `kept` and `working`.
        kept: Columns passed through untouched.
        working: Columns the stages may change.
        stages: In order of application.
        flag: First part of the flags' names.
        value: The working column that holds the value the stages are about; None for the first that a stage writes.
        looked_up: How words are looked up.

    Returns:
        A SELECT with `kept`, `working` and one `<flag>_<i>` for each stage: UNCHANGED, CHANGED or EMPTIED.
    """
    query = f"select {', '.join([*kept, *working])} from {source}"
    flags: list[str] = []
    pending: list[str] = []  # The flags of the stage before, computed one level later: few levels keep planning short.
    for index, stage in enumerate(stages):
        carried = [*kept, *working, *flags]
        aliases = [lookup.alias for lookup in stage.lookups]
        if stage.lookups:
            query = looked_up(query, [*(f"input.{column}" for column in carried), *pending], stage.lookups)
            carried, flags, pending = [*carried, *_names(pending)], [*flags, *_names(pending)], []
        if stage.when:
            # CASE evaluates `a and b` one after the other, for the rows that are left; a bare AND evaluates both for
            # all rows.
            # And the condition is a column, because DuckDB evaluates what stands in a CASE anew each time it is
            # written.
            applies = f"case when {stage.when} then true else false end as applies"
            query = f"select {', '.join([*carried, *pending, *aliases, applies])}\nfrom ({query}) as conditions"
            flags, pending = [*flags, *_names(pending)], []
        touched = [column for column in working if column in stage.columns]
        written = {column: stage.columns[column] for column in touched}
        if stage.when:
            written = {column: f"case when applies then {sql} else {column} end" for column, sql in written.items()}
        changed = [f"{written[column]} as {column}" if column in written else column for column in working]
        old = [f"{column} as old_{column}" for column in touched]
        query = f"select {', '.join([*kept, *changed, *old, *flags, *pending])}\nfrom ({query}) as stage_{index}"
        flags = [*flags, *_names(pending)]
        differs = " or ".join(f"{column} is distinct from old_{column}" for column in touched)
        about = value or next(iter(stage.columns))
        done = f"when {about} is null and old_{about} is not null then {EMPTIED}" if about in touched else ""
        pending = [
            f"(case when not ({differs}) then {UNCHANGED} {done} else {CHANGED} end)::utinyint as {flag}_{index}"
        ]
    return f"select {', '.join([*kept, *working, *flags, *pending])}\nfrom ({query}) as chained"


def _names(expressions: Sequence[str]) -> list[str]:
    return [expression.rsplit(" as ", 1)[1] for expression in expressions]
