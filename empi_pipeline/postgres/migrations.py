"""Forward-only schema migrations: `sql/migrations/NNNN_name.sql`, each applied once, checksummed, never altered."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from empi_pipeline.errors import EmpiError
from empi_pipeline.postgres.connections import Connection
from empi_pipeline.sql import SQL_ROOT

_FILE_NAME: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK: Final = 0x454D_5049  # "EMPI": two migrators wait for each other.


class MigrationError(EmpiError):
    """The migrations on disk and those applied to the database disagree."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, text and SHA-256 digest."""

    version: int
    name: str
    text: str
    digest: str


def available(folder: Path = SQL_ROOT / "migrations") -> list[Migration]:
    """All migrations of this version of the software, ascending.

    Raises:
        MigrationError: A file is misnamed or a number is missing or double.
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if not match:
            raise MigrationError(f"migration file {path.name} is not named NNNN_name.sql")
        text = path.read_text(encoding="utf-8")
        found.append(Migration(int(match[1]), match[2], text, hashlib.sha256(text.encode()).hexdigest()))
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError("migration numbers must run 0001, 0002, ... without a gap or a double")
    return found


def migrate(connection: Connection, migrations: list[Migration] | None = None) -> list[Migration]:
    """Bring the database to this version's schema, in one transaction.

    Args:
        connection: A connection whose role owns (or may create) the schemas.
        migrations: Those to apply; the shipped ones when None.

    Returns:
        The migrations applied now; empty when the schema was current.

    Raises:
        MigrationError: An applied migration was altered since, or the database is newer than this software.
    """
    migrations = available() if migrations is None else migrations
    if not pending(connection, migrations):
        return []  # Looked at first: the application's role may look, but not create a schema.
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("create schema if not exists empi")
        cursor.execute(
            "create table if not exists empi.schema_migrations (version integer primary key, name text not null,"
            " digest text not null, applied_at timestamptz not null default now())"
        )
        cursor.execute("select version, digest from empi.schema_migrations order by version")
        applied: dict[int, str] = dict(cursor.fetchall())
        _refuse_divergence(applied, {migration.version: migration for migration in migrations})
        missing = [migration for migration in migrations if migration.version not in applied]
        for migration in missing:
            cursor.execute(migration.text)
            cursor.execute(
                "insert into empi.schema_migrations (version, name, digest) values (%s, %s, %s)",
                [migration.version, migration.name, migration.digest],
            )
    return missing


def pending(connection: Connection, migrations: list[Migration] | None = None) -> list[Migration]:
    """The migrations (the shipped ones when None) that the database does not have yet; changes nothing."""
    migrations = available() if migrations is None else migrations
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('empi.schema_migrations') is not null")
        row = cursor.fetchone()
        if row is None or not row[0]:
            return migrations
        cursor.execute("select version, digest from empi.schema_migrations")
        applied: dict[int, str] = dict(cursor.fetchall())
    _refuse_divergence(applied, {migration.version: migration for migration in migrations})
    return [migration for migration in migrations if migration.version not in applied]


def _refuse_divergence(applied: dict[int, str], shipped: dict[int, Migration]) -> None:
    for version, digest in applied.items():
        migration = shipped.get(version)
        if migration is None:
            raise MigrationError(
                f"the database has migration {version:04d}, which this version of the software does not know:"
                " it was upgraded by a newer version; install that version"
            )
        if migration.digest != digest:
            raise MigrationError(
                f"migration {version:04d}_{migration.name} was altered after it was applied:"
                " restore the file and put the change into a new migration"
            )
