"""What the reference system lacks: acts, undo, history, notes, decisions, the feed, jobs, configs, audit, metrics."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from empi_pipeline.linkage import default_model
from empi_pipeline.postgres import connect
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.scene import Scene


@pytest.fixture(scope="module")
def scene(client: TestClient, index: str) -> Scene:
    return Scene(client, index)


def pair(scene: Scene, key: str, probability: float = 0.5) -> dict[str, Any]:
    """Two new persons with a case between them."""
    scene.load([f"{key}1", f"{key}2"], [(f"{key}1", f"{key}2", probability)])
    return scene.case_of(f"{key}1")


def named(person: dict[str, Any]) -> dict[str, Any]:
    return {"id": person["id"], "version": person["version"]}


def test_a_case_is_confirmed_and_taken_back_with_the_old_ids(scene: Scene) -> None:
    case = pair(scene, "c")
    before = {name: scene.person(name)["id"] for name in ("c1", "c2")}
    saved = scene.post(f"/potential-matches/{case['id']}/confirm", {"version": 1, "note": "same phone"})
    assert saved["cases_closed"] == [case["id"]]
    assert scene.person("c1")["names"] == {"c1", "c2"}
    undone = scene.post(f"/changes/{saved['change_id']}/undo", {"note": "a mistake"})
    assert undone["records_moved"] == 1
    assert {name: scene.person(name)["id"] for name in ("c1", "c2")} == before
    history = scene.get(f"/persons/{before['c2']}/history")
    assert [event["kind"] for event in history["events"]] == ["record_assigned", "person_merged", "person_revived"] or {
        event["kind"] for event in history["events"]
    } >= {"record_assigned", "person_merged", "person_revived"}
    assert scene.post(f"/changes/{saved['change_id']}/undo", {}, 409)["error"]["code"] == "conflict"
    scene.post("/changes/99999/undo", {}, 404)


def test_a_save_does_not_wait_for_a_large_publication_and_is_published_after_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empi_pipeline.api.saving._LATER_SECONDS", 0.2)
    case = pair(scene, "p")
    start = scene.get("/crosswalk/changes", limit=10_000)["next_after"]
    with connect(scene.index) as publishing:
        publishing.execute("lock table publishing.publications in share row exclusive mode")
        begin = time.monotonic()
        saved = scene.post(f"/potential-matches/{case['id']}/confirm", {"version": 1})
        assert time.monotonic() - begin < 2
        assert scene.get("/crosswalk/changes", after=start)["changes"] == []
    for _ in range(100):
        if told := scene.get("/crosswalk/changes", after=start)["changes"]:
            break
        time.sleep(0.1)
    assert saved["change_id"] in {change["change_id"] for change in told}


def test_a_case_is_rejected_by_pair_and_the_decision_is_listed(scene: Scene) -> None:
    case = pair(scene, "r")
    ids = [scene.record("r1"), scene.record("r2")]
    wrong = scene.post(f"/potential-matches/{case['id']}/reject", {"version": 1, "pairs": [["pr_1", "pm_2"]]}, 400)
    assert wrong["error"]["details"] == [{"field": "pairs.0.1", "message": "Invalid PersonRecord ID"}]
    saved = scene.post(f"/potential-matches/{case['id']}/reject", {"version": 1, "pairs": [ids], "note": "twins"})
    (decision,) = scene.get("/decisions", record_id=ids[0])["decisions"]
    told = {name: decision[name] for name in ("kind", "record_id_l", "record_id_r", "note", "case_id", "change_id")}
    assert told == {
        "kind": "cannot_link",
        "record_id_l": ids[0],
        "record_id_r": ids[1],
        "note": "twins",
        "case_id": case["id"],
        "change_id": saved["change_id"],
    }
    merged = [named(scene.person("r1")), named(scene.person("r2"))]
    error = scene.post("/persons/merge", {"persons": merged}, 409)["error"]
    assert error["code"] == "contradiction"
    scene.post("/persons/merge", {"persons": merged, "overrule": True})
    assert scene.person("r1")["names"] == {"r1", "r2"}


def test_persons_are_merged_and_split_and_stale_versions_write_nothing(scene: Scene) -> None:
    scene.load(["s1", "s2"])
    persons = [named(scene.person("s1")), named(scene.person("s2"))]
    stale = [{**persons[0], "version": 9}, persons[1]]
    assert scene.post("/persons/merge", {"persons": stale}, 409)["error"]["code"] == "conflict"
    scene.post("/persons/merge", {"persons": [persons[0], persons[0]]}, 400)
    scene.post("/persons/merge", {"persons": persons})
    whole = scene.person("s1")
    split = {"version": whole["version"], "groups": [[scene.record("s2")]], "overrule": True}
    saved = scene.post(f"/persons/{whole['id']}/split", split)
    assert {person["what"] for person in saved["persons"]} <= {"changed", "created", "revived"}
    assert scene.person("s2")["names"] == {"s2"}
    scene.post(f"/persons/{whole['id']}/split", split, 409)


def test_notes_are_kept_with_persons_and_cases(scene: Scene) -> None:
    case = pair(scene, "n")
    person = scene.person("n1")
    for path in (f"/persons/{person['id']}/notes", f"/potential-matches/{case['id']}/notes"):
        note = scene.post(path, {"note": "asked the ward"})["note"]
        assert scene.get(path)["notes"] == [note]
        assert scene.post(path, {"note": ""}, 400)["error"]["details"][0]["message"] == "This field may not be blank."


def test_the_feed_goes_on_from_where_one_was(scene: Scene) -> None:
    case = pair(scene, "f")
    start = scene.get("/crosswalk/changes", limit=10_000)["next_after"]
    scene.post(f"/potential-matches/{case['id']}/confirm", {"version": 1})
    told = scene.get("/crosswalk/changes", after=start)
    moved = [(each["kind"], each["source_person_id"]) for each in told["changes"]]
    assert sorted(each for each in moved if each[0] == "removed") in [[("removed", "f1")], [("removed", "f2")], []]
    assert {name for _, name in moved} >= {"f1", "f2"} or len(moved) >= 2
    again = scene.get("/crosswalk/changes", after=told["next_after"])
    assert (again["changes"], again["next_after"]) == ([], told["next_after"])
    halves = scene.get("/crosswalk/changes", limit=1)
    assert halves["has_next"] is True


def test_jobs_tell_how_they_go_and_are_cancelled_and_tried_again(scene: Scene) -> None:
    with connect(scene.index) as connection:
        connection.execute(
            "insert into intake.batches (batch_id, status, failure_reason) values ('x', 'failed', 'why')"
        )
        connection.execute("insert into intake.batches (batch_id) values ('y')")
    jobs = scene.get("/jobs", page_size=2)["jobs"]
    assert [(job["batch_id"], job["status"], job["reason"]) for job in jobs] == [
        ("y", "new", None),
        ("x", "failed", "why"),
    ]
    assert scene.post(f"/jobs/{jobs[1]['id']}/retry", {})["job"]["status"] == "new"
    cancelled = scene.post(f"/jobs/{jobs[0]['id']}/cancel", {})["job"]
    assert cancelled["status"] == "cancelled"
    assert cancelled["reason"].startswith("cancelled by ")
    assert scene.post(f"/jobs/{jobs[0]['id']}/cancel", {}, 409)["error"]["code"] == "conflict"
    assert {job["status"] for job in scene.client.get(f"{API}/jobs?status=cancelled").json()["jobs"]} == {"cancelled"}
    first = scene.get("/jobs", page_size=1)
    second = scene.get("/jobs", page_size=1, cursor=first["pagination"]["next_cursor"])
    assert first["jobs"][0]["id"] != second["jobs"][0]["id"]
    scene.get("/jobs/job_99999", 404)
    assert scene.get("/jobs/pm_1", 400)["error"]["details"][0]["message"] == "Invalid Job ID"


def settings() -> dict[str, Any]:
    whole = default_model().settings
    keys = ("probability_two_random_records_match", "blocking_rules_to_generate_predictions", "comparisons")
    return {**{key: whole[key] for key in keys}, "em_convergence": 0.001, "max_iterations": 20}


def test_configs_are_made_told_and_the_same_again_is_the_same(scene: Scene) -> None:
    body = {"splink_settings": settings(), "potential_match_threshold": 0.5, "auto_match_threshold": 0.9}
    made = scene.post("/config", body)
    assert scene.post("/config", body) == made
    told = scene.get(f"/configs/{made['config_id']}")["config"]
    assert (told["id"], told["is_active"], told["auto_match_threshold"]) == (made["config_id"], False, 0.9)
    assert told["splink_settings"]["comparisons"] == settings()["comparisons"]
    assert made["config_id"] in {each["id"] for each in scene.get("/configs")["configs"]}
    assert scene.post("/configs/validate", body)["valid"] is True
    scene.get("/configs/cfg_99999", 404)


def test_what_is_wrong_with_a_config_is_told_in_the_known_words_and_places(scene: Scene) -> None:
    def details(**changes: Any) -> list[dict[str, str]]:
        body = {"splink_settings": settings(), "potential_match_threshold": 0.5, "auto_match_threshold": 0.9, **changes}
        told = scene.post("/config", body, 400)["error"]["details"]
        assert scene.post("/configs/validate", body, 400)["error"]["details"] == told
        return list(told)

    whole = settings()
    level = {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}
    broken = {
        "output_column_name": "sex",
        "comparison_levels": [
            {"sql_condition": "sex_l is null or sex_r is null", "is_null_level": True},
            {"sql_condition": "sex_l = sex_r"},
            {**level, "nonsense": 1},
        ],
    }
    assert details(splink_settings={**whole, "comparisons": [broken]}) == [
        {
            "field": "splink_settings.comparisons.0.comparison_levels.1.non_field_errors",
            "message": "m_probability and u_probability required when is_null_level is false",
        },
        {"field": "splink_settings.comparisons.0.comparison_levels.2", "message": "Unexpected field"},
    ]
    place = "splink_settings"
    assert details(splink_settings={**whole, "comparisons": []}) == [
        {"field": f"{place}.comparisons", "message": "This list may not be empty."}
    ]
    assert details(splink_settings={**whole, "blocking_rules_to_generate_predictions": []}) == [
        {
            "field": f"{place}.blocking_rules_to_generate_predictions",
            "message": "At least one blocking rule is required",
        }
    ]
    empty = {"output_column_name": "sex", "comparison_levels": []}
    assert details(splink_settings={**whole, "comparisons": [empty]}) == [
        {"field": f"{place}.comparisons.0.comparison_levels", "message": "At least one comparison level is required"}
    ]
    assert details(splink_settings={name: whole[name] for name in whole if name != "max_iterations"}) == [
        {"field": f"{place}.max_iterations", "message": "This field is required."}
    ]
    assert details(splink_settings={**whole, "nonsense": 1}) == [{"field": place, "message": "Unexpected field"}]
    assert details(potential_match_threshold="x") == [
        {"field": "potential_match_threshold", "message": "A valid number is required."}
    ]
    (order,) = details(potential_match_threshold=0.95)
    assert order["field"] == "potential_match_threshold"
    (sql,) = details(splink_settings={**whole, "blocking_rules_to_generate_predictions": ["l.nobody = r.nobody"]})
    assert sql["field"] == f"{place}.blocking_rules_to_generate_predictions.0"
    assert "nobody" in sql["message"]


def test_a_pair_is_explained(scene: Scene) -> None:
    with connect(scene.index) as connection:
        connection.execute("update matching.model set is_active = false")
        from empi_pipeline.linkage import registry

        registry.ensure_active(connection)
    scene.load({"e1": {"first_name": "Ada", "last_name": "Love"}, "e2": {"first_name": "Ada", "last_name": "Loveless"}})
    with connect(scene.index) as connection:
        registry.switch_to(connection, registry.create_model(
            connection, default_model(), guards=True, created_by="test"
        ).model_id)  # fmt: skip
    told = scene.get("/explanations", left=scene.record("e1"), right=scene.record("e2"))
    assert told["verdict"] == "below the thresholds"
    assert told["explanation"]["comparisons"]
    assert "Love" not in str(told)
    scene.get("/explanations", 404, left=scene.record("e1"), right="pr_99999")
    scene.get("/explanations", 400, left="pr_1", right="pr_1")


def test_the_audit_is_read_by_person_and_that_is_noted(scene: Scene) -> None:
    scene.load(["u1"])
    person = scene.person("u1")
    entries = scene.get("/audit", person_id=person["id"])["entries"]
    assert [entry["operation"] for entry in entries] == ["person.read", "person.list"]
    assert scene.get("/audit", page_size=1)["entries"][0]["operation"] == "audit.read"


def test_metrics_count_requests_by_pattern_and_tell_the_state(scene: Scene) -> None:
    scene.load(["m1"])
    person = scene.person("m1")
    text = scene.client.get("/metrics").text
    assert "empi_up 1" in text
    assert 'empi_cases_open{kind="potential_match"}' in text
    assert 'route="/api/v1/persons/{person_id}",status="200"' in text
    assert person["id"] not in text


def test_the_documentation_names_every_operation_and_loads_nothing(scene: Scene) -> None:
    page = scene.client.get(f"{API}/docs").text
    for path in scene.client.get(f"{API}/openapi.json").json()["paths"]:
        assert path in page
    assert "<script" not in page
    assert "src=" not in page
