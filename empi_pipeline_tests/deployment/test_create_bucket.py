"""The one-shot step of compose that makes the bucket, over the real protocol."""

import runpy
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from empi_pipeline_tests.deployment.compose import ROOT, own_services


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in own_services()["bucket"]["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EMPI_S3_ENDPOINT_URL", f"http://{host}:{port}")
    yield f"http://{host}:{port}"
    server.stop()


def test_the_bucket_exists_and_keeps_versions_however_often_the_step_runs(
    endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        runpy.run_path(str(ROOT / "deploy" / "create_bucket.py"), run_name="__main__")
    client = boto3.client("s3", endpoint_url=endpoint)
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["empi"]
    assert client.get_bucket_versioning(Bucket="empi")["Status"] == "Enabled"
    assert capsys.readouterr().out == "bucket empi is ready\n" * 2
