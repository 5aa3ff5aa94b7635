"""Write docs/data-model.md from a freshly migrated database: `python tools/data_model.py`.

What a table is for stands once, in `comment on` in sql/migrations; this only collects it.
"""

import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from empi_pipeline.embedded.postgres import embedded_postgres
from empi_pipeline.postgres import Connection, connect, migrate

DOCUMENT: Final = Path(__file__).parents[1] / "docs" / "data-model.md"
SCHEMAS: Final = ("intake", "raw", "cleaned", "matching", "identity", "publishing", "evaluation", "empi")

_HEAD: Final = """\
# Data model

Written by `python tools/data_model.py` from the migrations; a test says when it is out of date. Asset `a/b` is table
`a.b`. Person records and what is derived from them (schemas `raw`, `cleaned`, `matching`, `identity`) are protected
health information; `sql/roles` says who may read them.

Besides these, each match model has a table `matching.blocking_keys_<model_id>`, made when the model first scores:
`record_id` and one 64-bit hash a blocking rule, each with an index. Its child
`matching.blocking_keys_<model_id>_recent` has none: keys of small batches wait there until they are worth filing.
"""

_RELATIONS: Final = """
-- Tables and views with what they are for.
select namespace.nspname, relation.relname, relation.oid, relation.relkind = 'v', obj_description(relation.oid)
from pg_class as relation
join pg_namespace as namespace on namespace.oid = relation.relnamespace
where namespace.nspname = any(%s) and relation.relkind in ('r', 'p', 'v')
order by array_position(%s, namespace.nspname::text), relation.oid
"""

_COLUMNS: Final = """
-- Columns with type, whether they must be there, and what fills them when nothing is given.
select
    attname,
    format_type(atttypid, atttypmod),
    attnotnull,
    case when attidentity <> '' then 'counted up' else pg_get_expr(adbin, adrelid) end,
    col_description(attrelid, attnum)
from pg_attribute
left join pg_attrdef on adrelid = attrelid and adnum = attnum
where attrelid = %s and attnum > 0 and not attisdropped
order by attnum
"""

_RULES: Final = """
-- Constraints and triggers, and indexes that are no constraint's.
select definition
from (
    select 1 as part, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where conrelid = %(relation)s and contype <> 'n'
    union all
    select 2, index.relname, substring(pg_get_indexdef(indexrelid) from '^CREATE (.*) ON ')
        || substring(pg_get_indexdef(indexrelid) from ' USING btree(.*)$')
    from pg_index
    join pg_class as index on index.oid = indexrelid
    where indrelid = %(relation)s and not exists (select from pg_constraint where conindid = indexrelid)
    union all
    select 3, tgname, regexp_replace(pg_get_triggerdef(oid), '^CREATE TRIGGER (\\S+) (.*) ON .*$', 'TRIGGER \\1 \\2')
    from pg_trigger
    where tgrelid = %(relation)s and not tgisinternal
) as rule
order by part, name
"""


class Relation(NamedTuple):
    """A table or view as the catalogue describes it."""

    schema: str
    name: str
    oid: int
    is_view: bool
    purpose: str | None


def render(connection: Connection) -> str:
    """The document.

    Args:
        connection: Of a database with all migrations and nothing else.
    """
    rows = connection.execute(_RELATIONS, [list(SCHEMAS), list(SCHEMAS)]).fetchall()
    parts = [_HEAD]
    for schema, relations in groupby(map(Relation._make, rows), key=lambda relation: relation.schema):
        parts.append(f"\n## {schema}\n")
        parts.extend(_section(connection, relation) for relation in relations)
    return "".join(parts)


def _section(connection: Connection, relation: Relation) -> str:
    kind = " (view)" if relation.is_view else ""
    lines = [f"\n### {relation.schema}.{relation.name}{kind}\n"]
    if relation.purpose:
        lines.append(f"{relation.purpose}\n")
    columns = connection.execute(_COLUMNS, [relation.oid]).fetchall()
    described = any(meaning for *_, meaning in columns)
    lines.append("| column | type | required | default |" + (" meaning |" if described else ""))
    lines.append("|---|---|---|---|" + ("---|" if described else ""))
    for name, data_type, required, default, meaning in columns:
        cells = [f"`{name}`", data_type, "yes" if required else "", f"`{default}`" if default else ""]
        lines.append(f"| {' | '.join([*cells, meaning or ''] if described else cells)} |")
    rules = [definition for (definition,) in connection.execute(_RULES, {"relation": relation.oid})]
    if rules:
        lines.append("")
        lines.extend(f"- `{' '.join(definition.split())}`" for definition in rules)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the document."""
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_postgres(Path(folder) / "postgres") as url,
        connect(url) as connection,
    ):
        migrate(connection)
        DOCUMENT.write_text(render(connection), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.relative_to(Path.cwd()) if DOCUMENT.is_relative_to(Path.cwd()) else DOCUMENT}\n")


if __name__ == "__main__":
    main()
