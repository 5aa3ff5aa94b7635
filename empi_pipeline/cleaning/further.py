"""What a source delivers beside the standard columns: former surnames, further addresses, numbers of other registers.

They come as extra columns (`schema.FURTHER_COLUMNS`), several to a record. Surnames and addresses are cleaned by the
rules of the columns they belong to, as records of their own, and put together again.
"""

# ruff: noqa: S608 - the SQL holds words and column names of this package, never a delivered value.

from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from empi_pipeline.cleaning.stages import CHANGED, EMPTIED, Group, Stage, chain
from empi_pipeline.cleaning.text import MISSING_WORDS, any_of
from empi_pipeline.schema import FURTHER_CLEANED_COLUMNS, IDENTIFIER_PREFIX, PLACES

_STAGES: Final = (
    Stage("folded", "Case says nothing.", {"identifier": "lower(trim(identifier))"}),
    Stage(
        "missing_word",
        "Unknown, N/A and the like.",
        {"identifier": "null"},
        when=f"identifier in {any_of(MISSING_WORDS)}",
    ),
    Stage(
        "separators",
        "Hyphens, spaces and full stops say nothing.",
        {"identifier": "nullif(regexp_replace(identifier, '[^a-z0-9]', '', 'g'), '')"},
    ),
    Stage(
        "placeholder",
        "One character repeated, digits in a row, and fewer than four characters tell of nobody.",
        {"identifier": "null"},
        when=r"length(identifier) < 4 or length(replace(identifier, left(identifier, 1), '')) = 0"
        r" or starts_with('1234567890123', identifier)",
    ),
)

IDENTIFIERS: Final = Group(
    name="identifiers",
    keys=("identifier",),
    start={"identifier": "identifier"},
    outputs=("identifier",),
    stages=_STAGES,
    mostly_unique=True,
)
"""Rules for one number of another register."""

_NOTED: Final = ("previous_last_name", "other_address", IDENTIFIER_PREFIX)


class Together(NamedTuple):
    """Records with their further values.

    Attributes:
        table: The records.
        identifiers: How many numbers of other registers there are.
        done: How many of them each stage for them changed, and how many it took away.
    """

    table: pa.Table
    identifiers: int
    done: list[tuple[int, int]]


def delivered_further(con: duckdb.DuckDBPyConnection, person_records: pa.Table) -> pa.Table | None:
    """The further values of records, one a row: as records that can be cleaned like any other.

    Args:
        con: A scratch connection.
        person_records: As delivered, with `extra`.

    Returns:
        record_id (of its own), data_source, source_person_id, last_name, address, city, state, zip_code, owner (the
        record it belongs to), place (in which order they came), kind and identifier; None when there is no such value.
    """
    if "extra" not in person_records.column_names:
        return None
    con.register("further_delivery", person_records)
    noted = " or ".join(f"contains(extra, '\"{name}')" for name in _NOTED)
    try:
        con.execute(
            "create or replace temp table further_extras as select record_id::bigint as owner,"
            " data_source::varchar as data_source, source_person_id::varchar as source_person_id, extra"
            f" from further_delivery where ({noted}) and json_valid(extra)"
        )
        ((count,),) = con.execute("select count(*) from further_extras").fetchall()
        if not count:
            return None
        empty = dict.fromkeys(("last_name", "address", "city", "state", "zip_code", "identifier"), "null::varchar")
        queries = [_of_one_row("previous_last_names", empty | {"last_name": "value"}, _previous_names())]
        for number, place in enumerate(PLACES):
            own = {name: _value(f"other_{name}{place}") for name in ("address", "city", "state", "zip_code")}
            queries.append(_of_one_row("other_addresses", empty | own, f"[{own['address']}]", place=str(number)))
        found = "json_extract_string(extra, '$.' || value)"
        kind = f"replace(value, '{IDENTIFIER_PREFIX}', '') || ':'"
        queries.append(_of_one_row("identifiers", empty | {"identifier": found}, _identifier_names(), kind))
        united = "\nunion all\n".join(queries)
        return con.sql(
            f"select row_number() over () as record_id, * from ({united}) as further"
            " where coalesce(trim(last_name), trim(address), trim(identifier), '') <> ''"
        ).to_arrow_table()
    finally:
        con.execute("drop table if exists further_extras")
        con.unregister("further_delivery")


