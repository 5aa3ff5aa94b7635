"""Who gets in, and what each may: tokens, roles, data sources, other sites, oversized and slow requests."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.api.app import PREFIX
from empi_pipeline.api.runtime import Runtime
from empi_pipeline.api.serve import serve
from empi_pipeline.api.tokens import Keys
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.postgres import connect
from empi_pipeline.settings import ApiSettings, Settings
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.issuer import ISSUER, Issuer
from empi_pipeline_tests.api.scene import Scene

SETTINGS = ApiSettings(issuer=ISSUER, audience=("empi",), first_admin="root@example.org")


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def app(module_environment: pytest.MonkeyPatch, issuer: Issuer) -> FastAPI:
    module_environment.setattr("empi_pipeline.api.app.Keys", lambda settings: Keys(settings, issuer.fetch))
    return create_app(Settings(api=SETTINGS))


@pytest.fixture(scope="module")
def anyone(app: FastAPI) -> Iterator[TestClient]:
    """A client without a token."""
    with TestClient(app, base_url="https://empi.example") as client:
        yield client


@pytest.fixture(scope="module")
def as_user(anyone: TestClient, issuer: Issuer, index: str) -> Any:
    """A client of somebody with a role and perhaps data sources."""

    def client(subject: str, role: str | None, data_sources: list[str] | None = None) -> TestClient:
        token = issuer.token(subject)
        anyone.get(f"{API}/users/me", headers={"Authorization": f"Bearer {token}"})
        with connect(index) as connection:
            connection.execute(
                "update access.users set role = %s, data_sources = %s where subject = %s", [role, data_sources, subject]
            )
        return TestClient(anyone.app, base_url="https://empi.example", headers={"Authorization": f"Bearer {token}"})

    return client


def asked_with(client: TestClient, token: str | None, scheme: str = "Bearer") -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
    answer = client.get(f"{API}/data-sources", headers=headers)
    if answer.status_code == 200:
        return 200, ""
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code, answer.json()["error"]["message"]


def test_a_token_that_holds_lets_in_whoever_has_a_role(anyone: TestClient, as_user: Any, issuer: Issuer) -> None:
    as_user("holder", "viewer")
    assert asked_with(anyone, issuer.token("holder")) == (200, "")
    assert asked_with(anyone, issuer.token("holder", kid="ec-1")) == (200, "")
    assert asked_with(anyone, issuer.token("holder", aud=["other", "empi"])) == (200, "")
    assert asked_with(anyone, issuer.token("stranger")) == (403, "You do not have permission to perform this action.")


def test_an_address_that_is_not_verified_does_not_pass_for_its_owner(
    anyone: TestClient, as_user: Any, issuer: Issuer
) -> None:
    as_user("impostor", "viewer")
    for claims, name in (
        ({"email": "boss@example.org"}, "boss@example.org"),
        ({"email": "boss@example.org", "email_verified": False}, "impostor (boss@example.org, not verified)"),
        ({"email": None}, "impostor"),
    ):
        headers = {"Authorization": f"Bearer {issuer.token('impostor', **claims)}"}
        assert anyone.get(f"{API}/users/me", headers=headers).json()["user"]["name"] == name


def unsigned(issuer: Issuer) -> str:
    parts = issuer.token("holder").split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "rsa-1"}).encode()).rstrip(b"=").decode()
    return f"{header}.{parts[1]}."


def test_tokens_that_do_not_hold_are_refused(anyone: TestClient, as_user: Any, issuer: Issuer) -> None:
    as_user("holder", "admin")
    public = jwt.algorithms.RSAAlgorithm.to_jwk(issuer.rsa.public_key())
    other = Issuer()
    wrong = {
        "expired": issuer.token("holder", exp=time.time() - 60),
        "without expiry": issuer.token("holder", exp=None),
        "not yet valid": issuer.token("holder", nbf=time.time() + 600),
        "other audience": issuer.token("holder", aud="payroll"),
        "no audience": issuer.token("holder", aud=None),
        "other issuer": issuer.token("holder", iss="https://evil.example"),
        "issuer's beginning": issuer.token("holder", iss=ISSUER + ".evil.example"),
        "no subject": issuer.token("holder", sub=None),
        "unsigned": unsigned(issuer),
        "signed with the public key": jwt.encode(
            {"iss": ISSUER, "sub": "holder", "aud": "empi", "exp": time.time() + 60},
            "x" * 40 + public[:20],
            "HS256",
            headers={"kid": "rsa-1"},
        ),
        "somebody else's key": issuer.token("holder", key=other.rsa),
        "key of another kind": issuer.token("holder", kid="ec-1", key=issuer.rsa, algorithm="RS256"),
        "algorithm not allowed": issuer.token("holder", algorithm="RS512"),
        "unknown key": issuer.token("holder", kid="nobody's"),
        "changed": issuer.token("holder")[:-4] + "AAAA",
        "no token at all": "nonsense",
        "huge": "a" * 20_000,
    }
    for name, token in wrong.items():
        assert asked_with(anyone, token) == (401, "Invalid JWT"), name
    assert asked_with(anyone, None) == (401, "Missing JWT")
    assert asked_with(anyone, issuer.token("holder"), scheme="Basic") == (401, "Missing JWT")


def test_unknown_keys_do_not_make_us_ask_the_issuer_again_and_again(issuer: Issuer) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    before = len(issuer.fetched)
    for number in range(20):
        assert keys.key(f"unknown-{number}") is None
    assert len(issuer.fetched) - before == 2  # The discovery document and the keys.


def test_keys_that_are_known_survive_an_issuer_that_is_away_for_a_while(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    assert keys.key("rsa-1") is not None
    monkeypatch.setattr(issuer, "is_away", True)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 600)
    assert keys.key("rsa-1") is not None
    monkeypatch.setattr(time, "monotonic", lambda: now + 20_000)
    with pytest.raises(Exception, match="identity provider does not answer"):
        keys.key("rsa-1")


def test_a_key_that_was_withdrawn_is_forgotten(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    assert keys.key("ec-1") is not None
    monkeypatch.delitem(issuer.published, "ec-1")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    assert keys.key("ec-1") is None


def operations(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith(PREFIX)
    ]


OPEN = {f"{PREFIX}/health-check"}
STEWARDS = {
    *(f"POST {PREFIX}/{path}" for path in ("matches", "config", "person-records/import", "person-records/export")),
    *(f"POST {PREFIX}/jobs/{{job_id}}/{what}" for what in ("retry", "cancel")),
    *(f"POST {PREFIX}/potential-matches/{{potential_match_id}}/{what}" for what in ("confirm", "reject", "notes")),
    *(f"POST {PREFIX}/persons/{path}" for path in ("merge", "{person_id}/split", "{person_id}/notes")),
    f"POST {PREFIX}/changes/{{change_id}}/undo",
    f"POST {PREFIX}/potential-matches/export",
}
ADMINS = {
    f"GET {PREFIX}/users",
    f"POST {PREFIX}/users/{{user_id}}",
    f"GET {PREFIX}/audit",
    f"POST {PREFIX}/configs/{{config_id}}/activate",
}


def test_every_operation_asks_for_a_token_and_the_role_it_needs(app: FastAPI, as_user: Any, anyone: TestClient) -> None:
    people = {role: as_user(f"only-{role}", role) for role in (None, "viewer", "steward")}
    found = operations(app)
    assert len(found) > 20
    for method, path in found:
        if path in OPEN:
            continue
        # A body that is no JSON: who may not ask is told so before it is read.
        request: dict[str, Any] = {"content": b"{", "headers": {"Content-Type": "application/json"}}
        options = request if method == "POST" else {}
        assert anyone.request(method, path, **options).status_code == 401, path
        needs = f"{method} {path}"
        allowed = {None: False, "viewer": needs not in STEWARDS | ADMINS, "steward": needs not in ADMINS}
        for role, client in people.items():
            refused = client.request(method, path, **options).status_code == 403
            assert refused is not allowed[role], (needs, role)


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


@pytest.fixture(scope="module")
def two_sources(anyone: TestClient, index: str) -> Scene:
    """A case between sources `north` and `south`, one within `south`, and a person of both."""
    scene = Scene(anyone, index)
    scene.load(
        {
            "n1": {"data_source": "north", "first_name": "Nora", "last_name": "Northcanary"},
            "s1": {"data_source": "south", "first_name": "Sam", "last_name": "Southcanary"},
            "s2": {"data_source": "south", "first_name": "Sue", "last_name": "Southcanary"},
            "s3": {"data_source": "south", "first_name": "Sid", "last_name": "Southcanary"},
            "m1": {"data_source": "north", "first_name": "Mia", "last_name": "Mixed"},
            "m2": {"data_source": "south", "first_name": "Mia", "last_name": "Southcanary"},
        },
        [("n1", "s1", 0.5), ("s2", "s3", 0.5), ("m1", "m2", 1.0)],
    )
    return scene


def test_who_is_limited_to_data_sources_sees_nothing_of_others(two_sources: Scene, as_user: Any) -> None:
    everything = as_user("unlimited", "steward")
    north = as_user("northerner", "steward", ["north"])
    cases = {
        case["first_name"]: case["id"]
        for case in everything.get(f"{API}/potential-matches").json()["potential_matches"]
    }
    persons = {p["last_name"]: p["id"] for p in everything.get(f"{API}/persons").json()["persons"]}
    assert set(cases) == {"Nora", "Sue"}

    told = [
        north.get(f"{API}/data-sources"),
        north.get(f"{API}/potential-matches"),
        north.get(f"{API}/potential-matches/{cases['Nora']}"),
        north.get(f"{API}/persons"),
        north.get(f"{API}/persons/{persons['Mixed']}"),
        north.get(f"{API}/persons", params={"last_name": "south"}),
        north.get(f"{API}/persons", params={"source_person_id": "s1"}),
        north.get(f"{API}/potential-matches", params={"last_name": "outhcan"}),
        north.get(f"{API}/potential-matches", params={"data_source": "south"}),
        north.post(f"{API}/person-records/export", json={}),
        north.post(f"{API}/person-records/export", json={"data_sources": ["south"]}),
        north.post(f"{API}/potential-matches/export", json={}),
        north.post(f"{API}/potential-matches/export", json={"estimate": True}),
    ]
    for answer in told:
        assert answer.status_code == 200, answer.text
        assert "Southcanary" not in answer.text, answer.url
        assert "south" not in answer.text, answer.url
    assert told[12].json()["estimated_count"] == 0
    assert [case["id"] for case in told[1].json()["potential_matches"]] == [cases["Nora"]]
    case = told[2].json()["potential_match"]
    assert [len(person["records"]) for person in case["persons"]] == [1]
    assert case["results"] == []
    person = told[4].json()["person"]
    assert (len(person["records"]), person["hidden_records"]) == (1, 1)
    assert north.get(f"{API}/potential-matches/{cases['Sue']}").status_code == 404
    south = next(p["id"] for p in everything.get(f"{API}/persons?first_name=sam").json()["persons"])
    assert north.get(f"{API}/persons/{south}").status_code == 404


def test_who_is_limited_cannot_decide_about_what_he_does_not_see(two_sources: Scene, as_user: Any) -> None:
    everything = as_user("unlimited", "steward")
    north = as_user("northerner", "steward", ["north"])
    (case,) = everything.get(f"{API}/potential-matches?first_name=nora").json()["potential_matches"]
    body = {"potential_match_id": case["id"], "potential_match_version": case["version"], "person_updates": []}
    answer = north.post(f"{API}/matches", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "beyond_data_sources")
    assert everything.get(f"{API}/potential-matches/{case['id']}").json()["potential_match"]["version"] == 1


def test_every_role_and_reading_is_audited(two_sources: Scene, as_user: Any, index: str) -> None:
    viewer = as_user("curious", "viewer")
    (person,) = viewer.get(f"{API}/persons", params={"first_name": "mia"}).json()["persons"]
    viewer.get(f"{API}/persons/{person['id']}")
    with connect(index) as connection:
        rows = connection.execute(
            "select operation, person_ids::text[], client from access.audit where actor = 'curious@example.org'"
            " order by audit_id"
        ).fetchall()
        assert rows == [
            ("person.list", [person["id"][2:]], "testclient"),
            ("person.read", [person["id"][2:]], "testclient"),
        ]
        text = connection.execute("select string_agg(audit::text, ' ') from access.audit").fetchone()
    assert text is not None
    assert "canary" not in text[0]
    with pytest.raises(Exception, match=r"append-only|42501"), connect(index) as connection:
        connection.execute("delete from access.audit")


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
