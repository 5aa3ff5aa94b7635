"""The page in a real Chromium: reviews by mouse and by key, two stewards, batches meanwhile, much at once, axe.

Needs Chromium (`apt-get install chromium`) and the extra `browser`; is skipped without them. Screenshots of what was
seen go to the folder that EMPI_SCREENSHOTS names.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from empi_pipeline_tests.stewardship.conftest import RECORDS, Desk

playwright = pytest.importorskip("playwright.sync_api", reason="pip install -c constraints.txt -e '.[browser]'")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]

LAPTOP = {"width": 1366, "height": 768}


@dataclass
class Browsing:
    """A desk whose page real browsers open."""

    desk: Desk
    address: str
    chromium: "playwright.Browser"
    complaints: list[str]

    def steward(self, **context: object) -> "playwright.Page":
        """A browser window of its own, with its own cookies."""
        page = self.chromium.new_context(viewport=LAPTOP, base_url=self.address, **context).new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        return page

    def see(self, page: "playwright.Page", name: str) -> None:
        """Keep a picture where somebody wants to look."""
        folder = os.environ.get("EMPI_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture(scope="module")
def chromium() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def browsing(empty_desk: Desk, chromium: "playwright.Browser") -> Iterator[Browsing]:
    server = uvicorn.Server(uvicorn.Config(empty_desk.browser.app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    browsing = Browsing(empty_desk, f"http://127.0.0.1:{port}", chromium, [])
    yield browsing
    for context in chromium.contexts:
        context.close()
    server.should_exit = True
    thread.join()
    # No script may fail and nothing may be refused by the content security policy, whatever a test does. A conflict is
    # told with status 409, which the console of a browser calls an error.
    assert [each for each in browsing.complaints if "status of 409" not in each] == []


@pytest.fixture
def two_cases(browsing: Browsing) -> Browsing:
    """As the fixture `desk`: a and b are one person, c may be; d and e may be one."""
    browsing.desk.world.load(RECORDS, [("a", "b", 0.99), ("b", "c", 0.5), ("d", "e", 0.4)])
    browsing.desk.connection.execute(
        "update matching.predictions set levels = '{1,2,-1}', weights = '{13.5,-3.5,0}'"
    )  # fmt: skip
    browsing.desk.connection.commit()
    return browsing


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def test_a_whole_review_by_mouse(two_cases: Browsing) -> None:
    page = two_cases.steward()
    page.goto("/")
    page.get_by_role("link", name="1", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Potential match Case 1")
    two_cases.see(page, "case")
    page.locator("#note").fill("phoned the clinic")
    page.get_by_role("button", name="Same person").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Potential match Case 2")
    assert two_cases.desk.persons() == _sets("abc", "d", "e")
    page.get_by_role("button", name="Undo").click()
    assert two_cases.desk.persons() == _sets("ab", "c", "d", "e")
    page.get_by_role("button", name="Not the same").click()
    assert page.get_by_text("Case 1: not the same.").is_visible()
    page.get_by_role("button", name="Right as they are").click()
    assert page.get_by_text("The work list is empty").is_visible()


def test_a_whole_review_by_key_alone(two_cases: Browsing) -> None:
    page = two_cases.steward()
    page.goto("/cases")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/1")
    page.keyboard.press("n")
    page.keyboard.type("same phone")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    # The key alone saves nothing: it leads to the button.
    assert two_cases.desk.persons() == _sets("ab", "c", "d", "e")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/2?*")
    assert two_cases.desk.persons() == _sets("abc", "d", "e")
    assert two_cases.desk.one("select note from identity.changes where change_id = 2") == "same phone"
    page.keyboard.press("z")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/1?*")
    assert two_cases.desk.persons() == _sets("ab", "c", "d", "e")
    # A record to another person, by its number.
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.locator(f"#to-{two_cases.desk.id('b')}").focus()
    page.keyboard.type(page.locator(f"#to-{two_cases.desk.id('c')}").input_value())
    page.keyboard.press("Enter")
    page.get_by_role("button", name="As arranged 1").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/2?*")
    assert frozenset("bc") in two_cases.desk.persons()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/persons")


def test_single_keys_can_be_switched_off(two_cases: Browsing) -> None:
    page = two_cases.steward()
    page.goto("/cases/1")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("s")
    assert page.evaluate("document.activeElement.value") != "confirm"


def test_a_record_is_dragged_to_another_and_to_a_new_person(two_cases: Browsing) -> None:
    desk = two_cases.desk
    page = two_cases.steward()
    page.goto("/cases/1")
    record = f'th[data-record="{desk.id("b")}"]'
    other = page.locator(f"#to-{desk.id('c')}").input_value()
    page.drag_and_drop(record, f'th.person[data-person="{other}"]')
    page.get_by_role("button", name="As arranged 1").wait_for()
    page.drag_and_drop(record, "th.person.drop")
    page.get_by_text("new person 3").wait_for()
    two_cases.see(page, "dragged")
    page.locator(f"#to-{desk.id('b')}").press("r")
    page.get_by_role("button", name="Right as they are").wait_for()
    page.drag_and_drop(record, "th.person.drop")
    page.get_by_role("button", name="As arranged 1").click()
    page.wait_for_url("**/cases/2?*")
    assert desk.persons() == _sets("a", "b", "c", "d", "e")


def test_two_stewards_on_one_case_the_second_is_told_and_loses_nothing(two_cases: Browsing) -> None:
    ann, bob = two_cases.steward(), two_cases.steward()
    for page in (ann, bob):
        page.goto("/cases/1")
    bob.locator("#note").fill("the chart says twins")
    ann.get_by_role("button", name="Same person").click()
    ann.wait_for_url("**/cases/2?*")
    bob.get_by_role("button", name="Not the same").click()
    assert bob.get_by_role("alert").get_by_text("Nothing was saved").is_visible()
    assert bob.get_by_text("you had written: the chart says twins").is_visible()
    two_cases.see(bob, "two-stewards")
    assert two_cases.desk.persons() == _sets("abc", "d", "e")


def test_a_batch_that_arrives_meanwhile_is_told_and_what_was_entered_stays(two_cases: Browsing) -> None:
    desk = two_cases.desk
    page = two_cases.steward()
    page.goto("/cases/1")
    page.evaluate("document.querySelector('#case').dataset.every = '0.2'; watch()")
    page.locator("#note").fill("waits for the clinic")
    page.locator(f"#to-{desk.id('b')}").fill(page.locator(f"#to-{desk.id('c')}").input_value())
    page.locator(f"#to-{desk.id('b')}").press("Enter")
    page.get_by_role("button", name="As arranged 1").wait_for()
    page.evaluate("document.querySelector('#case').dataset.every = '0.2'; watch()")
    desk.world.load({"f": {"last_name": "Smythe"}}, [("f", "c", 0.6)])
    desk.connection.commit()
    page.get_by_text("This case has changed meanwhile.").wait_for()
    two_cases.see(page, "batch-meanwhile")
    page.get_by_role("button", name="Look again").click()
    page.locator(f"#to-{desk.id('f')}").wait_for()
    assert page.locator("#note").input_value() == "waits for the clinic"
    assert page.get_by_role("button", name="As arranged 1").is_visible()
    page.get_by_role("button", name="As arranged 1").click()
    page.wait_for_url("**/cases/2?*")
    assert frozenset("bc") in desk.persons()


@pytest.mark.parametrize("how", ["a proxy leads to sign in", "the token has expired"])
def test_who_is_signed_out_meanwhile_is_told_and_loses_nothing(two_cases: Browsing, how: str) -> None:
    page = two_cases.steward()
    page.goto("/cases/1")
    page.locator("#note").fill("waits for the clinic")
    answer = {"status": 401} if "token" in how else {"status": 302, "headers": {"Location": "https://idp.example/"}}
    page.route("**/state", lambda route: route.fulfill(**answer))
    page.evaluate("document.querySelector('#case').dataset.every = '0.2'; watch()")
    page.get_by_role("alert").get_by_text("You are signed out.").wait_for()
    two_cases.see(page, "signed-out")
    page.unroute("**/state")  # Signed in again, in another tab.
    page.get_by_text("You are signed out.").wait_for(state="hidden")
    assert page.locator("#note").input_value() == "waits for the clinic"
    page.get_by_role("button", name="Same person").click()
    page.wait_for_url("**/cases/2?*")
    assert two_cases.desk.one("select note from identity.changes where change_id = 2") == "waits for the clinic"
    two_cases.complaints.clear()  # A browser calls 401 an error.


def _sixty(browsing: Browsing) -> None:
    """Sixty persons of one case, most of two records; each like the one before."""
    records, predictions = {}, []
    for number in range(60):
        for part in "xy"[: 1 + number % 2]:
            records[f"{number}{part}"] = {
                "last_name": "Castellanos" if part == "x" else "CASTELLANO",
                "first_name": f"Maria {chr(65 + number % 26)}",
                "birth_date": f"19{40 + number}-03-04",
                "sex": "F",
                "address": f"{number} Example Street",
                "city": "Springfield",
                "state": "IL",
                "zip_code": f"6270{number % 10}",
                "social_security_number": f"123-45-{6000 + number}",
                "phone": f"217-555-{4000 + number}",
                "data_source": "hospital" if part == "x" else "lab",
            }
        if number % 2:
            predictions.append((f"{number}x", f"{number}y", 0.99))
        if number:
            predictions.append((f"{number - 1}x", f"{number}x", 0.5 + number / 200))
    browsing.desk.world.load(records, predictions)
    browsing.desk.connection.execute("update matching.predictions set levels = '{2,0,2}', weights = '{9,-4,5.5}'")
    browsing.desk.connection.commit()


def test_sixty_persons_in_one_case_stay_usable(browsing: Browsing) -> None:
    _sixty(browsing)
    page = browsing.steward()
    page.goto("/cases/1")
    assert page.locator("tr.person:not(.drop)").count() == 60
    browsing.see(page, "sixty")
    # Nothing but the table itself scrolls sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    assert page.get_by_role("button", name="Same person").is_visible()
    page.locator("#all-60").fill("1")
    begin = time.perf_counter()
    page.locator("#all-60").press("Enter")
    page.get_by_role("button", name="As arranged 2").wait_for()
    assert time.perf_counter() - begin < 3  # Half a second where nothing else runs.
    assert page.locator("tr.record.moved").count() == 2
    page.locator(".pair input").nth(30).check()
    page.locator(".pair.chosen input >> nth=0").wait_for()
    assert page.get_by_role("button", name="As arranged 2").is_visible()
    page.get_by_role("button", name="As arranged 2").click()
    page.get_by_text("The work list is empty").wait_for()
    assert browsing.desk.one("select count(*) from identity.persons where retired_change_id is null") == 59


def test_five_thousand_cases_are_paged_through(browsing: Browsing) -> None:
    desk = browsing.desk
    desk.world.load(
        {f"{number}{side}": {"last_name": f"Name{number}"} for number in range(5_000) for side in "lr"},
        [(f"{number}l", f"{number}r", 0.4 + (number % 500) / 1_000) for number in range(5_000)],
    )
    desk.connection.commit()
    desk.connection.execute("analyze")
    desk.connection.commit()
    page = browsing.steward()
    begin = time.perf_counter()
    page.goto("/cases")
    taken = time.perf_counter() - begin
    assert page.get_by_text("50 of 5,000, the most urgent first").is_visible()
    assert taken < 3  # A tenth of that where nothing else runs.
    seen: set[str] = set()
    for _ in range(5):
        here = set(page.locator("#worklist tbody th a").all_inner_texts())
        assert len(here) == 50
        assert not here & seen
        seen |= here
        before = page.url
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda url, before=before: url != before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_the_way_of_those_who_see_or_move_otherwise(two_cases: Browsing, scheme: str) -> None:
    """Axe, the rules of WCAG 2.2 AA, on every page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    desk = two_cases.desk
    person = desk.person("a")
    page = two_cases.steward(color_scheme=scheme, reduced_motion="reduce")
    together = f"/persons/together?id={person}&id={desk.person('c')}"
    desk.world.load({"f": {"last_name": "Smythe"}}, [("f", "c", 0.6)])
    desk.connection.commit()
    found = []
    for name, path in {
        "list": "/cases", "case": "/cases/1", "search": "/persons", "person": f"/persons/{person}",
        "together": together, "figures": "/figures", "change": "/changes/1", "missing": "/cases/99",
    }.items():  # fmt: skip
        page.goto(path)
        if name == "case":
            page.locator(f"#to-{desk.id('b')}").fill("9")
            page.locator(f"#to-{desk.id('b')}").press("Enter")
            page.get_by_role("button", name="As arranged 1").wait_for()
        two_cases.see(page, f"{name}-{scheme}")
        result = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        found += [
            f"{name}: {each['id']}: {node['target']} {node['failureSummary']}"
            for each in result.response["violations"]
            for node in each["nodes"]
        ]
    two_cases.complaints.clear()  # Of the page that is not there.
    assert found == []