def with_further(
    con: duckdb.DuckDBPyConnection, cleaned: pa.Table, delivered: pa.Table | None, standard: pa.Table | None
) -> Together:
    """Puts the cleaned values back together: `FURTHER_CLEANED_COLUMNS`, several values separated by `|`.

    Args:
        con: A scratch connection.
        cleaned: The cleaned records.
        delivered: What `delivered_further` found.
        standard: The same cleaned: record_id, last_name, address, city, zip_code and pass_through.
    """
    if delivered is None or standard is None:
        for name in FURTHER_CLEANED_COLUMNS:
            cleaned = cleaned.append_column(name, pa.nulls(cleaned.num_rows, pa.string()))
        return Together(cleaned, 0, [(0, 0)] * len(_STAGES))
    registered = {"further_records": cleaned, "further_delivered": delivered, "further_standard": standard}
    for name, table in registered.items():
        con.register(name, table)
    flags = [f"changed_{index}" for index in range(len(_STAGES))]
    source = (
        "(select owner, place, kind, prefix, standard.last_name, standard.pass_through,"
        " standard.address || coalesce(', ' || coalesce(standard.zip_code, standard.city), '') as home, identifier"
        " from further_delivered join further_standard as standard using (record_id)) as started"
    )
    kept = ["owner", "place", "kind", "prefix", "last_name", "home", "pass_through"]
    stages = [
        Stage(stage.name, stage.reason, stage.columns, f"not pass_through and ({stage.when or 'true'})")
        for stage in _STAGES
    ]
    try:
        con.execute(f"create or replace temp table further_values as {chain(source, kept, ['identifier'], stages)}")
        sums = ", ".join(
            f"count(*) filter (where {flag} in {which})"
            for flag in flags
            for which in (f"({CHANGED}, {EMPTIED})", f"({EMPTIED})")
        )
        ((*found,),) = con.execute(f"select {sums} from further_values").fetchall()
        together = ", ".join(
            f"string_agg(value, '|' order by place, value) filter (where kind = '{name}') as {name}"
            for name in FURTHER_CLEANED_COLUMNS
        )
        rows = con.sql(
            f"""
            with single as (
                select owner, kind, replace(coalesce(last_name, home, prefix || identifier), '|', ' ') as value,
                    min(place) as place
                from further_values
                group by all
            ),
            gathered as (select owner, {together} from single where value is not null group by owner)
            select further_records.*, {", ".join(FURTHER_CLEANED_COLUMNS)}
            from further_records
            left join gathered on gathered.owner = further_records.record_id
            """
        ).to_arrow_table()
        numbers = delivered.num_rows - delivered["identifier"].null_count
        return Together(rows, numbers, list(zip(found[::2], found[1::2], strict=True)))
    finally:
        con.execute("drop table if exists further_values")
        for name in registered:
            con.unregister(name)


def _value(key: str) -> str:
    return f"json_extract_string(extra, '$.{key}')"


def _previous_names() -> str:
    lists = ", ".join(f"string_split({_value(f'previous_last_name{place}')}, ';')" for place in PLACES)
    return f"flatten(list_filter([{lists}], lambda names: names is not null))"


def _identifier_names() -> str:
    pattern = f"^{IDENTIFIER_PREFIX}[a-z0-9_]+$"
    return f"list_sort(list_filter(json_keys(extra), lambda name: regexp_matches(name, '{pattern}')))"


def _of_one_row(kind: str, columns: dict[str, str], values: str, prefix: str = "''", place: str = "place") -> str:
    """One row for each of a list of values, in which `columns` may speak of `value`."""
    selected = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return (
        f"select data_source, source_person_id, {selected}, owner, {place} as place, '{kind}' as kind,"
        f" {prefix} as prefix"
        " from (select *, unnest(listed) as value, generate_subscripts(listed, 1) as place"
        f" from (select *, {values} as listed from further_extras) as lists) as single"
    )
