"""Publishes what a save changed at once: once saved it stays saved, and what fails here the next publication does."""

from dataclasses import dataclass
from typing import Final

from empi_pipeline.errors import EmpiError
from empi_pipeline.postgres import Connection
from empi_pipeline.postgres.connections import values_withheld
from empi_pipeline.publishing.crosswalk import Published, publish
from empi_pipeline.publishing.feed import ExportTarget, export_new_changes

WAIT_MILLISECONDS: Final = 5_000
"""How long to wait for a publication that is under way: it may be a large one."""


@dataclass(frozen=True, slots=True)
class PublishedAtOnce:
    """How it went.

    Attributes:
        published: What the publication did; None where it failed.
        exported: Keys of the objects that tell of it.
        remark: What failed, and what makes up for it.
    """

    published: Published | None
    exported: list[str]
    remark: str | None


def publish_at_once(connection: Connection, target: ExportTarget, *, patience: int | None = None) -> PublishedAtOnce:
    """Publish, and write what came of it to S3; raises nothing of ours.

    Args:
        connection: Outside a transaction.
        target: Takes the objects of the change feed.
        patience: Milliseconds to wait for a publication that is under way; `WAIT_MILLISECONDS` when None.
    """
    try:
        with values_withheld(), connection.transaction():
            connection.execute("select set_config('lock_timeout', %s, true)", [str(patience or WAIT_MILLISECONDS)])
            published = publish(connection)
    except EmpiError as error:
        return PublishedAtOnce(None, [], f"not published: {error}. The next batch or save publishes it")
    try:
        with values_withheld():
            return PublishedAtOnce(published, export_new_changes(connection, target), None)
    except EmpiError as error:
        remark = f"the change feed in S3 lacks this change: {error}. The next batch or save writes it"
        return PublishedAtOnce(published, [], remark)
