"""Requests made from the OpenAPI document: none may end in an error of ours."""

import pytest
import requests
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings

from empi_pipeline_tests.api.conftest import LOCAL
from empi_pipeline_tests.api.scene import Scene

EXAMPLES = 60
"""Requests an operation."""

REQUEST = ("method", "url", "headers", "files", "data", "params", "cookies", "json")


@pytest.mark.long
def test_no_request_ends_in_an_error_of_ours(client: TestClient, index: str) -> None:
    Scene(client, index).load(["a", "b", "c"], [("a", "b", 0.5)])
    schema = schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 35
    wrong: list[tuple[object, ...]] = []

    def send(case: schemathesis.Case) -> None:
        described = case.as_transport_kwargs(base_url=LOCAL)
        made = requests.Request(**{name: described[name] for name in REQUEST if name in described}).prepare()
        headers = {name: value for name, value in made.headers.items() if name.lower() != "content-length"}
        answer = client.request(
            str(made.method), str(made.url), headers=headers, content=made.body or b"", follow_redirects=False
        )
        if answer.status_code >= 500:
            wrong.append((made.method, made.url, made.body, answer.text))

    # The pytest plugin of schemathesis does not work with this pytest; its strategies do.
    sending = settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(send)
    for operation in operations:
        given(operation.as_strategy())(sending)()
    assert wrong == []
