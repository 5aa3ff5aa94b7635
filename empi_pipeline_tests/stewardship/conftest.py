"""The page on a small index, over HTTP but in this process."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi.testclient import TestClient

from empi_pipeline.api import create_app
from empi_pipeline.postgres import Connection, connect
from empi_pipeline.settings import Settings
from empi_pipeline_tests.identity.world import World

SETTINGS = {
    "probability_two_random_records_match": 1 / 1025,  # -10 bits
    "blocking_rules_to_generate_predictions": ["l.last_name = r.last_name"],
    "comparisons": [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": f"{name}_l is null", "label_for_charts": "missing", "is_null_level": True},
                {"sql_condition": f"{name}_l = {name}_r", "label_for_charts": "same"},
                {"sql_condition": f"levenshtein({name}_l, {name}_r) < 2", "label_for_charts": "one letter off"},
                {"sql_condition": "ELSE", "label_for_charts": "different"},
            ],
        }
        for name in ("last_name", "birth_date", "sex")
    ],
}


class _NoBucket:
    """Takes the change feed and forgets it."""

    def __init__(self, bucket: str | None = None) -> None:
        assert bucket is None

    def put(self, key: str, body: object) -> None:
        assert key.startswith("exports/")


@dataclass
class Desk:
    """A steward's browser, and the index behind it."""

    browser: TestClient
    connection: Connection
    world: World
    pages: list[str] = field(default_factory=list)

    def get(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.text
        self.pages.append(answer.text)
        return answer.text

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]], *, follow: bool = True) -> httpx.Response:
        """Send a form as a page of ours does."""
        if "empi_form" not in self.browser.cookies:
            self.get("/figures")
        form = {"csrf": self.browser.cookies["empi_form"], **fields}
        answer = self.browser.post(path, data=form, follow_redirects=follow)
        self.pages.append(answer.text)
        return answer

    def fields(self, page: str) -> dict[str, str]:
        """What the form of a case or person says before anybody touches it."""
        form = page[page.index('<form id="case"') :]
        found = {}
        for tag in re.findall(r"<input[^>]*>", form):
            known = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            if known.get("type") in {"radio", "checkbox"} and "checked" not in tag:
                continue
            if "name" in known:
                found[known["name"]] = html.unescape(known.get("value", ""))
        return found

    def one(self, query: str, *parameters: object) -> object:
        with self.connection.transaction():
            row = self.connection.execute(query, parameters).fetchone()
        return row and row[0]

    def persons(self) -> set[frozenset[str]]:
        with self.connection.transaction():
            return self.world.persons()

    def person(self, name: str) -> str:
        with self.connection.transaction():
            return self.world.person_of(name)

    def id(self, name: str) -> int:
        return self.world.ids[name]


@pytest.fixture
def empty_desk(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The page on an index without records."""
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setattr("empi_pipeline.api.app._object_store", _NoBucket)
    with (
        connect(database) as connection,
        TestClient(create_app(Settings()), base_url="http://127.0.0.1:8000") as browser,
    ):
        world = World(connection)
        connection.execute("update matching.model set settings = %s, guards = false", [json.dumps(SETTINGS)])
        connection.commit()
        yield Desk(browser, connection, world)


RECORDS = {
    "a": {"last_name": "Smith", "first_name": "Anna", "birth_date": "1971-03-04", "data_source": "hospital"},
    "b": {"last_name": "Smith", "first_name": "Ann", "birth_date": "1971-03-04", "data_source": "lab"},
    "c": {"last_name": "Smyth", "first_name": "Anna", "birth_date": "1971-04-03", "data_source": "payer"},
    "d": {"last_name": "Jones", "first_name": "Bob", "birth_date": "1950-01-01", "data_source": "lab"},
    "e": {"last_name": "Jones", "first_name": "Bob", "birth_date": "1950-01-02", "data_source": "payer"},
}


@pytest.fixture
def desk(empty_desk: Desk) -> Desk:
    """a and b are one person by evidence; whether c is, asks one case; whether d and e are one, another."""
    empty_desk.world.load(RECORDS, [("a", "b", 0.99), ("b", "c", 0.5), ("d", "e", 0.4)])
    empty_desk.connection.execute("update matching.predictions set levels = '{1,2,-1}', weights = '{13.5,-3.5,0}'")
    empty_desk.connection.commit()
    return empty_desk
