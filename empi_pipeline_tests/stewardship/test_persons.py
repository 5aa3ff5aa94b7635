"""Persons over HTTP: finding, reading, merging, splitting, and what is told of their past."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from empi_pipeline_tests.stewardship.conftest import Desk


def _found(page: str) -> list[str]:
    return re.findall(r'name="id" value="([0-9a-f-]{36})"', page)


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def test_a_person_is_found_by_name_date_source_and_id_and_no_address_tells_it(desk: Desk) -> None:
    for asked, names in (
        ({"last_name": "Smith"}, "a"),
        ({"birth_date": "1950"}, "de"),
        ({"data_source": "payer", "source_person_id": "c"}, "c"),
        ({"person_id": desk.person("d")[:13]}, "d"),
    ):
        answer = desk.post("/persons/find", asked, follow=False)
        address = answer.headers["location"]
        assert list(parse_qs(urlsplit(address).query)) == ["q"]
        assert not any(value.lower() in address.lower() for value in asked.values() if len(value) > 3)
        assert set(_found(desk.get(address))) == {desk.person(name) for name in names}
    with desk.connection.transaction():
        rows = desk.connection.execute(
            "select detail::text, person_ids from access.audit where operation = 'person.search' order by audit_id"
        ).fetchall()
    assert rows[0][0] == '{"filters": ["last_name"]}'
    assert [str(each) for each in rows[0][1]] == [desk.person("a")]


def test_a_search_for_nothing_or_nonsense_is_told(desk: Desk) -> None:
    assert "Names by their beginning" in desk.post("/persons/find", {}).text
    assert "is not the beginning of a person id" in desk.post("/persons/find", {"person_id": "xyz"}).text
    assert "No such person" in desk.post("/persons/find", {"last_name": "nobody"}).text


def test_a_person_page_shows_records_history_and_open_cases(desk: Desk) -> None:
    page = desk.get(f"/persons/{desk.person('a')}")
    assert "2 records came" in page
    assert '<a href="/cases/1">1</a>' in page
    assert "Ann" in page


def test_a_retired_id_leads_to_what_it_became(desk: Desk) -> None:
    fields = desk.fields(desk.get("/cases/1"))
    gone, stays = desk.person("c"), desk.person("a")
    desk.post("/cases/1/answer", {**fields, "answer": "confirm"})
    page = desk.get(f"/persons/{gone}")
    assert f"You asked for {gone}, which is retired" in page
    assert stays in page
    assert "took in" in page


def test_records_are_split_off_and_the_split_is_taken_back(desk: Desk) -> None:
    path = f"/persons/{desk.person('a')}"
    fields = desk.fields(desk.get(path))
    sent = {**fields, f"to-{desk.id('b')}": "2", "answer": "arrange", "note": "other chart"}
    page = desk.post("/persons/arrange", sent).text
    assert desk.persons() == _sets("a", "b", "c", "d", "e")
    assert "As arranged." in page
    assert "let go" in page
    desk.post("/changes/2/undo", {"back": path})
    assert desk.persons() == _sets("ab", "c", "d", "e")


def test_persons_side_by_side_become_one_or_are_told_apart(desk: Desk) -> None:
    ids = [desk.person("d"), desk.person("e")]
    address = "/persons/together?" + "&".join(f"id={each}" for each in ids)
    page = desk.get(address)
    assert "1950-01-0<mark>2</mark>" in page
    fields = {**desk.fields(page), "id": ids}
    desk.post("/persons/arrange", {**fields, "answer": "apart"})
    assert desk.one("select count(*) from identity.decisions where kind = 'cannot_link'") == 1
    fields = {**desk.fields(desk.get(address)), "id": ids, "overrule": "1"}
    desk.post("/persons/arrange", {**fields, "answer": "merge"})
    assert desk.persons() == _sets("ab", "c", "de")


def test_a_stale_person_is_told_and_what_was_entered_stays(desk: Desk) -> None:
    path = f"/persons/{desk.person('a')}"
    fields = desk.fields(desk.get(path))
    desk.world.load({"f": {"last_name": "Smith"}}, [("a", "f", 0.99)])
    desk.connection.commit()
    sent = {**fields, f"to-{desk.id('b')}": "2", "answer": "arrange", "note": "other chart"}
    answer = desk.post("/persons/arrange", sent)
    assert answer.status_code == 409
    assert "not any more what you looked at" in answer.text
    assert f"new here: record {desk.id('f')}" in answer.text
    assert 'value="other chart"' in answer.text
    assert "As arranged <b>1</b>" in answer.text


def test_only_a_note_changes_no_identity(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/persons/{desk.person('d')}"))
    page = desk.post("/persons/arrange", {**fields, "answer": "note", "note": "confirmed by phone"}).text
    assert "confirmed by phone" in page
    assert desk.one("select max(change_id) from identity.changes") == 1


def test_another_person_is_put_beside(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/persons/{desk.person('d')}"))
    page = desk.post("/persons/look", {**fields, "beside": desk.person("e")}).text
    assert "2 persons side by side" in page


def test_the_figures_tell_what_waits_and_what_was_decided(desk: Desk) -> None:
    fields = desk.fields(desk.get("/cases/1"))
    desk.post("/cases/1/answer", {**fields, "answer": "confirm"})
    desk.connection.execute(
        "insert into evaluation.measurements (kind, actor, change_id)"
        " values ('rates', 'clock', 1), ('rates', 'clock', 2)"
    )
    desk.connection.execute(
        "insert into evaluation.rates (measurement_id, rate, dimension, label, numerator, denominator, value)"
        " values (1, 'duplicate', 'all', 'all', 1, 10, 0.1), (2, 'duplicate', 'all', 'all', 1, 8, 0.125)"
    )
    desk.connection.commit()
    page = desk.get("/figures")
    assert "1 saved and 0 taken back in the last 30 days." in page
    assert "12.50 %" in page
    assert 'aria-label="duplicate over 2 measurements"' in page
    assert "Smith" not in page


@pytest.mark.parametrize("dagster", ["https://dagster.example.org", ""])
def test_figures_and_changes_lead_to_the_dagster_run_of_a_batch_where_dagster_has_an_address(
    desk: Desk, dagster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPI_DAGSTER_URL", dagster)
    desk.connection.execute("update intake.batches set last_run_id = '0d0c4711-aaaa', status = 'applied'")
    desk.connection.execute("insert into intake.batches (batch_id, status) values ('batch-later', 'waiting')")
    desk.connection.commit()
    figures, change = desk.get("/figures"), desk.get("/changes/1")
    latest = figures[figures.index("Latest batches") :]
    assert latest.index("batch-later") < latest.index("batch-1")
    assert '<a href="/changes/1">change 1</a>' in latest
    linked = f'href="{dagster}/runs/0d0c4711-aaaa"'
    assert (linked in latest, linked in change) == (bool(dagster), bool(dagster))
    assert ("0d0c4711" in latest, "in Dagster" in change) == (True, bool(dagster))


def test_a_rematch_leads_to_the_page_of_its_plan_and_a_decision_nowhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPI_DAGSTER_URL", "https://dagster.example.org")
    desk.post("/cases/1/answer", {**desk.fields(desk.get("/cases/1")), "answer": "confirm"})
    assert "dagster.example.org" not in desk.get("/changes/2")
    desk.connection.execute(
        "insert into identity.changes select 3, at, 'rematch', null, model_id, null, null, actor,"
        " null, 0, digest, previous_digest from identity.changes where change_id = 2"
    )
    desk.connection.commit()
    assert 'href="https://dagster.example.org/assets/identity/rematch_plan"' in desk.get("/changes/3")
