"""Roles and limits to data sources on every page there is: a page that this file does not know fails it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from empi_pipeline.api.access import User
from empi_pipeline_tests.stewardship.conftest import Desk

CANARY = "Hiddencanary"


def pages(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of each route of the page, as the server has them."""

    def routes(of: Any) -> Iterator[APIRoute]:
        for route in of:
            if isinstance(route, APIRoute):
                yield route
            elif hasattr(route, "original_router"):
                yield from routes(route.original_router.routes)

    found = [route for route in routes(app.routes) if route.endpoint.__module__.startswith("empi_pipeline.stewardship")]
    return {(method, route.path) for route in found for method in route.methods}


PERSONAL = {
    ("GET", "/cases"): {},
    ("POST", "/cases/filter"): {"last_name": CANARY},
    ("GET", "/cases/{case_id}"): {},
    ("POST", "/cases/{case_id}/look"): {},
    ("GET", "/cases/{case_id}/state"): {},
    ("GET", "/cases/{case_id}/next"): {},
    ("GET", "/persons"): {},
    ("POST", "/persons/find"): {"birth_date": "19"},
    ("GET", "/persons/together"): {},
    ("POST", "/persons/look"): {},
    ("GET", "/persons/{person_id}"): {},
    ("GET", "/changes/{change_id}"): {},
    ("GET", "/figures"): {},
    ("GET", "/"): {},
    # Where a browser lands that had to sign in again between a form and its answer.
    ("GET", "/cases/{case_id}/answer"): {},
    ("GET", "/cases/{case_id}/look"): {},
    ("GET", "/cases/filter"): {},
    ("GET", "/persons/arrange"): {},
    ("GET", "/persons/look"): {},
    ("GET", "/persons/find"): {},
    ("GET", "/changes/{change_id}/undo"): {},
}
"""What everybody with a role may ask for, and the fields of its form."""
ACTS = {
    ("POST", "/cases/{case_id}/answer"): {"answer": "unsure", "note": "x", "version": "1"},
    ("POST", "/persons/arrange"): {"answer": "note", "note": "x"},
    ("POST", "/changes/{change_id}/undo"): {},
}
"""What stewards alone may do."""


def be(monkeypatch: pytest.MonkeyPatch, role: str | None, *sources: str) -> None:
    user = User(1, "lee", role, frozenset(sources) or None)
    monkeypatch.setattr("empi_pipeline.api.access._authenticate", lambda _request, _at: user)


def asked(desk: Desk, method: str, path: str, fields: dict[str, str], **ids: object) -> tuple[int, str]:
    """Status and text of a page about a case, person and change, redirects followed."""
    path = path.format(**{"case_id": 1, "person_id": desk.person("a"), "change_id": 1, **ids})
    if path in {"/persons/together", "/persons/arrange", "/persons/look"}:
        fields = {**fields, "id": str(ids.get("person_id", desk.person("a")))}
    if method == "POST":
        answer = desk.post(path, fields)
        return answer.status_code, answer.text
    answer = desk.browser.get(path, params=fields)
    return answer.status_code, answer.text


