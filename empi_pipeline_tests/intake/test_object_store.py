"""The object store over HTTP: moto as the endpoint, and the embedded one."""

import io
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import botocore.utils
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from empi_pipeline.embedded.object_store import embedded_object_store
from empi_pipeline.errors import EmpiError, UnreadableObjectError
from empi_pipeline.intake.arrivals import BatchLimits, plan
from empi_pipeline.intake.formats import read_fully
from empi_pipeline.intake.object_store import ObjectStore, ObjectStoreError, _timestamp, s3_client


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def store(endpoint: str, request: pytest.FixtureRequest) -> ObjectStore:
    store = ObjectStore(s3_client(endpoint), f"bucket-{abs(hash(request.node.name))}")
    store.ensure_bucket()
    return store


def keep_versions(store: ObjectStore, status: str = "Enabled") -> None:
    store._client.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": status})  # type: ignore[arg-type]


def content(store: ObjectStore, key: str, version: str) -> bytes:
    with store.open(store.bucket, key, version) as stream:
        return read_fully(stream, 1 << 20)


def test_what_is_put_is_listed_and_read_back(store: ObjectStore) -> None:
    store.put("inbox/ä b'%+.csv", io.BytesIO(b"one"))
    store.put("outside.csv", io.BytesIO(b"two"))
    (listed,) = store.list("inbox/")
    assert (listed.bucket, listed.key, listed.size_bytes) == (store.bucket, "inbox/ä b'%+.csv", 3)
    assert listed.version == listed.etag
    assert listed.version.startswith('"')
    assert abs((datetime.now(UTC) - listed.last_modified).total_seconds()) < 60
    assert content(store, listed.key, listed.version) == b"one"


def test_a_listing_goes_on_behind_the_first_page_of_a_thousand(store: ObjectStore) -> None:
    for at in range(1_001):
        store._client.put_object(Bucket=store.bucket, Key=f"inbox/{at:04}.csv", Body=b"")
    assert len(store.list("inbox/")) == 1_001
    keep_versions(store)
    assert len(store.list("inbox/")) == 1_001


def test_an_object_replaced_between_listing_and_reading_is_refused(store: ObjectStore) -> None:
    store.put("inbox/a.csv", io.BytesIO(b"one"))
    (before,) = store.list("inbox/")
    store.put("inbox/a.csv", io.BytesIO(b"two"))
    with pytest.raises(UnreadableObjectError) as refused:
        content(store, before.key, before.version)
    assert refused.value.reason_code == "object_replaced"
    (after,) = store.list("inbox/")
    assert plan([after], {before.identity}, BatchLimits()).arrivals == (after,)


def test_a_deleted_object_is_told_by_name(store: ObjectStore) -> None:
    with pytest.raises(UnreadableObjectError, match=r"inbox/a\.csv: deleted") as refused:
        content(store, "inbox/a.csv", '"e"')
    assert refused.value.reason_code == "object_deleted"


def test_a_bucket_with_versions_gives_each_of_them(store: ObjectStore) -> None:
    store.put("inbox/a.csv", io.BytesIO(b"zero"))
    (unversioned,) = store.list("inbox/")
    keep_versions(store)
    store.put("inbox/a.csv", io.BytesIO(b"one"))
    store.put("inbox/a.csv", io.BytesIO(b"one"))
    listed = plan(store.list("inbox/"), set(), BatchLimits()).arrivals
    assert len({each.version for each in listed}) == 3
    assert unversioned.identity in {each.identity for each in listed}, "keeping versions does not make old objects new"
    versions = [each for each in listed if each.version != unversioned.version]
    assert [content(store, each.key, each.version) for each in versions] == [b"one", b"one"]


def test_a_deleted_key_takes_back_all_its_versions_until_it_is_delivered_again(store: ObjectStore) -> None:
    keep_versions(store)
    store.put("inbox/a.csv", io.BytesIO(b"wrong"))
    store.put("inbox/b.csv", io.BytesIO(b"right"))
    store._client.delete_object(Bucket=store.bucket, Key="inbox/a.csv")
    assert [each.key for each in store.list("inbox/")] == ["inbox/b.csv"]
    store.put("inbox/a.csv", io.BytesIO(b"mended"))
    assert sorted(each.key for each in store.list("inbox/")) == ["inbox/a.csv", "inbox/a.csv", "inbox/b.csv"]


