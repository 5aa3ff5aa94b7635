"""The SQL that applies the rules to the delivered records. Words of ours and column names only, never a value."""

# ruff: noqa: S608 - the SQL holds words and column names of this package, never a delivered value.

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from empi_pipeline.cleaning import records
from empi_pipeline.cleaning.formats import DATE_COLUMNS, UNDECIDED
from empi_pipeline.cleaning.rulebook import GROUPS
from empi_pipeline.cleaning.stages import Group, Stage, chain
from empi_pipeline.schema import ATTRIBUTE_COLUMNS, PERSON_RECORD_COLUMNS, SOURCE_IDENTITY_COLUMNS

EXTRA_KEYS: Final = {
    "delivered_middle": ("middle_name",),
    "delivered_suffix": ("name_suffix", "suffix"),
    "delivered_email": ("email",),
}
"""Column of the base view to the keys of `extra` it is taken from, the first that is there."""

DERIVED: Final[Mapping[str, str | None]] = {
    "middle_name": "delivered_middle",
    "name_suffix": "delivered_suffix",
    "address_unit": None,
    "phone_extension": None,
    "email": "delivered_email",
}
"""What pass-through puts into the derived columns: a column of the base view, or nothing."""

REFERENCE_MISSING_WORDS: Final = ("na", "nan", "none", "null")
"""What the reference system takes for a missing value."""

_IDENTITY: Final = ("record_id", *SOURCE_IDENTITY_COLUMNS)
BEFORE_FLAG: Final = "changed_before"
AFTER_FLAG: Final = "changed_after"


def delivered(column_names: Collection[str]) -> str:
    """The view `cleaning_base`: delivered values as text with '' as NULL, extra columns apart, and the date orders.

    A view, not a table: each reader takes only the columns it needs.
    """
    columns = [
        f"nullif({column}::varchar, '') as {column}" if column in column_names else f"null::varchar as {column}"
        for column in PERSON_RECORD_COLUMNS
    ]
    for column, keys in EXTRA_KEYS.items():
        values = ", ".join(f"nullif(json_extract_string(extra, '$.{key}'), '')" for key in keys)
        taken = (
            f"case when json_valid(extra) then coalesce({values}) end" if "extra" in column_names else "null::varchar"
        )
        columns.append(f"{taken} as {column}")
    orders = [f"{column}_order" for column in DATE_COLUMNS]
    columns.extend(f"coalesce({order}, '{UNDECIDED}') as {order}" for order in orders)
    source = (
        f"(select record_id::bigint as record_id, {', '.join(columns)}, coalesce(pass_through, false) as pass_through "
        "from cleaning_delivery left join cleaning_sources on name = data_source::varchar) as delivered"
    )
    working = ["first_name", "last_name"]
    kept = [
        "record_id",
        "pass_through",
        *orders,
        *EXTRA_KEYS,
        *(column for column in PERSON_RECORD_COLUMNS if column not in working),
    ]
    stages = [
        Stage(stage.name, stage.reason, stage.columns, f"not pass_through and ({stage.when})", stage.lookups)
        for stage in records.BEFORE
    ]
    return f"create or replace temp view cleaning_base as {chain(source, kept, working, stages, BEFORE_FLAG)}"


def filled_groups() -> str:
    """How many records have a value for each group, in the order of GROUPS."""
    counts = ", ".join(f"count({group.keys[0]})" for group in GROUPS)
    return f"select {counts} from cleaning_base where not pass_through"


