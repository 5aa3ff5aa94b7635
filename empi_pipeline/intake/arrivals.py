"""Which objects in the inbox are new: listing minus ledger. Pure; knows neither S3 nor Postgres.

The identity of an arrival is (bucket, key, version). Neither names nor times decide what is new: several objects share
a second, a multipart upload carries the time it began, and a key can be overwritten with anything.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from empi_pipeline.intake.formats import is_data_name

ArrivalIdentity = tuple[str, str, str]
"""Bucket, key, version."""


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One version of an object, as the store lists it.

    Attributes:
        bucket: Where it is.
        key: Its full key.
        version: The version id; where the bucket keeps no versions, the ETag with its quotes, which tell them apart.
        etag: With quotes, as S3 gives it.
        size_bytes: Its size.
        last_modified: When it was written; a multipart upload, when it was begun.
    """

    bucket: str
    key: str
    version: str
    etag: str
    size_bytes: int
    last_modified: datetime

    @property
    def identity(self) -> ArrivalIdentity:
        """What makes it the same arrival."""
        return self.bucket, self.key, self.version


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much one batch takes in at most; a single object of more bytes is a batch of its own."""

    objects: int = 10_000
    size_bytes: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about a listing.

    Attributes:
        arrivals: The objects of the next batch, in the order to read them.
        left: How many new objects wait for a later batch.
        left_bytes: Their size.
        ignored_by_kind: What is listed but no delivery, counted: `folder_marker`, `other_suffix`.
    """

    arrivals: tuple[ListedObject, ...]
    left: int
    left_bytes: int
    ignored_by_kind: Mapping[str, int]

    @property
    def ignored(self) -> int:
        """How many listed objects are no deliveries."""
        return sum(self.ignored_by_kind.values())


def plan(listing: Iterable[ListedObject], known: Container[ArrivalIdentity], limits: BatchLimits) -> Plan:
    """Choose the next batch.

    What does not fit is simply not known to the ledger next time, so nothing needs to be remembered about it.

    Args:
        listing: Everything under the inbox, in any order, perhaps with an object twice (pages are no snapshot).
        known: The identities in the ledger, at least those of this listing.
        limits: Size of a batch.

    Returns:
        The plan; the oldest objects come first, those of one moment in the order of their keys.
    """
    ignored: Counter[str] = Counter()
    new: dict[ArrivalIdentity, ListedObject] = {}
    for listed in listing:
        if listed.key.endswith("/"):
            ignored["folder_marker"] += 1
        elif not is_data_name(listed.key):
            ignored["other_suffix"] += 1
        elif listed.identity not in known:
            new[listed.identity] = listed
    ordered = sorted(new.values(), key=lambda each: (each.last_modified, each.key, each.version))
    taken, taken_bytes = 0, 0
    for listed in ordered[: limits.objects]:
        taken_bytes += listed.size_bytes
        if taken and taken_bytes > limits.size_bytes:
            break
        taken += 1
    left = ordered[taken:]
    return Plan(tuple(ordered[:taken]), len(left), sum(each.size_bytes for each in left), dict(ignored))
