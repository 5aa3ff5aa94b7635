"""What the page must never do: act for another site, run what a record says, show what is not for one's eyes."""

import logging
import re
from html.parser import HTMLParser

import pytest

from empi_pipeline.api.access import User
from empi_pipeline.api.tokens import unauthenticated
from empi_pipeline.schema import ATTRIBUTE_COLUMNS
from empi_pipeline.settings import ApiSettings
from empi_pipeline_tests.stewardship.conftest import Desk

ATTACK = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>{{7*7}}&lt;"
CANARY = "Zzyzx-Canary"


class _Tags(HTMLParser):
    """The tags of a page with their attributes, as a browser reads them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _as(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    monkeypatch.setattr("empi_pipeline.api.access._authenticate", lambda _request, _at: user)


def _changes(desk: Desk) -> object:
    return desk.one("select max(change_id) from identity.changes")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/cases/1/answer", {"answer": "confirm", "version": "1"}),
        ("/cases/1/look", {}),
        ("/changes/1/undo", {}),
        ("/persons/arrange", {"answer": "note", "note": "x"}),
        ("/persons/find", {"last_name": "x"}),
        ("/cases/filter", {"last_name": "x"}),
    ],
)
def test_a_form_without_the_token_of_this_browser_does_nothing(
    desk: Desk, path: str, fields: dict[str, str]
) -> None:  # fmt: skip
    desk.get("/cases")
    for token in (None, "", "0" * 64, "not-one"):
        sent = fields if token is None else {**fields, "csrf": token}
        assert desk.browser.post(path, data=sent).status_code == 403
    desk.browser.cookies.clear()
    assert desk.browser.post(path, data={**fields, "csrf": ""}).status_code == 403
    assert _changes(desk) == 1


def test_a_form_of_another_site_does_nothing_even_with_the_token(desk: Desk) -> None:
    fields = desk.fields(desk.get("/cases/1"))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = desk.browser.post("/cases/1/answer", data={**fields, "answer": "confirm"}, headers=headers)
        assert answer.status_code == 403
    assert _changes(desk) == 1


def test_the_token_is_kept_from_scripts_and_other_sites(desk: Desk) -> None:
    cookie = desk.browser.get("/cases").headers["set-cookie"]
    assert re.fullmatch(r"empi_form=[0-9a-f]{64}; HttpOnly; Path=/; SameSite=strict", cookie)


def test_what_a_record_or_note_says_is_shown_never_run(empty_desk: Desk) -> None:
    record = dict.fromkeys(ATTRIBUTE_COLUMNS, ATTACK)
    other = {**record, "last_name": ATTACK + "x", "sex": "javascript:alert(1)"}
    empty_desk.world.load(
        {"a": {**record, "data_source": ATTACK, "source_person_id": ATTACK}, "b": other}, [("a", "b", 0.5)]
    )
    empty_desk.connection.commit()
    desk = empty_desk
    fields = desk.fields(desk.get("/cases/1"))
    desk.post("/cases/1/answer", {**fields, "answer": "unsure", "note": ATTACK, "assign": "<b>"})
    desk.post("/cases/1/answer", {**fields, "answer": "confirm", "note": ATTACK, "version": "9"})
    desk.post("/cases/1/look", {**fields, "pair": ATTACK, f"to-{desk.id('a')}": ATTACK, "version": ATTACK})
    desk.post("/cases/filter", {"last_name": ATTACK})
    desk.post("/persons/find", {"last_name": ATTACK})
    desk.post("/cases/1/answer", {**fields, "answer": "confirm", "note": ATTACK})
    for path in (
        "/cases", "/cases?status=closed", "/cases/1", f"/persons/{desk.person('a')}", "/changes/2", "/figures",
        f"/cases?kind={ATTACK}&with={ATTACK}&q={ATTACK}&after={ATTACK}&said={ATTACK}&of={ATTACK}&done={ATTACK}",
        f"/cases/1?said=undo&of={ATTACK}&done={ATTACK}&pair={ATTACK}",
    ):  # fmt: skip
        desk.get(path)
    desk.post("/changes/2/undo", {"back": "//evil.example"})
    desk.get("/persons/<script>", 404)
    shown = 0
    (script,) = re.findall(r'src="(/static/steward.js\?[0-9a-f]+)"', desk.get("/cases"))
    for page in desk.pages:
        tags = _Tags(page).found
        assert [known for tag, known in tags if tag == "script"] in ([], [{"defer": None, "src": script}])
        assert not [tag for tag, _ in tags if tag in {"img", "iframe", "object", "style", "base"}]
        assert not [known for _, known in tags if any(name == "style" or name.startswith("on") for name in known)]
        leads = [str(known[name]) for _, known in tags for name in ("href", "action", "formaction") if name in known]
        assert [each for each in leads if not re.match(r"/(?!/)|#main$", each)] == []
        shown += page.count("&lt;script&gt;alert(1)")
    assert shown > 20


def test_no_page_is_kept_framed_or_lets_foreign_code_in(desk: Desk) -> None:
    for path in (
        "/cases",
        "/cases/1",
        "/persons",
        f"/persons/{desk.person('a')}",
        "/changes/1",
        "/figures",
        "/cases/9",
    ):
        headers = desk.browser.get(path).headers
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_style_and_script_come_from_here_and_may_be_kept(desk: Desk) -> None:
    page = desk.get("/cases")
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        answer = desk.browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert desk.browser.get("/static/..%2fpages.py").status_code == 404


def test_each_reading_and_each_decision_is_audited(desk: Desk) -> None:
    fields = desk.fields(desk.get("/cases/1"))
    desk.get(f"/persons/{desk.person('d')}")
    desk.get("/cases")
    desk.post("/cases/1/answer", {**fields, "answer": "confirm"}, follow=False)
    with desk.connection.transaction():
        rows = desk.connection.execute(
            "select actor, operation, case_ids, cardinality(person_ids), change_id from access.audit order by audit_id"
        ).fetchall()
    assert rows == [
        ("ann", "case.read", [1], 2, None),
        ("ann", "person.read", [], 1, None),
        ("ann", "case.list", [1, 2], 0, None),
        ("ann", "case.decide", [1], 2, 2),
    ]


def test_a_viewer_looks_and_decides_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _as(monkeypatch, User(1, "vic", "viewer"))
    page = desk.get("/cases/1")
    assert 'name="answer"' not in page
    assert 'name="to-' not in page
    for path in ("/cases/1/answer", "/changes/1/undo", "/persons/arrange"):
        assert desk.post(path, {"answer": "confirm", "version": "1"}).status_code == 403
    assert _changes(desk) == 1
    _as(monkeypatch, User(1, "nil", None))
    assert "Not allowed." in desk.get("/cases", 403)


def test_who_is_not_signed_in_any_more_finds_the_way_to_sign_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    assert "Sign out" not in desk.get("/cases")
    runtime = desk.browser.app.state.runtime  # type: ignore[attr-defined]
    away = ApiSettings(sign_out_url="/oauth2/sign_out?rd=%2Fcases")
    object.__setattr__(runtime, "settings", runtime.settings.model_copy(update={"api": away}))
    assert '<a class="quiet" href="/oauth2/sign_out?rd=%2Fcases">Sign out</a>' in desk.get("/cases")

    def refuse(_request: object, _at: object) -> User:
        raise unauthenticated("Invalid JWT", "invalid_token")

    monkeypatch.setattr("empi_pipeline.api.access._authenticate", refuse)
    for path in ("/cases", "/cases/1", "/persons", "/figures"):
        page = desk.get(path, 401)
        assert "Please sign in again." in page
        assert '<a href="/oauth2/sign_out?rd=%2Fcases">Sign in again</a>' in page
    for elsewhere in ("//evil.example", "javascript:alert(1)", "http://x.example"):
        with pytest.raises(ValueError, match="sign_out_url"):
            ApiSettings(sign_out_url=elsewhere)


def test_who_is_limited_to_sources_sees_their_records_and_decides_only_about_what_he_sees(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as(monkeypatch, User(1, "lee", "steward", frozenset({"payer"})))
    page = desk.get("/cases/1")
    assert "Smyth" in page
    assert "Smith" not in page
    assert "2 records of other data sources are not for your eyes" in page
    assert 'name="answer"' not in page
    fields = {"answer": "confirm", "version": "1"}
    assert desk.post("/cases/1/answer", fields).status_code == 403
    desk.get(f"/persons/{desk.person('a')}", 404)
    assert "Smith" not in desk.get("/cases")
    found = desk.post("/persons/find", {"birth_date": "19"}).text
    assert set(re.findall(r'name="id" value="([^"]+)"', found)) == {desk.person("c"), desk.person("e")}
    _as(monkeypatch, User(1, "lee", "steward", frozenset({"clinic"})))
    desk.get("/cases/1", 404)
    assert "The work list is empty" in desk.get("/cases")
    _as(monkeypatch, User(1, "lee", "steward", frozenset({"payer", "hospital", "lab"})))
    assert desk.post("/cases/1/answer", {**desk.fields(desk.get("/cases/1")), **fields}).status_code == 200
    assert _changes(desk) == 2
    _as(monkeypatch, User(1, "lee", "steward", frozenset({"payer"})))
    assert desk.post("/changes/2/undo", {}).status_code == 403
    assert _changes(desk) == 2


def test_no_value_of_a_record_reaches_a_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.world.load({"f": {"last_name": CANARY, "first_name": CANARY}}, [("f", "d", 0.5)])
    desk.connection.commit()
    desk.post("/persons/find", {"last_name": CANARY})
    desk.post("/cases/filter", {"last_name": CANARY, "birth_date": CANARY})
    fields = desk.fields(desk.get("/cases/2"))
    desk.post("/cases/2/answer", {**fields, "answer": "confirm", "note": CANARY, "version": "1"})
    desk.post("/cases/2/answer", {**fields, "answer": "unsure", "note": CANARY, "assign": f"{CANARY}, x"})
    desk.post(f"/persons/find?{CANARY}", {"person_id": CANARY})
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith(("httpx", "asyncio"))]
    assert not any(CANARY in message for message in ours)
