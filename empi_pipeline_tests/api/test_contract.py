"""What clients of the reference system rely on: paths, fields, ids, codes, messages."""

import csv
import io
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.postgres import connect
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.scene import Scene

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def scene(client: TestClient, index: str) -> Scene:
    """Two potential matches and a person in none, as in the searching tests of the reference system."""
    scene = Scene(client, index)
    scene.load(
        {
            "a1": {"first_name": "John", "last_name": "Smith", "birth_date": "1900-01-01", "data_source": "ds1"},
            "a2": {"first_name": "Jon", "last_name": "Smith", "birth_date": "1980-05-06", "data_source": "ds2"},
            "b1": {"first_name": "Tina", "last_name": "Smith", "birth_date": "1900-02-02", "data_source": "ds5"},
            "b2": {"first_name": "Tina", "last_name": "Romero", "data_source": "ds6"},
            "b3": {"first_name": "T", "last_name": "Berry", "data_source": "ds7"},
            "c1": {"first_name": "Jane", "last_name": "Lane", "birth_date": "1970-01-02", "data_source": "ds2"},
            "c2": {"first_name": "Paul", "last_name": "Lap", "data_source": "ds3"},
            "n1": {"data_source": "ds9"},
        },
        [("a1", "a2", 0.75), ("b1", "b2", 0.85), ("b2", "b3", 1.0), ("c1", "c2", 1.0)],
    )
    return scene


def cases(scene: Scene, **asked: Any) -> set[str]:
    """The cases found, by the letter of their records."""
    names = {"John": "a", "Tina": "b"}
    return {names[case["first_name"]] for case in scene.get("/potential-matches", **asked)["potential_matches"]}


def persons(scene: Scene, **asked: Any) -> list[str]:
    return [f"{each['first_name']} {each['last_name']}" for each in scene.get("/persons", **asked)["persons"]]


def test_data_sources_are_told_by_name(scene: Scene) -> None:
    names = [f"ds{number}" for number in (1, 2, 3, 5, 6, 7, 9)]
    assert scene.get("/data-sources") == {"data_sources": [{"name": name} for name in names]}
    error = scene.get("/data-sources", 400, x="1")["error"]
    assert error["message"] == "Validation failed"
    assert error["details"] == [{"field": "x", "message": "Unexpected field"}]


def test_the_list_of_potential_matches_has_the_known_fields(scene: Scene) -> None:
    answer = scene.get("/potential-matches", first_name="john")
    (case,) = answer["potential_matches"]
    assert re.fullmatch(r"pm_\d+", case["id"])
    known = {name: case[name] for name in ("first_name", "last_name", "data_sources", "max_match_probability")}
    assert known == {
        "first_name": "John",
        "last_name": "Smith",
        "data_sources": ["ds1", "ds2"],
        "max_match_probability": 0.75,
    }
    pagination = answer["pagination"]
    assert {name: pagination[name] for name in list(pagination)[:8]} == {
        "page": 1,
        "page_size": 50,
        "total_count": 1,
        "total_pages": 1,
        "has_next": False,
        "has_previous": False,
        "next_page": None,
        "previous_page": None,
    }


def test_q1_potential_matches_are_found_by_each_filter(scene: Scene) -> None:
    assert cases(scene) == {"a", "b"}
    assert cases(scene, first_name="john") == {"a"}
    assert cases(scene, first_name="ohn") == {"a"}  # Inside a name, where none begins so.
    assert cases(scene, last_name="smith") == {"a", "b"}
    assert cases(scene, last_name="SMITH", first_name="tina") == {"b"}
    assert cases(scene, last_name="rom") == {"b"}
    assert cases(scene, last_name="ome") == {"b"}
    assert cases(scene, birth_date="1900") == {"a", "b"}
    assert cases(scene, birth_date="1900-02") == {"b"}
    assert cases(scene, source_person_id="a1") == {"a"}
    assert cases(scene, source_person_id="zz") == set()
    assert cases(scene, data_source="ds1") == {"a"}
    person_id = scene.person("a1")["id"]
    assert cases(scene, person_id=person_id[:22]) == {"a"}
    assert cases(scene, person_id=person_id.removeprefix("p_")[:20]) == {"a"}
    assert cases(scene, person_id="nobody") == set()
    assert cases(scene, first_name="", last_name="") == {"a", "b"}


