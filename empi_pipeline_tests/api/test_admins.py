"""How one becomes admin, and settings that would let anybody in."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.api.serve import serve
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.postgres import connect
from empi_pipeline.settings import ApiSettings, Settings
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.issuer import ISSUER, SETTINGS, Issuer


def test_the_first_admin_comes_by_the_settings_and_the_last_one_stays(
    anyone: TestClient, issuer: Issuer, index: str, as_user: Any
) -> None:
    with connect(index) as connection:
        connection.execute("update access.users set role = null where role = 'admin'")
    unverified = {"Authorization": f"Bearer {issuer.token('liar', email='root@example.org', email_verified=False)}"}
    assert anyone.get(f"{API}/users", headers=unverified).status_code == 403
    root = {"Authorization": f"Bearer {issuer.token('root')}"}
    users = anyone.get(f"{API}/users", headers=root).json()["users"]
    me = next(user for user in users if user["email"] == "root@example.org" and user["role"] == "admin")
    for role in ("member", None):
        answer = anyone.post(f"{API}/users/{me['id']}", json={"role": role}, headers=root)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_admin")
    second = next(user for user in users if user["email"] == "liar@example.org" or user["role"] is None)
    assert anyone.post(f"{API}/users/{second['id']}", json={"role": "admin"}, headers=root).json() == {
        "user": {"id": second["id"]}
    }
    assert anyone.post(f"{API}/users/{me['id']}", json={"role": "member"}, headers=root).status_code == 200
    assert anyone.get(f"{API}/users", headers=root).status_code == 403
    # A second one is not made by the settings while there is an admin.
    assert anyone.get(f"{API}/users/me", headers=root).json()["user"]["role"] == "member"
    admin = as_user("ruler", "admin")
    wrong = admin.post(f"{API}/users/{me['id']}", json={"role": "king"})
    assert wrong.json()["error"]["details"] == [{"field": "role", "message": '"king" is not a valid choice.'}]
    assert admin.post(f"{API}/users/nobody", json={"role": None}).json()["error"]["details"] == [
        {"field": "user_id", "message": "Invalid User ID"}
    ]
    assert admin.post(f"{API}/users/u_99999", json={"role": None}).status_code == 404
    assert admin.post(f"{API}/users/{me['id']}", json=[]).status_code == 400


def test_without_an_issuer_the_server_listens_on_loopback_only() -> None:
    with pytest.raises(ConfigurationError, match="loopback only"):
        serve(Settings(), "0.0.0.0", 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"issuer": ISSUER}, "audience"),
        ({"issuer": "http://issuer.example", "audience": ("x",)}, "https"),
        ({"issuer": ISSUER, "audience": ("x",), "algorithms": ("HS256",)}, "algorithms"),
        ({"issuer": ISSUER, "audience": ("x",), "algorithms": ("none",)}, "algorithms"),
    ],
)
def test_settings_that_would_let_anyone_in_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ApiSettings(**wrong)


def test_another_header_holds_the_bare_token(
    module_environment: pytest.MonkeyPatch, issuer: Issuer, as_user: Any
) -> None:
    as_user("holder", "viewer")
    app = create_app(Settings(api=SETTINGS.model_copy(update={"header": "X-Forwarded-Access-Token"})))
    runtime: Runtime = app.state.runtime
    assert runtime.keys is not None
    with TestClient(app, base_url="https://empi.example") as client:
        token = issuer.token("holder")
        assert client.get(f"{API}/data-sources", headers={"X-Forwarded-Access-Token": token}).status_code == 200
        assert client.get(f"{API}/data-sources", headers={"Authorization": f"Bearer {token}"}).status_code == 401
