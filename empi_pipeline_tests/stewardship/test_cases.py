"""Work list and case over HTTP: looking, answering, taking back, and what stands in the way."""

import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from empi_pipeline.postgres import connect
from empi_pipeline_tests.stewardship.conftest import Desk

SMITH, JONES = 1, 2


def _cases_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<th scope="row"><a href="/cases/(\d+)', page)]


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def test_the_work_list_is_ranked_and_counted_by_kind(desk: Desk) -> None:
    page = desk.get("/cases")
    assert _cases_of(page) == [SMITH, JONES]
    assert re.findall(r'<span class="count">([\d,]+)</span>', page) == ["2", "0", "0", "2"]
    assert "Smith, Anna" in page
    assert _cases_of(desk.get("/cases?kind=overlay")) == []


def test_a_filter_finds_and_its_address_tells_nothing(desk: Desk) -> None:
    answer = desk.post("/cases/filter", {"last_name": "Smyth"}, follow=False)
    address = answer.headers["location"]
    assert "smyth" not in address.lower()
    assert list(parse_qs(urlsplit(address).query)) == ["q"]
    page = desk.get(address)
    assert _cases_of(page) == [SMITH]
    assert 'name="last_name" value="Smyth"' in page
    assert 'name="data_source" value=""' in page


def test_a_filter_of_another_server_is_told_not_guessed(desk: Desk) -> None:
    page = desk.get("/cases?q=gAAAAABnnothing", 200)
    assert "The filter has expired." in page
    assert _cases_of(page) == [SMITH, JONES]


def test_pages_of_the_list_follow_each_other_without_gap_or_double(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("empi_pipeline.stewardship.work_list.PAGE_SIZE", 1)
    first = desk.get("/cases")
    assert _cases_of(first) == [SMITH]
    (more,) = re.findall(r'<a href="([^"]+)" rel="next"', first)
    second = desk.get(more)
    assert _cases_of(second) == [JONES]
    assert 'rel="next"' not in second


def test_a_case_shows_differences_to_the_letter_reasons_and_bits(desk: Desk) -> None:
    page = desk.get(f"/cases/{SMITH}")
    # Against the first record of the pair (b: Smith, Ann): c is Smyth, Anna, 1971-04-03.
    assert "Sm<mark>y</mark>th" in page
    assert "Ann<mark>a</mark>" in page
    assert '<mark class="gap"' not in page
    assert "Likely one human, but not likely enough" in page
    assert ">-10.0</td>" in page
    assert ">+13.5</td>" in page
    assert ">-3.5</td>" in page
    assert "Not given in one of them: sex." in page
    assert "one letter off" in page


def test_same_person_joins_publishes_and_goes_on_with_the_next_case(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    answer = desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "confirm", "note": "phoned"}, follow=False)
    assert answer.headers["location"] == f"/cases/{JONES}?done=2&said=confirm&of={SMITH}"
    assert desk.persons() == _sets("abc", "d", "e")
    assert desk.one("select count(distinct person_id) from publishing.crosswalk where data_source <> 'x'") == 3
    assert desk.one("select note from identity.changes where change_id = 2") == "phoned"
    following = desk.get(answer.headers["location"])
    assert f"Case {SMITH}: same person." in following
    assert 'action="/changes/2/undo"' in following


def test_undo_gives_everything_back(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "confirm"})
    page = desk.post("/changes/2/undo", {"back": f"/cases/{SMITH}"}).text
    assert "Taken back." in page
    assert desk.persons() == _sets("ab", "c", "d", "e")
    assert desk.one("select status from identity.review_cases where case_id = %s", SMITH) == "open"


def test_not_the_same_holds(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "reject"})
    assert desk.persons() == _sets("ab", "c", "d", "e")
    assert desk.one("select count(*) from identity.decisions where kind = 'cannot_link'") == 1


