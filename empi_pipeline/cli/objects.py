"""What `empi load` takes in: local files put into the inbox, or objects that are in S3 already."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from empi_pipeline.errors import ConfigurationError, NotFoundError
from empi_pipeline.intake.arrivals import BatchLimits, ListedObject, plan
from empi_pipeline.intake.formats import DATA_SUFFIXES, is_data_name
from empi_pipeline.intake.object_store import ObjectStore
from empi_pipeline.settings import INBOX_PREFIX, Settings

_EVERYTHING = BatchLimits(objects=10**9, size_bytes=10**18)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Objects to take in, and what was left aside.

    Attributes:
        objects: In the order to read them.
        called: Object key -> what the caller called it: the path of a local file, or the address in S3.
        ignored: How many files or objects are of no format that is read.
    """

    objects: list[ListedObject]
    called: dict[str, str]
    ignored: int


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload and its name below the folder of this delivery."""

    path: Path
    name: str


def deliver(
    store: ObjectStore,
    sources: Sequence[str],
    prefix: str,
    tell: Callable[[str], None],
) -> Delivery:
    """Upload what is local to a folder of its own in the inbox, and list what is in S3.

    Args:
        store: The bucket of the inbox.
        sources: Files, folders and `s3://bucket/key` addresses.
        prefix: Of the data source, below the inbox; empty for none.
        tell: Told what is being uploaded.

    Raises:
        ConfigurationError: A file is of no format that is read, or an address is none.
        NotFoundError: Something named does not exist or holds nothing to read.
    """
    local = [source for source in sources if not source.startswith("s3://")]
    files, ignored = _local_files(local)
    objects: list[ListedObject] = []
    called: dict[str, str] = {}
    for source in sources:
        if source.startswith("s3://"):
            found, aside = _in_s3(store, source)
            objects += found
            ignored += aside
            called |= {each.key: f"s3://{each.bucket}/{each.key}" for each in found}
    if files:
        folder = f"{INBOX_PREFIX}{prefix}load-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}/"
        for file in files:
            tell(f"uploading {file.name}")
            with file.path.open("rb") as body:
                store.put(folder + file.name, body)
            called[folder + file.name] = str(file.path)
        objects += plan(store.list(folder), frozenset(), _EVERYTHING).arrivals
    return Delivery(objects, called, ignored)


def source_prefix(settings: Settings, data_source: str | None) -> str:
    """Where below the inbox a data source delivers.

    Raises:
        ConfigurationError: The settings do not say.
    """
    if data_source is None:
        return ""
    source = settings.data_sources.get(data_source)
    if source is None or not source.prefix:
        raise ConfigurationError(
            f"the settings give no prefix for the data source {data_source!r}: add data_sources.{data_source}.prefix"
            " to empi.yaml, or leave --data-source out if the files have a data_source column"
        )
    return source.prefix if source.prefix.endswith("/") else f"{source.prefix}/"


def put_object(address: str, body: BinaryIO) -> None:
    """Write one object to `s3://bucket/key`; the bucket must exist.

    Raises:
        EmpiError: The address is none, or S3 refused.
    """
    import os

    from empi_pipeline.intake.object_store import s3_client
    from empi_pipeline.servers import S3_ENDPOINT_URL

    bucket, key = split_address(address)
    if not key:
        raise ConfigurationError(f"{address}: names a bucket but no key")
    ObjectStore(s3_client(os.environ.get(S3_ENDPOINT_URL) or None), bucket).put(key, body)


def split_address(address: str) -> tuple[str, str]:
    """`s3://bucket/key` -> bucket and key.

    Raises:
        ConfigurationError: There is no bucket.
    """
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not bucket:
        raise ConfigurationError(f"{address}: write s3://bucket/key")
    return bucket, key


def _in_s3(store: ObjectStore, address: str) -> tuple[list[ListedObject], int]:
    bucket, key = split_address(address)
    listing = store.list(key, bucket)
    exact = [each for each in listing if each.key == key]
    folder = key if key.endswith("/") or not key else f"{key}/"
    below = exact or [each for each in listing if each.key.startswith(folder)]
    chosen = plan(below, frozenset(), _EVERYTHING)
    if not chosen.arrivals:
        raise NotFoundError(f"{address}: there is no object of a format that is read ({_suffixes()})")
    return list(chosen.arrivals), chosen.ignored


def _local_files(paths: Sequence[str]) -> tuple[list[LocalFile], int]:
    files: list[LocalFile] = []
    ignored = 0
    for number, text in enumerate(paths, start=1):
        path = Path(text).expanduser()
        # Two folders may hold files of one name.
        place = f"{number}/" if len(paths) > 1 else ""
        if path.is_dir():
            inside = list(_files_below(path))
            readable = [each for each in inside if is_data_name(each.name)]
            if not readable:
                raise NotFoundError(f"{path}: holds no file of a format that is read ({_suffixes()})")
            files += [LocalFile(each, place + each.relative_to(path).as_posix()) for each in readable]
            ignored += len(inside) - len(readable)
        elif not path.is_file():
            raise NotFoundError(f"{path}: there is no such file or folder")
        elif not is_data_name(path.name):
            raise ConfigurationError(f"{path}: is of no format that is read ({_suffixes()})")
        else:
            files.append(LocalFile(path, place + path.name))
    return files, ignored


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _suffixes() -> str:
    return ", ".join(f".{suffix}" for suffix in DATA_SUFFIXES) + ", each also with .gz"