def test_each_page_is_known_here_and_each_asks_for_a_role(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pages(desk.browser.app)  # type: ignore[arg-type]
    assert found == set(PERSONAL) | set(ACTS)
    desk.get("/figures")  # For the token of the forms.
    for method, path in sorted(found):
        fields = {**PERSONAL, **ACTS}[method, path]
        be(monkeypatch, None)
        assert asked(desk, method, path, fields)[0] == 403, (method, path)
        be(monkeypatch, "viewer")
        refused = asked(desk, method, path, fields)[0] == 403
        assert refused is ((method, path) in ACTS), (method, path)
    assert desk.one("select max(change_id) from identity.changes") == 1
    assert desk.one("select count(*) from identity.notes") == 0


@pytest.fixture
def canaries(desk: Desk) -> Desk:
    """What a viewer of `payer` alone must not learn: values, notes and decisions about records of others."""
    desk.world.load(
        {
            "h": {"data_source": "hospital", "last_name": CANARY, "first_name": CANARY, "birth_date": "1901-01-01"},
            "p": {"data_source": "payer", "last_name": "Open"},
            "q": {"data_source": "hospital", "last_name": CANARY, "first_name": CANARY},
            "r": {"data_source": "payer", "last_name": "Open"},
        },
        [("h", "p", 0.99), ("q", "r", 0.5), ("p", "q", 0.45)],
    )
    desk.connection.execute(
        "update matching.predictions set levels = '{2,2,-1}', weights = '{13.5,-3.5,0}' where match_weight < 5"
    )
    desk.connection.commit()
    desk.post(f"/cases/{case_about(desk, 'q')}/answer", {"answer": "unsure", "note": f"of {CANARY}", "assign": "lee"})
    person = desk.fields(desk.get(f"/persons/{desk.person('h')}"))
    desk.post("/persons/arrange", {**person, "answer": "note", "note": f"of {CANARY}"})
    # A decision that names a hidden record, with a note that quotes it.
    together = f"/persons/together?id={desk.person('d')}&id={desk.person('e')}"
    fields = desk.fields(desk.get(together))
    sent = {**fields, "id": [desk.person("d"), desk.person("e")], "answer": "apart", "note": f"of {CANARY}"}
    desk.post("/persons/arrange", sent)
    return desk


def case_about(desk: Desk, name: str) -> int:
    case_id = desk.one(
        "select case_id from identity.case_pairs join identity.review_cases using (case_id)"
        " where status = 'open' and %s in (record_id_l, record_id_r) limit 1",
        desk.id(name),
    )
    assert isinstance(case_id, int)
    return case_id


def test_no_page_tells_who_is_limited_to_sources_about_records_of_others(
    canaries: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = canaries
    mixed, case = desk.person("p"), case_about(desk, "r")
    last = desk.one("select max(change_id) from identity.changes")
    about = [
        {"case_id": case, "person_id": mixed, "change_id": 1},
        {"case_id": 2, "person_id": desk.person("e"), "change_id": last},
        {"case_id": case, "person_id": desk.person("q"), "change_id": 2},
    ]
    everybody = [asked(desk, *page, fields, **ids) for page, fields in PERSONAL.items() for ids in about]
    assert sum(CANARY in text for _, text in everybody) > 10  # It is there to be seen.

    be(monkeypatch, "steward", "payer")
    for page, fields in PERSONAL.items():
        for ids in about:
            status, text = asked(desk, *page, fields, **ids)
            assert status in {200, 403, 404}, (page, ids)
            text = text.replace(f'name="last_name" value="{CANARY}"', "")  # What he typed himself.
            assert CANARY not in text, (page, ids)
            assert "hospital" not in text, (page, ids)
    page = desk.get(f"/cases/{case}")
    # No score, level or sentence of a pair with a hidden record: they tell what it says.
    assert "+13.5" not in page
    assert str(desk.id("q")) not in numbers_in_evidence(page)
    assert "of other data sources" in page
    assert "Open" in page
    changes = desk.one("select max(change_id) from identity.changes")
    for page_of_act, fields in ACTS.items():
        for ids in (about[0], about[2]):
            assert asked(desk, *page_of_act, fields, **ids)[0] in {403, 404}, (page_of_act, ids)
    assert desk.one("select max(change_id) from identity.changes") == changes


def numbers_in_evidence(page: str) -> set[str]:
    """Of records."""
    return set(re.findall(r"\d+", " ".join(re.findall(r'class="pairids">([^<]*)<', page))))


def test_who_had_to_sign_in_between_form_and_answer_lands_on_its_page_and_is_told(desk: Desk) -> None:
    for path in [path for method, path in PERSONAL if method == "GET" and ("POST", path) in PERSONAL.keys() | ACTS]:
        status, page = asked(desk, "GET", path, {})
        assert status == 200, path
        assert "Nothing was saved: you had to sign in first." in page, path


def test_a_case_of_nobody_one_sees_has_no_state(canaries: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, "viewer", "clinic")
    for path in ("/cases/1/state", "/cases/1", f"/persons/{canaries.person('p')}"):
        canaries.get(path, 404)


def test_what_a_batch_merged_a_steward_takes_back_for_one_person_and_all_of_it_an_admin_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.world.load({"f": {"last_name": "Smith"}}, [("f", "a", 0.99), ("f", "c", 0.99), ("d", "f", 0.2)])
    desk.world.load({"g": {"last_name": "Jones"}}, [("g", "d", 0.99), ("g", "e", 0.99)])
    desk.connection.commit()
    whole = desk.persons()
    assert frozenset("deg") in whole
    change = desk.one("select max(change_id) from identity.changes")
    be(monkeypatch, "steward")
    assert desk.post(f"/changes/{change}/undo", {}).status_code == 403
    assert desk.persons() == whole

    page = desk.get(f"/persons/{desk.person('d')}")
    assert f"/changes/{change}/undo?back" not in page
    start = page.index(f"/changes/{change}/undo?person=")
    address = page[start : page.index('"', start)].replace("&amp;", "&")
    told = desk.post(address, {})
    assert told.status_code == 200
    assert "Taken back." in told.text
    after = desk.persons()
    assert frozenset("deg") not in after
    assert {each for each in after if not each & set("deg")} == {each for each in whole if not each & set("deg")}
    assert desk.post(f"/changes/{change}/undo?person=nonsense", {}).status_code in {400, 404}
    be(monkeypatch, "admin")
    assert desk.post("/changes/2/undo", {}).status_code == 200
    assert {frozenset("abf"), frozenset("c")} <= desk.persons()  # What it merged comes apart; what was new stays.