def test_records_go_where_their_numbers_say(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    numbers = {name: fields[f"to-{desk.id(name)}"] for name in "abc"}
    assert numbers["a"] == numbers["b"] != numbers["c"]
    moved = {**fields, f"to-{desk.id('b')}": numbers["c"]}
    looked = desk.post(f"/cases/{SMITH}/look", moved)
    assert looked.status_code == 200
    assert "As arranged <b>1</b>" in looked.text
    assert desk.persons() == _sets("ab", "c", "d", "e")  # Looking saves nothing.
    desk.post(f"/cases/{SMITH}/answer", {**moved, "answer": "arrange"})
    assert desk.persons() == _sets("a", "bc", "d", "e")


def test_a_number_nobody_has_is_a_new_person_and_a_whole_person_can_move(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    number = fields[f"to-{desk.id('a')}"]
    page = desk.post(f"/cases/{SMITH}/look", {**fields, f"to-{desk.id('b')}": "7"}).text
    assert "new person 3" in page
    page = desk.post(f"/cases/{SMITH}/look", {**fields, f"all-{number}": fields[f"to-{desk.id('c')}"]}).text
    assert "As arranged <b>2</b>" in page
    assert "no record left" in page
    desk.post(f"/cases/{SMITH}/answer", {**fields, f"to-{desk.id('b')}": "7", "answer": "arrange"})
    assert desk.persons() == _sets("a", "b", "c", "d", "e")


def test_as_they_are_says_that_they_are_right(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "arrange"})
    assert desk.persons() == _sets("ab", "c", "d", "e")
    assert desk.one("select closed_reason from identity.review_cases where case_id = %s", SMITH) == "decided"


def test_only_the_chosen_pair_is_answered_where_one_says_so(desk: Desk) -> None:
    desk.world.load({"f": {"last_name": "Smythe"}}, [("f", "c", 0.6)])
    desk.connection.commit()
    page = desk.get(f"/cases/{SMITH}")
    fields = {**desk.fields(page), "pair": f"{desk.id('c')}-{desk.id('f')}", "only": "1"}
    answer = desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "confirm"}, follow=False)
    assert desk.persons() == _sets("ab", "cf", "d", "e")
    assert answer.headers["location"].startswith(f"/cases/{SMITH}?")  # The rest of it still waits.


def test_moves_are_not_forgotten_by_an_answer_to_the_whole_case(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    for said in ("confirm", "reject"):
        answer = desk.post(f"/cases/{SMITH}/answer", {**fields, f"to-{desk.id('b')}": "3", "answer": said})
        assert (answer.status_code, "1 record moved" in answer.text) == (400, True)
        assert "As arranged <b>1</b>" in answer.text
    assert desk.persons() == _sets("ab", "c", "d", "e")


def test_this_pair_only_without_a_pair_answers_nothing_rather_than_all(desk: Desk) -> None:
    fields = {**desk.fields(desk.get(f"/cases/{SMITH}")), "pair": "", "only": "1", "answer": "confirm"}
    answer = desk.post(f"/cases/{SMITH}/answer", fields)
    assert (answer.status_code, "choose the pair that this is about" in answer.text) == (400, True)
    assert desk.persons() == _sets("ab", "c", "d", "e")


def test_unsure_writes_a_note_and_hands_over(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(
        f"/cases/{SMITH}/answer", {**fields, "answer": "unsure", "note": "ask the clinic", "assign": "Ann"}
    )  # fmt: skip
    assert _cases_of(desk.get("/cases?with=me")) == [SMITH]
    assert _cases_of(desk.get("/cases?with=nobody")) == [JONES]
    assert "@Ann ask the clinic" in desk.get(f"/cases/{SMITH}")
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "unsure", "assign": "nobody"})
    assert _cases_of(desk.get("/cases?with=nobody")) == [SMITH, JONES]
    empty = desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "unsure", "note": "", "assign": ""})
    assert (empty.status_code, "say in the note what is unclear" in empty.text) == (400, True)


def test_an_answer_to_what_has_changed_is_refused_and_nothing_entered_is_lost(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.world.load({"f": {"last_name": "Smythe"}}, [("f", "c", 0.6)])
    desk.connection.commit()
    changes = desk.one("select max(change_id) from identity.changes")
    entered = {
        **fields, "note": "it is <her>", f"to-{desk.id('b')}": fields[f"to-{desk.id('c')}"], "answer": "arrange",
    }  # fmt: skip
    answer = desk.post(f"/cases/{SMITH}/answer", entered)
    assert answer.status_code == 409
    assert "Nothing was saved: this is not any more what you looked at." in answer.text
    assert "has come in" in answer.text
    assert f"new here: record {desk.id('f')}" in answer.text
    assert 'value="it is &lt;her&gt;"' in answer.text
    assert "As arranged <b>1</b>" in answer.text
    assert desk.one("select max(change_id) from identity.changes") == changes
    # The page shown is about what is there now: saving it again works.
    again = desk.post(f"/cases/{SMITH}/answer", {**desk.fields(answer.text), "answer": "arrange"}, follow=False)
    assert again.status_code == 303
    assert frozenset("bc") in desk.persons()


def test_a_case_that_somebody_else_closed_says_so_and_keeps_what_was_written(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "confirm"})
    answer = desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "reject", "note": "look at the chart"})
    assert answer.status_code == 409
    assert "closed already" in answer.text
    assert "look at the chart" in answer.text
    assert desk.persons() == _sets("abc", "d", "e")


