"""Scenarios I and J of the reference system through HTTP: from a file to persons, with real S3 and the real batch."""

import io
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.automation import worker
from empi_pipeline.automation.local import pipeline
from empi_pipeline.embedded.object_store import Endpoint
from empi_pipeline.embedded.postgres import database_url
from empi_pipeline.intake.object_store import ObjectStore, s3_client
from empi_pipeline.linkage import default_model, registry
from empi_pipeline.postgres import connect
from empi_pipeline.schema import PERSON_RECORD_COLUMNS
from empi_pipeline.settings import Settings
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.whole_pipeline import dagster_template  # noqa: F401

HEADER = ",".join(PERSON_RECORD_COLUMNS)
ADA = "Ada,Lovelace,F,,1975-12-10,,123-45-6789,12 Main Street,Springfield,IL,62701,,217-555-1234"
ALAN = "Alan,Turing,M,,1972-06-23,,234-56-7890,7 Oak Avenue,Springfield,IL,62702,,217-444-2345"


@pytest.fixture(scope="module")
def store(bucket: Endpoint) -> ObjectStore:
    return ObjectStore(s3_client(bucket.url), bucket.bucket)


@pytest.fixture(scope="module")
def config(store: ObjectStore, index: str) -> str:
    del store  # The bucket is set up before the client is.
    with connect(index) as connection:
        made = registry.create_model(connection, default_model(), guards=True, created_by="test")
    return f"cfg_{made.model_id}"


def upload(client: TestClient, config: str, text: str, name: str = "people.csv", **fields: str) -> Any:
    return client.post(
        f"{API}/person-records/import", data={"config_id": config, **fields}, files={"file": (name, text, "text/csv")}
    )


def detail(answer: Any) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"]["details"][0]["message"])


def test_i2_a_header_that_is_not_the_known_one_is_told(config: str, client: TestClient) -> None:
    for wrong in (HEADER.removesuffix(",phone"), HEADER + ",extra", "a,b"):
        told = detail(upload(client, config, f"{wrong}\nd,1\n"))
        assert told == (
            "Incorrectly formatted person records file due to invalid header."
            f" Expected header: '{HEADER}' Actual header: '{wrong}'"
        )


def test_what_to_take_in_is_said_once(config: str, client: TestClient) -> None:
    assert detail(client.post(f"{API}/person-records/import", json={"config_id": config})) == (
        "Must provide either 's3_uri' or 'file'."
    )
    assert detail(upload(client, config, "x", s3_uri="s3://bkt/x.csv")) == (
        "Provide only one of 's3_uri' or 'file', not both."
    )
    assert detail(upload(client, config, "")) == "The submitted file is empty."
    assert detail(upload(client, "cfg_x", HEADER)) == "Invalid Config ID"
    answer = client.post(f"{API}/person-records/import", content="x", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert client.post(f"{API}/person-records/import", json=[]).status_code == 400
    missing = client.post(f"{API}/person-records/import", json={}).json()["error"]["details"]
    assert missing == [{"field": "config_id", "message": "This field is required."}]


def test_what_is_not_in_s3_is_told(config: str, client: TestClient, bucket: Endpoint) -> None:
    body = {"config_id": config, "s3_uri": f"s3://{bucket.bucket}/none.csv"}
    assert detail(client.post(f"{API}/person-records/import", json=body)) == f"{bucket.bucket}/none.csv"
    body["s3_uri"] = "s3://no-such-bucket/none.csv"
    assert detail(client.post(f"{API}/person-records/import", json=body)) == "The specified bucket does not exist"
    exported = client.post(f"{API}/person-records/export", json={"s3_uri": "s3://no-such-bucket/x.csv"})
    assert "no bucket" in detail(exported)


def test_j_files_become_persons_and_again_nothing(
    config: str,
    client: TestClient,
    store: ObjectStore,
    module_environment: pytest.MonkeyPatch,
    postgres_server: str,
    dagster_template: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    name = f"dagster_{uuid.uuid4().hex}"
    with connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"create database {name} template {dagster_template}")
    module_environment.setenv("EMPI_DAGSTER_POSTGRES_URL", database_url(postgres_server, name))
    module_environment.setenv("EMPI_HOME", str(tmp_path / "home"))

    # J2 and I1: two rows of one human, one alone, '' and 1 as values, one row that cannot be accepted.
    rows = [f"d,1,{ADA}", f"e,2,{ADA}", f"d,3,{ALAN}", 'd,4,"",,1,,,,,,,,,,', "d,,x,,,,,,,,,,,,"]
    answer = upload(client, config, "\n".join([HEADER, *rows, ""]))
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["job_id"]
    job = client.get(f"{API}/jobs/{job_id}").json()["job"]
    assert (job["status"], job["kind"]) == ("new", "import")

    # No daemon runs here, so the server's own worker takes it.
    assert worker.next_batch(os.environ["EMPI_POSTGRES_URL"], Settings()) == job["batch_id"]
    with pipeline() as running:
        assert not worker.daemon_lives()
        outcome = running.run_batch(job["batch_id"])
        assert outcome.success
    assert worker.next_batch(os.environ["EMPI_POSTGRES_URL"], Settings()) is None

    job = client.get(f"{API}/jobs/{job_id}").json()["job"]
    assert (job["status"], job["rows"], job["attempts"]) == ("succeeded", 5, 1)
    assert (job["dagster_run_id"], job["dagster_run_url"]) == (outcome.run_id, None)
    module_environment.setenv("EMPI_DAGSTER_URL", "http://127.0.0.1:3000")
    job = client.get(f"{API}/jobs/{job_id}").json()["job"]
    assert job["dagster_run_url"] == f"http://127.0.0.1:3000/runs/{outcome.run_id}"
    (taken,) = job["objects"]
    assert (taken["rows"], taken["new"], taken["rejected"]) == (5, 4, 1)
    assert "people" not in taken["object"]
    (ada,) = client.get(f"{API}/persons", params={"first_name": "ada"}).json()["persons"]
    assert (ada["record_count"], ada["data_sources"]) == (2, ["d", "e"])
    only = client.post(f"{API}/person-records/export", json={"job_id": job_id}).text
    assert len(only.splitlines()) == 5

    # The same again by S3: delivered twice is one and the same job.
    store.put("inbox/again.csv", io.BytesIO("\n".join([HEADER, *rows[:2], ""]).encode()))
    body = {"config_id": config, "s3_uri": f"s3://{store.bucket}/inbox/again.csv"}
    again = client.post(f"{API}/person-records/import", json=body)
    assert again.status_code == 200, again.text
    assert client.post(f"{API}/person-records/import", json=body).json() == again.json()
    assert again.json()["job_id"] != job_id

    # An export to S3 is a job of its own kind, numbered with the others.
    address = f"s3://{store.bucket}/exports/pairs.csv"
    exported = client.post(f"{API}/potential-matches/export", json={"s3_uri": address})
    assert exported.status_code == 202
    number = exported.json()["job_id"]
    assert exported.json() == {
        "job_id": number,
        "status": "new",
        "message": f"Export job {number} created for S3 export to {address}",
    }
    told = client.get(f"{API}/jobs/job_{number}").json()["job"]
    assert (told["status"], told["kind"], told["s3_uri"]) == ("succeeded", "export", address)
    assert [each.key for each in store.list("exports/pairs.csv")] == ["exports/pairs.csv"]
