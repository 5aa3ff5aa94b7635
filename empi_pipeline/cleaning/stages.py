"""What a cleaning stage is, and how a list of them becomes one SQL query. No rule lives here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Lookup:
    """A word list joined into a stage: its `standard` is NULL where `key` is not in the list.

    Attributes:
        alias: Name under which the stage's expressions see it (`alias.standard`).
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
    """Stages that share their input; each distinct input is cleaned once, however many records carry it.

    Attributes:
        name: Also the first half of the stage's name in rule counts (`last_name.glued_suffix`).
        keys: Columns of the base table whose distinct values are cleaned; the first one must not be NULL.
        start: Working column to SQL expression over `keys`, before the first stage.
        outputs: Working columns handed on, under these names, to the record.
        stages: In order of application.
    """

    name: str
    keys: tuple[str, ...]
    start: Mapping[str, str]
    outputs: tuple[str, ...]
    stages: tuple[Stage, ...]
    after: tuple[str, ...] = field(default=())
    """Groups whose outputs are among `keys`; they run first."""


def chain(source: str, kept: Sequence[str], working: Sequence[str], stages: Sequence[Stage]) -> str:
    """The SQL of a list of stages.

    Args:
        source: A FROM item with the columns `kept` and `working`.
        kept: Columns passed through untouched.
        working: Columns the stages may change.
        stages: In order of application.

    Returns:
        A SELECT with `kept`, `working` and one boolean `changed_<i>` for each stage.
    """
    query = f"select {', '.join([*kept, *working])} from {source}"
    for index, stage in enumerate(stages):
        touched = [column for column in working if column in stage.columns]
        flags = [f"changed_{earlier}" for earlier in range(index)]
        new = [f"{_guarded(stage, column)} as new_{column}" for column in touched]
        passed = [f"input.{column}" for column in [*kept, *working, *flags]]
        joins = "".join(
            f" left join vocabulary_{lookup.vocabulary} as {lookup.alias} on {lookup.alias}.word = {lookup.key}"
            for lookup in stage.lookups
        )
        renamed = [f"new_{column} as {column}" if column in touched else column for column in working]
        changed = " or ".join(f"new_{column} is distinct from {column}" for column in touched)
        query = (
            f"select {', '.join([*kept, *renamed, *flags])}, ({changed}) as changed_{index}\n"
            f"from (select {', '.join([*passed, *new])}\nfrom ({query}) as input{joins}) as stage_{index}"
        )
    return query


def _guarded(stage: Stage, column: str) -> str:
    expression = f"({stage.columns[column]})"
    return f"case when {stage.when} then {expression} else input.{column} end" if stage.when else expression
