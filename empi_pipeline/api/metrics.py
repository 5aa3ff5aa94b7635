"""`GET /metrics` for Prometheus: requests by operation, and what the index waits for. Numbers only."""

import threading
import time
from collections import Counter
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from empi_pipeline.api.runtime import runtime
from empi_pipeline.identity.queries import open_case_counts
from empi_pipeline.postgres.connections import DatabaseError
from empi_pipeline.sql import load

_BOUNDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_FIGURES_SECONDS: Final = 10.0
_NAMES: Final = (
    "batches_open",
    "batches_failed",
    "oldest_batch_seconds",
    "newest_change",
    "changes_unpublished",
    "oldest_case_seconds",
)


class RequestCounts:
    """How many requests there were, and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._times: Counter[str] = Counter()

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is the pattern, never the address with its ids."""
        with self._lock:
            self._requests[method, route, status] += 1
            self._times[route] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]
            for bound in _BOUNDS:
                if seconds <= bound:
                    self._buckets[route, bound] += 1

    def lines(self) -> list[str]:
        """As Prometheus reads them."""
        with self._lock:
            told = ["# TYPE empi_http_requests_total counter"]
            told += [
                f'empi_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(self._requests.items())
            ]
            told.append("# TYPE empi_http_request_seconds histogram")
            for route, count in sorted(self._times.items()):
                told += [
                    f'empi_http_request_seconds_bucket{{route="{route}",le="{bound:g}"}} {self._buckets[route, bound]}'
                    for bound in _BOUNDS
                ]
                told.append(f'empi_http_request_seconds_bucket{{route="{route}",le="+Inf"}} {count}')
                told.append(f'empi_http_request_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}')
                told.append(f'empi_http_request_seconds_count{{route="{route}"}} {count}')
        return told


def add_to(app: FastAPI) -> None:
    """Serve `/metrics`. It needs no login and tells numbers alone; a proxy need not let it through to the world."""
    app.add_api_route("/metrics", metrics, include_in_schema=False)


def metrics(request: Request) -> PlainTextResponse:
    """Requests since the start of the server, and the state of the index at most some seconds ago."""
    at = runtime(request)
    counts: RequestCounts = request.app.state.request_counts
    kept: tuple[float, list[str]] | None = at.kept.get("figures")
    if kept is None or time.monotonic() - kept[0] > _FIGURES_SECONDS:
        kept = time.monotonic(), _figures(request)
        at.kept["figures"] = kept
    return PlainTextResponse("\n".join([*kept[1], *counts.lines(), ""]), media_type="text/plain; version=0.0.4")


def _figures(request: Request) -> list[str]:
    at = runtime(request)
    try:
        with at.connection() as connection:
            row = connection.execute(load("api/figures")).fetchone()
            cases = open_case_counts(connection)
    except DatabaseError:
        return ["# TYPE empi_up gauge", "empi_up 0"]
    assert row is not None
    told = ["# TYPE empi_up gauge", "empi_up 1"]
    for name, value in zip(_NAMES, row, strict=True):
        told += [f"# TYPE empi_{name} gauge", f"empi_{name} {value:g}"]
    told.append("# TYPE empi_cases_open gauge")
    kinds = ("potential_match", "conflict", "overlay")
    return told + [f'empi_cases_open{{kind="{kind}"}} {cases.get(kind, 0)}' for kind in kinds]