def distinct_values(group: Group) -> str:
    """The table `cleaned_<group>`: distinct keys (`key_<name>`), outputs, number of records and changed flags."""
    keys = [f"key_{key}" for key in group.keys]
    distinct = (
        f"select {', '.join(f'{_key(key)} as {key}' for key in group.keys)}, count(*) as records "
        f"from {_base_with([other for other in GROUPS if other.name in group.after])} "
        f"where not pass_through and base.{group.keys[0]} is not null group by all"
    )
    start = [f"{key} as key_{key}" for key in group.keys] + [
        f"{expression} as {column}" for column, expression in group.start.items()
    ]
    source = f"(select {', '.join(start)}, records from ({distinct}) as delivered) as started"
    query = chain(source, [*keys, "records"], list(group.start), group.stages, value=group.outputs[0])
    flags = [f"changed_{index}" for index in range(len(group.stages))]
    return (
        f"create temp table cleaned_{group.name} as select {', '.join([*keys, 'records', *group.outputs, *flags])} "
        f"from ({query}) as cleaned"
    )


def assembled(empty: Collection[str]) -> str:
    """The cleaned records, with the flags of the rules that were not applied to distinct values.

    Args:
        empty: Groups without a single value; their columns are NULL and their rules are skipped.
    """
    looked_up = [group for group in GROUPS if not group.mostly_unique and group.name not in empty]
    streamed = [group for group in GROUPS if group.mostly_unique and group.name not in empty]
    columns = {name: f"base.{name}" for name in _IDENTITY}
    columns |= {output: f"cleaned_{group.name}.{output}" for group in looked_up for output in group.outputs}
    columns |= {key: f"base.{key}" for group in streamed for key in group.keys}
    columns |= {output: "null::varchar" for group in GROUPS if group.name in empty for output in group.outputs}
    columns |= {f"{BEFORE_FLAG}_{index}": f"base.{BEFORE_FLAG}_{index}" for index in range(len(records.BEFORE))}
    query = f"select {_list(columns)} from {_base_with(looked_up)} where not pass_through"
    for group in streamed:
        # What the stages do not touch travels through them as one struct: planning time grows with columns times
        # stages.
        carried = {name: name for name in columns if name not in group.keys}
        started = (
            f"(select {{{', '.join(f'{name}: {name}' for name in carried)}}} as carried, {_list(group.start)} from "
            f"({query}) as joined) as started"
        )
        flag = f"changed_{group.name}"
        query = chain(started, ["carried"], list(group.start), group.stages, flag, group.outputs[0])
        results = [*group.outputs, *(f"{flag}_{index}" for index in range(len(group.stages)))]
        columns = {name: f"carried.{name}" for name in carried} | {name: name for name in results}
        query = f"select {_list(columns)} from ({query}) as streamed"
    working = {column for stage in records.AFTER for column in stage.columns}
    return chain(
        f"({query}) as joined",
        [name for name in columns if name not in working],
        sorted(working),
        records.AFTER,
        AFTER_FLAG,
    )


def passed_through() -> str:
    """The records of data sources whose delivered values are taken as they are, as the reference system takes them.

    That includes its words for a missing value: without them a migration would not give the persons people know.
    """
    identity = ["record_id", *SOURCE_IDENTITY_COLUMNS]
    missing = ", ".join(f"'{word}'" for word in REFERENCE_MISSING_WORDS)
    values = [
        f"case when lower({column}) not in ({missing}) then {column} end as {column}" for column in ATTRIBUTE_COLUMNS
    ]
    derived = [f"{taken or 'null::varchar'} as {column}" for column, taken in DERIVED.items()]
    return f"select {', '.join([*identity, *values, *derived])} from cleaning_base where pass_through"


def _list(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())


def _key(key: str) -> str:
    """Where a key comes from: `clean_state` is the output of the group `state`, all others are delivered."""
    return (
        f"cleaned_{key.removeprefix('clean_')}.{key.removeprefix('clean_')}"
        if key.startswith("clean_")
        else f"base.{key}"
    )


def _base_with(groups: Sequence[Group]) -> str:
    return " ".join(["cleaning_base as base", *(_join(group) for group in groups)])


def _join(group: Group) -> str:
    first, *others = group.keys
    condition = f"{_key(first)} = cleaned_{group.name}.key_{first}"
    condition += "".join(f" and {_key(key)} is not distinct from cleaned_{group.name}.key_{key}" for key in others)
    return f"left join cleaned_{group.name} on {condition}"