def test_q2_a_record_that_no_pair_mentions_finds_the_case_of_its_person(scene: Scene) -> None:
    (case,) = scene.get("/potential-matches", last_name="Berry")["potential_matches"]
    assert (case["first_name"], case["last_name"], case["data_sources"]) == ("Tina", "Smith", ["ds5", "ds6", "ds7"])


def test_q5_a_person_is_found_by_any_record_and_shown_by_the_first(scene: Scene) -> None:
    (person,) = scene.get("/persons", last_name="lap")["persons"]
    assert re.fullmatch(f"p_{UUID4}", person["id"])
    assert (person["first_name"], person["last_name"], person["data_sources"]) == ("Jane", "Lane", ["ds2", "ds3"])


def test_persons_are_listed_by_name_and_those_without_one_come_last(scene: Scene) -> None:
    everybody = ["Jane Lane", "Tina Romero", "John Smith", "Jon Smith", "Tina Smith", "None None"]
    assert persons(scene) == everybody
    assert persons(scene, last_name="smith") == ["John Smith", "Jon Smith", "Tina Smith"]
    assert persons(scene, first_name="ina") == ["Tina Romero", "Tina Smith"]
    assert persons(scene, birth_date="1970-01") == ["Jane Lane"]
    assert persons(scene, data_source="ds2") == ["Jane Lane", "Jon Smith"]
    assert persons(scene, source_person_id="n1") == ["None None"]
    assert persons(scene, last_name="***") == []
    assert (
        scene.client.post(f"{API}/persons/search", json={"last_name": "lap"}).json()["persons"][0]["last_name"]
        == "Lane"
    )


def test_pages_by_number_and_by_cursor_show_everybody_once(scene: Scene) -> None:
    whole = persons(scene)
    by_number = [name for page in (1, 2, 3) for name in persons(scene, page=page, page_size=2)]
    assert by_number == whole
    by_cursor: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = scene.get("/persons", page_size=2, cursor=cursor)
        by_cursor += [f"{each['first_name']} {each['last_name']}" for each in answer["persons"]]
        cursor = answer["pagination"]["next_cursor"]
    assert by_cursor == whole
    beyond = scene.get("/persons", page=9, page_size=2)
    assert (beyond["persons"], beyond["pagination"]["has_previous"]) == ([], True)
    assert beyond["pagination"]["total_count"] == 6
    assert scene.get("/persons", page=9_999_999)["persons"] == []
    first = scene.get("/potential-matches", page_size=1)
    second = scene.get("/potential-matches", page_size=1, cursor=first["pagination"]["next_cursor"])
    ids = {each["potential_matches"][0]["id"] for each in (first, second)}
    assert len(ids) == 2
    assert second["pagination"]["next_cursor"] is None


def test_a_potential_match_is_told_with_its_persons_records_and_results(scene: Scene) -> None:
    (listed,) = scene.get("/potential-matches", first_name="john")["potential_matches"]
    answer = scene.client.get(f"{API}/potential-matches/{listed['id']}")
    assert answer.headers["etag"] == f'"pm_{listed["id"]}_v1"'
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    case = body["potential_match"]
    assert (case["id"], case["version"]) == (listed["id"], 1)
    assert re.fullmatch(MOMENT + "Z", case["created"])
    (result,) = case["results"]
    assert re.fullmatch(r"prre_\d+", result["id"])
    assert (result["match_probability"], result["person_record_l_id"], result["person_record_r_id"]) == (
        0.75,
        scene.record("a1"),
        scene.record("a2"),
    )
    assert [person["id"] for person in case["persons"]] == sorted(person["id"] for person in case["persons"])
    record = next(p for p in case["persons"] if p["records"][0]["id"] == scene.record("a1"))["records"][0]
    assert set(record) == {
        *("id", "person_id", "person_uuid", "created", "person_updated", "matched_or_reviewed", "data_source"),
        *("source_person_id", "first_name", "last_name", "sex", "race", "birth_date", "death_date"),
        *("social_security_number", "address", "city", "state", "zip_code", "county", "phone"),
    }
    assert record["matched_or_reviewed"] is None
    assert re.fullmatch(MOMENT + r"\+00:00", record["created"])
    assert (body["pagination"]["total_count"], body["metadata"]["response_size_optimized"]) == (2, True)


