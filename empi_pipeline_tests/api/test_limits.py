"""What each may on every operation there is: roles, data sources, and what the audit keeps of it."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from empi_pipeline.api.app import PREFIX
from empi_pipeline.postgres import connect
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.scene import Scene


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


def requests_about(scene: Scene, everything: TestClient, person_id: str, case_id: str) -> dict[str, Any]:
    """Operation -> body or query parameters that ask it about a person and a case."""
    ids = [scene.record(name) for name in ("n1", "s1")]
    change = everything.get(f"{API}/persons/{person_id}/history").json()["events"][0]["change_id"]
    job = everything.get(f"{API}/jobs").json()["jobs"][0]["id"]
    person = everything.get(f"{API}/persons/{person_id}").json()["person"]
    version, group = person["version"], [each["id"] for each in person["records"]][-1:]
    update = {"potential_match_id": case_id, "potential_match_version": 1, "person_updates": []}
    case, note = {"potential_match_id": case_id}, {"note": "x"}
    asked: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "GET /health-check": ({}, {}),
        "GET /data-sources": ({}, {}),
        "GET /potential-matches": ({}, {}),
        "POST /potential-matches/search": ({}, {"last_name": "south"}),
        "GET /potential-matches/{potential_match_id}": (case, {}),
        "POST /matches": ({}, update),
        "POST /potential-matches/{potential_match_id}/confirm": (case, {"version": 1}),
        "POST /potential-matches/{potential_match_id}/reject": (case, {"version": 1}),
        "POST /potential-matches/{potential_match_id}/notes": (case, note),
        "GET /potential-matches/{potential_match_id}/notes": (case, {}),
        "POST /persons/merge": ({}, {"persons": [{"id": person_id, "version": version}] * 2}),
        "POST /persons/{person_id}/split": ({}, {"version": version, "groups": [group]}),
        "POST /changes/{change_id}/undo": ({"change_id": change}, {"person_id": person_id}),
        "GET /persons": ({}, {"data_source": "south"}),
        "POST /persons/search": ({}, {"first_name": "s"}),
        "GET /persons/{person_id}": ({}, {}),
        "GET /persons/{person_id}/history": ({}, {}),
        "GET /persons/{person_id}/notes": ({}, {}),
        "POST /persons/{person_id}/notes": ({}, note),
        "GET /decisions": ({}, {"in_force": False}),
        "GET /crosswalk/changes": ({}, {}),
        "GET /explanations": ({}, {"left": ids[0], "right": ids[1]}),
        "POST /config": ({}, {}),
        "POST /configs/validate": ({}, {}),
        "GET /configs": ({}, {}),
        "GET /configs/{config_id}": ({"config_id": "cfg_1"}, {}),
        "POST /configs/{config_id}/activate": ({"config_id": "cfg_1"}, {}),
        "POST /person-records/import": ({}, {"config_id": "cfg_1", "s3_uri": "s3://south/x.csv"}),
        "POST /person-records/export": ({}, {"data_sources": ["south"]}),
        "POST /potential-matches/export": ({}, {}),
        "GET /jobs": ({}, {}),
        "GET /jobs/{job_id}": ({"job_id": job}, {}),
        "POST /jobs/{job_id}/retry": ({"job_id": job}, {}),
        "POST /jobs/{job_id}/cancel": ({"job_id": job}, {}),
        "GET /users": ({}, {}),
        "GET /users/me": ({}, {}),
        "POST /users/{user_id}": ({"user_id": "u_1"}, {"role": None}),
        "GET /audit": ({}, {}),
    }
    return {
        f"{operation.split()[0]} {PREFIX}{operation.split()[1]}": (places | {"person_id": person_id}, sent)
        for operation, (places, sent) in asked.items()
    }


def test_no_operation_tells_or_touches_what_is_of_other_data_sources(
    two_sources: Scene, app: FastAPI, as_user: Any, index: str
) -> None:
    everything, north = as_user("unlimited", "steward"), as_user("northerner", "steward", ["north"])
    persons = {p["last_name"]: p["id"] for p in everything.get(f"{API}/persons").json()["persons"]}
    cases = {
        case["first_name"]: case["id"]
        for case in everything.get(f"{API}/potential-matches").json()["potential_matches"]
    }
    for person_id in (persons["Mixed"], persons["Southcanary"]):
        everything.post(f"{API}/persons/{person_id}/notes", json={"note": "about Southcanary"})
    for case_id in cases.values():
        everything.post(f"{API}/potential-matches/{case_id}/notes", json={"note": "about Southcanary"})
    decided = {"version": 1, "note": "about Southcanary"}
    assert everything.post(f"{API}/potential-matches/{cases['Sue']}/reject", json=decided).status_code == 200
    with connect(index) as connection:
        connection.execute(
            "update intake.arrivals set object_key = 'inbox/south/Southcanary.csv',"
            " batch_id = (select batch_id from intake.batches order by batch_no desc limit 1)"
        )

    def state() -> Any:
        with connect(index) as connection:
            return connection.execute(
                "select (select max(change_id) from identity.changes), (select count(*) from identity.notes),"
                " (select array_agg(status order by batch_id) from intake.batches)"
            ).fetchone()

    before = state()
    seen_by_all = 0
    for person, case in (("Mixed", "Nora"), ("Southcanary", "Sue")):
        requests = requests_about(two_sources, everything, persons[person], cases[case])
        assert set(requests) == {f"{method} {path}" for method, path in operations(app)}  # None is forgotten.
        for operation, (places, sent) in requests.items():
            method, path = operation.split()
            options = {"json": sent} if method == "POST" else {"params": sent}
            answer = north.request(method, path.format(**places), **options, follow_redirects=False)
            reads = method == "GET" or path.endswith(("export", "search", "validate"))
            refused = {403} if path.endswith(("import", "retry", "cancel")) else {400, 403, 404, 409}
            assert answer.status_code in ({200, *refused} if reads else refused), (operation, answer.text)
            assert "southcanary" not in answer.text.lower(), operation
            assert "south" not in answer.text.replace("s3://south", ""), operation
            if reads:
                told = everything.request(method, path.format(**places), **options, follow_redirects=False)
                seen_by_all += "southcanary" in told.text.lower()
    assert state() == before
    assert seen_by_all > 12  # It was there to be seen.


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
