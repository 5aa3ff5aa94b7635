"""A scene of the reference system's own tests: persons of one record each, and pairs in question between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.testclient import TestClient

from empi_pipeline.postgres import connect
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.identity.world import World


class Scene:
    """Records by short names, as the API sees them."""

    def __init__(self, client: TestClient, index: str) -> None:
        self.client = client
        self.index = index
        self.ids: dict[str, int] = {}

    def load(
        self,
        records: Mapping[str, Mapping[str, str]] | Sequence[str],
        predictions: Sequence[tuple[str, str, float]] = (),
    ) -> None:
        """Apply a batch; what is delivered in capitals is cleaned to lower case, as cleaning does."""
        with connect(self.index) as connection:
            world = World(connection, ids=self.ids)
            row = connection.execute("select count(*) from intake.batches").fetchone()
            assert row
            world.batches = row[0]
            batch_id = world.deliver(records, predictions)
            connection.execute(
                "update cleaned.person_records set first_name = lower(first_name), last_name = lower(last_name)"
            )
            world.apply(batch_id)

    def get(self, path: str, status: int = 200, **parameters: Any) -> Any:
        answer = self.client.get(API + path, params=parameters, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        answer = self.client.post(API + path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def case_of(self, name: str) -> dict[str, Any]:
        """The open case about a record."""
        listed = self.get("/potential-matches", source_person_id=name)["potential_matches"]
        assert len(listed) == 1, listed
        return dict(self.get(f"/potential-matches/{listed[0]['id']}")["potential_match"])

    def record(self, name: str) -> str:
        return f"pr_{self.ids[name]}"

    def person(self, name: str) -> dict[str, Any]:
        """The person of a record, its records by their names."""
        listed = self.get("/persons", source_person_id=name)["persons"]
        assert len(listed) == 1, listed
        person = self.get(f"/persons/{listed[0]['id']}")["person"]
        return {**person, "names": {record["source_person_id"] for record in person["records"]}}
