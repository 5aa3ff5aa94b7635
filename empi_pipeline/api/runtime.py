"""What the server keeps between requests: settings, connections, the issuer's keys, counters."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from fastapi import Depends, Request

from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.postgres import Connection
from empi_pipeline.postgres.pool import Pool
from empi_pipeline.settings import Settings

if TYPE_CHECKING:
    from empi_pipeline.intake.object_store import ObjectStore


class OpensBucket(Protocol):
    """Opens a bucket; that of inbox and exports without a name."""

    def __call__(self, bucket: str | None = None) -> "ObjectStore": ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Runtime:
    """One server.

    Attributes:
        settings: As read at the start.
        pool: Connections to the index.
        keys: Of the token issuer; None where everybody is the local user.
        local_user: His name.
        object_store: Opens a bucket; that of inbox and exports for None.
        kept: What parts of the server keep for a while, by name.
    """

    settings: Settings
    pool: Pool
    keys: Keys | None
    local_user: str
    object_store: "OpensBucket"
    kept: dict[str, Any] = field(default_factory=dict)

    def connection(self) -> AbstractContextManager[Connection]:
        """A connection to the index; what was done is committed at the end of the `with` block."""
        return self.pool.connection()


def runtime(request: Request) -> Runtime:
    """That of the server a request came to."""
    found: Runtime = request.app.state.runtime
    return found


AtRuntime = Annotated[Runtime, Depends(runtime)]