def test_fields_and_pages_of_a_potential_match_are_chosen(scene: Scene) -> None:
    (listed,) = scene.get("/potential-matches", first_name="john")["potential_matches"]
    path = f"/potential-matches/{listed['id']}"
    body = scene.get(path, fields="last_name", include_metadata="false", page_size=1, whatever="ignored")
    assert set(body) == {"potential_match"}
    (person,) = body["potential_match"]["persons"]
    assert set(person["records"][0]) == {"id", "person_id", "last_name"}
    assert len(body["potential_match"]["results"]) == 1
    assert scene.get(path, 400, fields="nonsense")["error"]["details"][0]["field"] == "fields"


def test_a_person_has_all_its_records(scene: Scene) -> None:
    person = scene.person("c1")
    assert person["names"] == {"c1", "c2"}
    assert person["version"] == 1
    record = person["records"][0]
    assert record["person_id"] == person["id"]
    assert re.fullmatch(MOMENT + r"\+00:00", record["matched_or_reviewed"])


@pytest.mark.parametrize("wrong", ["p_1", "1", "p_00000000-0000-1000-8000-000000000000", "pr_1", "p_%00"])
def test_what_is_no_person_id_is_said_so(scene: Scene, wrong: str) -> None:
    error = scene.get(f"/persons/{wrong}", 400)["error"]
    assert error["details"] == [{"field": "person_id", "message": "Invalid Person ID"}]


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    for path in (
        f"/persons/p_{'0' * 8}-0000-4000-8000-{'0' * 12}",
        "/potential-matches/pm_9999",
        "/nothing",
        "/persons/",
    ):
        assert scene.get(path, 404)["error"]["message"] == "Resource not found"
    for wrong in ("pm_abc", "pr_1", "1"):
        error = scene.get(f"/potential-matches/{wrong}", 400)["error"]
        assert error["details"] == [{"field": "potential_match_id", "message": "Invalid PotentialMatch ID"}]