def test_a_mistyped_bucket_is_an_error_and_is_not_created(endpoint: str) -> None:
    store = ObjectStore(s3_client(endpoint), "mistyped-bucket")
    for use in (
        lambda: store.list("inbox/"),
        lambda: store.put("exports/a.csv", io.BytesIO(b"x")),
        lambda: content(store, "inbox/a.csv", '"e"'),
    ):
        with pytest.raises(ObjectStoreError, match="there is no bucket 'mistyped-bucket'"):
            use()
    buckets = boto3.client("s3", endpoint_url=endpoint).list_buckets()["Buckets"]
    assert "mistyped-bucket" not in {bucket["Name"] for bucket in buckets}


def test_a_refused_connection_names_the_endpoint() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        client = boto3.client("s3", endpoint_url=url, config=Config(retries={"max_attempts": 0}))
        with pytest.raises(ObjectStoreError, match=f"{url} cannot be reached"):
            ObjectStore(client, "bucket").list("inbox/")
        with pytest.raises(ObjectStoreError, match=f"{url} cannot be reached"):
            ObjectStore(client, "bucket").put("exports/a.csv", io.BytesIO(b"x"))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "access denied"),
        ("InvalidAccessKeyId", "does not accept the credentials"),
        ("SlowDown", "S3 answered SlowDown"),
    ],
)
def test_a_listing_that_is_refused_raises_instead_of_finding_nothing(store: ObjectStore, code: str, told: str) -> None:
    with Stubber(store._client) as stubber:
        stubber.add_response("get_bucket_versioning", {})
        stubber.add_client_error("list_objects_v2", code)
        with pytest.raises(ObjectStoreError, match=told):
            store.list("inbox/")


def test_an_account_that_may_not_ask_for_versions_still_lists(store: ObjectStore) -> None:
    store.put("inbox/a.csv", io.BytesIO(b"one"))
    with Stubber(store._client) as stubber:
        stubber.add_client_error("get_bucket_versioning", "AccessDenied")
        stubber.add_response("list_objects_v2", {"Contents": []})
        assert store.list("inbox/") == []


def test_a_connection_that_breaks_off_while_reading_is_no_fault_of_the_object(store: ObjectStore) -> None:
    with Stubber(store._client) as stubber:
        stubber.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"half"), 8), "ETag": '"e"'})
        with pytest.raises(ObjectStoreError, match="broke off while reading"):
            content(store, "inbox/a.csv", '"e"')


def test_missing_credentials_are_told(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(EmpiError, match="AWS_ACCESS_KEY_ID"):
        ObjectStore(s3_client(endpoint), "bucket").list("inbox/")


def test_the_embedded_endpoint_works_like_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with embedded_object_store(tmp_path) as endpoint:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", endpoint.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", endpoint.secret_key)
        store = ObjectStore(s3_client(endpoint.url), endpoint.bucket)
        store.ensure_bucket()
        store.put("inbox/site a/ä.csv", io.BytesIO(b"one"))
        store.put("inbox/big.csv", io.BytesIO(b"x" * 20_000_000))
        first = plan(store.list("inbox/"), set(), BatchLimits())
        assert sorted(each.key for each in first.arrivals) == ["inbox/big.csv", "inbox/site a/ä.csv"]
        small = next(each for each in first.arrivals if each.size_bytes == 3)
        assert content(store, small.key, small.version) == b"one"
        big = next(each for each in first.arrivals if each.size_bytes > 3)
        with store.open(big.bucket, big.key, big.version) as stream:
            assert read_fully(stream, 30_000_000) == b"x" * 20_000_000
        assert {each.identity for each in store.list("inbox/")} == {each.identity for each in first.arrivals}
        store.put("inbox/site a/ä.csv", io.BytesIO(b"two"))
        with pytest.raises(UnreadableObjectError):
            content(store, small.key, small.version)
        with pytest.raises(ObjectStoreError, match="there is no bucket"):
            ObjectStore(s3_client(endpoint.url), "mistyped").put("exports/a.csv", io.BytesIO(b"x"))


@pytest.mark.parametrize(
    "told",
    ["2026-11-20T12:13:14.151Z", "2026-11-20T12:13:14+00:00", "Fri, 20 Nov 2026 12:13:14 GMT", 1795176794],
)
def test_times_are_read_as_botocore_reads_them(told: str | int) -> None:
    assert _timestamp(told) == botocore.utils.parse_timestamp(told)
    assert _timestamp(told).tzinfo is not None