def test_while_a_batch_is_written_a_save_says_so_and_keeps_what_was_entered(
    desk: Desk, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empi_pipeline.stewardship.saving.PATIENCE_SECONDS", 0.05)
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    held, done = threading.Event(), threading.Event()

    def batch() -> None:
        from empi_pipeline.identity.ledger import writing_identity

        with connect(database) as other, writing_identity(other):
            held.set()
            done.wait(20)

    writer = threading.Thread(target=batch)
    writer.start()
    assert held.wait(10)
    try:
        answer = desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "confirm", "note": "phoned"})
    finally:
        done.set()
        writer.join()
    assert answer.status_code == 409
    assert "others are writing identities" in answer.text
    assert 'value="phoned"' in answer.text
    again = desk.post(
        f"/cases/{SMITH}/answer", {**desk.fields(answer.text), "answer": "confirm"}, follow=False
    )  # fmt: skip
    assert again.status_code == 303
    assert frozenset("abc") in desk.persons()


def test_a_contradiction_names_the_decisions_in_the_way_and_can_be_overruled(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    desk.post(f"/cases/{SMITH}/answer", {**fields, "answer": "reject"})
    desk.connection.execute("update matching.predictions set match_weight = 4, match_probability = 0.85")
    together = f"/persons/together?id={desk.person('a')}&id={desk.person('c')}"
    person = desk.fields(desk.get(together))
    sent = {**person, "id": [desk.person("a"), desk.person("c")], "answer": "merge", "note": "same phone"}
    answer = desk.post("/persons/arrange", sent)
    assert answer.status_code == 409
    assert "decisions in force say otherwise" in answer.text
    assert "(ann, " in answer.text
    assert 'name="overrule"' in answer.text
    desk.post("/persons/arrange", {**sent, "overrule": "1"})
    assert frozenset("abc") in desk.persons()


def test_any_two_records_of_a_case_are_compared_and_scored_when_asked(desk: Desk) -> None:
    fields = desk.fields(desk.get(f"/cases/{SMITH}"))
    page = desk.post(f"/cases/{SMITH}/look", {**fields, "compare": f"{desk.id('a')}-{desk.id('c')}"}).text
    assert "Not one of the pairs in question; scored just now." in page
    assert ">-10.0</td>" in page
    assert "1971-0<mark>4</mark>-0<mark>3</mark>" in page
    # Records of other cases, and nonsense, are not compared: the page shows its own pair.
    for asked in (f"{desk.id('a')}-{desk.id('d')}", "1-1", "x"):
        page = desk.post(f"/cases/{SMITH}/look", {**fields, "compare": asked}).text
        assert "scored just now" not in page


def test_what_was_delivered_beyond_the_standard_columns_is_shown_and_compared(desk: Desk) -> None:
    for name, extra in (("b", '{"email": "ann@x.example", "ward": 7}'), ("c", '{"email": "anna@x.example"}')):
        desk.connection.execute(
            "update raw.person_records set extra = %s where record_id = %s", [extra, desk.id(name)]
        )  # fmt: skip
    desk.connection.commit()
    for path in (f"/cases/{SMITH}", f"/persons/together?id={desk.person('b')}&id={desk.person('c')}"):
        page = desk.get(path)
        assert ">email</th>" in page
        assert ">ward</th>" in page
        assert "@x.example" in page


def test_the_state_of_a_case_is_told_without_its_records(desk: Desk) -> None:
    assert desk.browser.get(f"/cases/{SMITH}/state").json() == {"status": "open", "version": 1}


def test_what_is_not_there_is_a_page_that_says_so(desk: Desk) -> None:
    for path in ("/cases/99", "/cases/99/state", "/cases/abc", f"/cases/{2**70}", "/persons/nobody", "/changes/99"):
        assert "Not found." in desk.get(path, 404)


def test_next_goes_through_the_list_one_looks_at(desk: Desk) -> None:
    address = desk.post("/cases/filter", {"last_name": "jones"}, follow=False).headers["location"]
    query = urlsplit(address).query
    assert desk.browser.get(f"/cases/{SMITH}/next", follow_redirects=False).headers["location"] == f"/cases/{JONES}"
    only = desk.browser.get(f"/cases/{JONES}/next?{query}", follow_redirects=False).headers["location"]
    assert urlsplit(only).path == "/cases"
