"""Requests from a process of its own, at the moments a schedule says, however slow the answers are."""

import http.client
import itertools
import json
import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; `body` is sent as JSON."""

    kind: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    body: object = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request: milliseconds from the moment it was due."""

    kind: str
    status: int
    milliseconds: float


class Browser:
    """One kept connection to the server."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def ask(self, asked: Asked) -> tuple[int, bytes]:
        """Status and body of the answer."""
        path = asked.path + (f"?{urlencode(asked.query)}" if asked.query else "")
        body = None if asked.body is None else json.dumps(asked.body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            self._connection.request(asked.method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except http.client.RemoteDisconnected:  # It was idle for too long: the server hung up.
            self._connection.close()
            self._connection.request(asked.method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()


def ask_on_schedule(address: str, requests: Sequence[Asked], rate: float, seed: int) -> list[Answered]:
    """Ask at random moments, so many a second on average, from another process.

    Args:
        address: Of the server.
        requests: In the order in which they are asked.
        rate: A second.
        seed: Of the gaps between them, which are exponential.
    """
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_ask, args=(address, list(requests), rate, seed, sending))
    process.start()
    answers: list[Answered] = receiving.recv()
    process.join()
    return answers


def _ask(
    address: str, requests: list[Asked], rate: float, seed: int, sending: "multiprocessing.connection.Connection"
) -> None:
    dice = random.Random(seed)
    due = list(itertools.accumulate(dice.expovariate(rate) for _ in requests))
    answers: list[Answered] = []
    number = iter(range(len(requests)))
    turn = threading.Lock()
    begin = time.perf_counter() + 0.5

    def work() -> None:
        browser = Browser(address)
        while True:
            with turn:
                place = next(number, None)
            if place is None:
                return
            time.sleep(max(0.0, begin + due[place] - time.perf_counter()))
            status, _ = browser.ask(requests[place])
            answers.append(Answered(requests[place].kind, status, 1000 * (time.perf_counter() - begin - due[place])))

    threads = [threading.Thread(target=work) for _ in range(min(_CONNECTIONS, len(requests)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sending.send(answers)
