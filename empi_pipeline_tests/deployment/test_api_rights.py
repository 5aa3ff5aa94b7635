"""The server of the API under the rights that compose gives it."""

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.postgres import connect
from empi_pipeline.settings import ApiSettings, Settings
from empi_pipeline_tests.api.issuer import ISSUER, Issuer
from empi_pipeline_tests.deployment.conftest import as_role


def test_the_application_s_rights_suffice_for_users_lists_jobs_configs_and_the_audit(
    cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPI_POSTGRES_URL", as_role(cluster, "empi_pipeline"))
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    issuer = Issuer()
    monkeypatch.setattr("empi_pipeline.api.app.Keys", lambda settings: Keys(settings, issuer.fetch))
    settings = ApiSettings(issuer=ISSUER, audience=("empi",), first_admin="root@example.org")
    headers = {"Authorization": f"Bearer {issuer.token('root')}"}
    with TestClient(create_app(Settings(api=settings)), base_url="https://empi.example", headers=headers) as client:
        for path in ("health-check", "users", "persons", "potential-matches", "jobs", "configs", "audit", "decisions"):
            answer = client.get(f"/api/v1/{path}")
            assert answer.status_code == 200, (path, answer.text)
        (me,) = client.get("/api/v1/users").json()["users"]
        assert client.post(f"/api/v1/users/{me['id']}", json={"role": "admin"}).status_code == 200
        assert client.post("/api/v1/person-records/export", json={}).status_code == 200
        assert "empi_up 1" in client.get("/metrics").text
    with (
        pytest.raises(Exception, match=r"append-only|42501"),
        connect(as_role(cluster, "empi_pipeline")) as connection,
    ):
        connection.execute("delete from access.audit")