def test_wrong_requests_are_told_in_the_known_words(scene: Scene) -> None:
    def told(body: Any, path: str = "/matches", **options: Any) -> tuple[int, Any]:
        answer = scene.client.post(API + path, **({"json": body} if body is not None else {}), **options)
        error = answer.json()["error"]
        return answer.status_code, error.get("details") or error["message"]

    required = "This field is required."
    assert told({}) == (
        400,
        [
            {"field": "potential_match_id", "message": required},
            {"field": "potential_match_version", "message": required},
            {"field": "person_updates", "message": required},
        ],
    )
    assert told([]) == (400, [{"message": "Invalid data. Expected a dictionary, but got list."}])
    assert told({"nonsense": 1, "potential_match_id": 7}) == (
        400,
        [{"field": "nonsense", "message": "Unexpected field"}],
    )
    body = {
        "potential_match_id": None,
        "potential_match_version": "x",
        "person_updates": [{"new_person_record_ids": 1}],
    }
    assert told(body) == (
        400,
        [
            {"field": "potential_match_id", "message": "This field may not be null."},
            {"field": "potential_match_version", "message": "A valid integer is required."},
            {
                "field": "person_updates.0.new_person_record_ids",
                "message": 'Expected a list of items but got type "int".',
            },
        ],
    )
    nested = {"potential_match_id": "pm_1", "potential_match_version": 1, "person_updates": [{"x": 1, "y": 2}]}
    status, details = told(nested)
    assert status == 400
    assert {"field": "person_updates.0", "message": "Unexpected field"} in details
    assert len([each for each in details if each["message"] == "Unexpected field"]) == 1
    headers = {"content-type": "application/json"}
    assert told(None, content="{nonsense", headers=headers) == (
        400,
        "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    )
    assert told(None, content="x", headers={"content-type": "text/plain"}) == (
        415,
        'Unsupported media type "text/plain" in request.',
    )
    assert told(None, "/persons") == (405, 'Method "POST" not allowed.')
    assert scene.get("/persons", 400, page=0)["error"]["details"] == [
        {"field": "page", "message": "Ensure this value is greater than or equal to 1."}
    ]
    assert scene.get("/persons", 400, page="x")["error"]["details"][0]["message"] == "A valid integer is required."


def test_x1_the_crosswalk_is_exported_with_the_known_header(scene: Scene) -> None:
    answer = scene.client.post(f"{API}/person-records/export", json={})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="person-record-export.csv"'
    lines = answer.text.split("\n")
    assert lines[0] == (
        "person_id,source_person_id,data_source,first_name,last_name,sex,race,birth_date,death_date,"
        "social_security_number,address,city,state,zip_code,county,phone"
    )
    rows = {row["source_person_id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert len(rows) == 8
    assert f"p_{rows['c1']['person_id']}" == scene.person("c1")["id"]
    assert (rows["n1"]["first_name"], rows["a1"]["last_name"]) == ("", "Smith")
    only = scene.client.post(f"{API}/person-records/export", json={"data_sources": ["ds2"]}).text
    assert {row["source_person_id"] for row in csv.DictReader(io.StringIO(only))} == {"a2", "c1"}
    none = scene.client.post(f"{API}/person-records/export", json={"data_sources": ["nobody"]}).text
    assert none == lines[0] + "\n"


def test_potential_matches_are_estimated_and_exported(scene: Scene) -> None:
    assert scene.post("/potential-matches/export", {"estimate": True}) == {
        "estimated_count": 2,
        "message": "Estimated 2 potential match pairs to export",
    }
    answer = scene.client.post(f"{API}/potential-matches/export", json={})
    assert re.fullmatch(
        r'attachment; filename="potential_matches_export_\d{8}_\d{6}\.csv"', answer.headers["content-disposition"]
    )
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert ",".join(header) == (
        "group_id,person1_id,person1_first_name,person1_last_name,person1_birth_date,person1_data_source,"
        "person1_source_id,person2_id,person2_first_name,person2_last_name,person2_birth_date,person2_data_source,"
        "person2_source_id,match_probability"
    )
    row = next(row for row in rows if row[2] == "John")
    assert re.fullmatch(r"pm_\d+", row[0])
    assert re.fullmatch(f"Person_{UUID4}", row[1])
    assert row[13] == "0.75"
    error = scene.post("/potential-matches/export", {"s3_uri": "https://x/y"}, 400)["error"]
    assert error["details"] == [{"message": "S3 URI must start with 's3://'"}]


@pytest.mark.parametrize("uri", ["s3://b/", "s3://a?b/c", "s3//a/b", "s4://a/b", "//a/b", "https://x"])
def test_i4_what_is_no_s3_uri_is_said_so(scene: Scene, uri: str) -> None:
    for path, body in (
        ("/person-records/export", {"s3_uri": uri}),
        ("/person-records/import", {"s3_uri": uri, "config_id": "cfg_1"}),
    ):
        assert scene.post(path, body, 400)["error"]["details"] == [{"field": "s3_uri", "message": "Invalid S3 URI"}]


@pytest.mark.parametrize("config_id", ["cfg", "cfg_t", "job_1", "1", "cfg_99999", "cfg_99999999999"])
def test_i3_what_is_no_config_is_said_so(scene: Scene, config_id: str) -> None:
    error = scene.post("/person-records/import", {"s3_uri": "s3://bkt/x.csv", "config_id": config_id}, 400)["error"]
    assert error["details"] == [{"field": "config_id", "message": "Invalid Config ID"}]


def test_what_was_looked_at_is_audited_without_what_was_searched_for(scene: Scene, index: str) -> None:
    scene.get("/persons", last_name="lap", first_name="pau")
    with connect(index) as connection:
        row = connection.execute(
            "select actor, operation, person_ids::text[], detail from access.audit order by audit_id desc limit 1"
        ).fetchone()
    assert row is not None
    assert row[1:] == (
        "person.list",
        [scene.person("c1")["id"].removeprefix("p_")],
        {"filters": ["first_name", "last_name"], "page": 1},
    )


@pytest.mark.parametrize(
    "text", ["' or 1=1 --", "\x00", "%", "_", "\\", "<script>alert(1)</script>", "é" * 5_000, "\ud800", "😀", "\u202e"]
)
def test_strange_texts_harm_nothing(scene: Scene, text: str) -> None:
    body: dict[str, Any] = dict.fromkeys(("first_name", "last_name", "birth_date", "person_id", "data_source"), text)
    for name in (*body, "source_person_id"):
        for path in ("/persons/search", "/potential-matches/search"):
            import json

            answer = scene.client.post(
                API + path, content=json.dumps({name: text}), headers={"content-type": "application/json"}
            )
            assert answer.status_code in {200, 400}, (name, answer.text)
            if answer.status_code == 200:
                listed = answer.json().get("persons") or answer.json().get("potential_matches")
                assert not listed, name
