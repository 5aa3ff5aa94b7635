"""The issuer over real HTTP: discovery, keys that change, and all the ways in which it can be slow, wrong or away."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from empi_pipeline.api.errors import ApiError
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.api.tokens import claims_of
from empi_pipeline.settings import ApiSettings

Answer = Callable[[BaseHTTPRequestHandler], None]


class Served:
    """An issuer on loopback. What it answers can be replaced by path."""

    def __init__(self) -> None:
        self.private = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.named_algorithm: str | None = None
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked.append(self.path)
                served.answers.get(self.path, served.answer)(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.settings = ApiSettings(issuer=self.address, audience=("empi",), issuer_timeout_seconds=0.5)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if request.path == "/keys":
            self.say(request, {"keys": [self._published(kid) for kid in self.private]})
        else:
            self.say(request, {"issuer": self.address, "jwks_uri": f"{self.address}/keys"})

    def _published(self, kid: str) -> dict[str, Any]:
        told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private[kid].public_key()))
        named = {} if self.named_algorithm is None else {"alg": self.named_algorithm}
        return {key: value for key, value in told.items() if key != "alg"} | {"kid": kid, "use": "sig"} | named

    def say(self, request: BaseHTTPRequestHandler, document: Any) -> None:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def token(self, kid: str = "one", algorithm: str = "RS256") -> str:
        claims = {"iss": self.address, "sub": "ann", "aud": "empi", "exp": time.time() + 60}
        return jwt.encode(claims, self.private[kid], algorithm, {"kid": kid})


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.shutdown()
    served.server.server_close()


def subject(served: Served, keys: Keys, token: str | None = None, **settings: Any) -> str:
    return claims_of(token or served.token(), served.settings.model_copy(update=settings), keys).subject


def test_keys_are_found_by_discovery_and_change_while_the_server_runs(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(served.settings)
    assert subject(served, keys) == "ann"
    assert served.asked == ["/.well-known/openid-configuration", "/keys"]
    assert subject(served, keys) == "ann"
    assert len(served.asked) == 2
    # A new key signs: it is fetched at once, as the last time was more than ten seconds ago.
    served.private["two"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 11)
    assert subject(served, keys, served.token("two")) == "ann"
    # The old one is withdrawn: it holds until the keys are fetched again, and no longer.
    old = served.token("one")
    del served.private["one"]
    assert subject(served, keys, old) == "ann"
    monkeypatch.setattr(time, "monotonic", lambda: now + 11 + 301)
    with pytest.raises(ApiError, match="Invalid JWT"):
        subject(served, keys, old)


def test_a_key_without_an_algorithm_does_for_those_the_settings_allow_and_one_with_for_that_alone(
    served: Served,
) -> None:
    allowed = ("RS256", "RS512", "PS256")
    for algorithm in allowed:
        assert subject(served, Keys(served.settings), served.token("one", algorithm), algorithms=allowed) == "ann"
    with pytest.raises(ApiError, match="Invalid JWT"):
        subject(served, Keys(served.settings), served.token("one", "RS512"))
    served.named_algorithm = "PS256"
    with pytest.raises(ApiError, match="Invalid JWT"):
        subject(served, Keys(served.settings), served.token("one", "RS256"), algorithms=allowed)
    assert subject(served, Keys(served.settings), served.token("one", "PS256"), algorithms=allowed) == "ann"


def drips(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(200):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.05)


def hangs(_request: BaseHTTPRequestHandler) -> None:
    time.sleep(10)


def breaks_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"keys": [')


def talks_no_http(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"nonsense\r\n\r\n")


def never_ends(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(40):
        request.wfile.write(b" " * 100_000)


def leads_to(address: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", address)
        request.end_headers()

    return answer


def says(document: Any) -> Answer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (DISCOVERY, hangs),
        ("/keys", hangs),
        ("/keys", drips),
        ("/keys", breaks_off),
        ("/keys", talks_no_http),
        ("/keys", never_ends),
        ("/keys", says(b"[" * 100_000)),
        ("/keys", says(b"not json")),
        ("/keys", says([])),
        ("/keys", says({"keys": "none"})),
        ("/keys", says({"nothing": 1})),
        ("/keys", leads_to("http://elsewhere.example/keys")),
        ("/keys", leads_to("file:///etc/passwd")),
        (DISCOVERY, says({"issuer": "https://another.example", "jwks_uri": "https://another.example/keys"})),
        (DISCOVERY, says({"jwks_uri": "http://localhost.evil.example/keys"})),
        (DISCOVERY, says({"jwks_uri": "file:///etc/passwd"})),
    ],
)
def test_an_issuer_that_gives_no_keys_lets_nobody_in_and_holds_nobody_up(
    served: Served, path: str, answer: Answer
) -> None:
    served.answers[path] = answer
    keys = Keys(served.settings)
    begun = time.monotonic()
    with pytest.raises(ApiError, match="identity provider does not answer") as told:
        subject(served, keys)
    assert told.value.status == 503
    assert time.monotonic() - begun < 3
    # Nobody else waits for it again within the next seconds.
    begun = time.monotonic()
    with pytest.raises(ApiError):
        subject(served, keys)
    assert time.monotonic() - begun < 0.3


def test_keys_of_an_unknown_kind_are_passed_over(served: Served) -> None:
    odd: list[Any] = [{"kid": "odd", "kty": "new"}, {"kty": "RSA"}, {"kid": "enc", "kty": "RSA", "use": "enc"}]
    served.answers["/keys"] = says({"keys": [*odd, served._published("one")]})
    keys = Keys(served.settings)
    assert subject(served, keys) == "ann"
    assert keys.key("odd", "RS256") is None
    assert keys.key("enc", "RS256") is None


def test_while_the_issuer_hangs_known_people_go_on_working(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(served.settings)
    assert subject(served, keys) == "ann"
    served.answers = {DISCOVERY: hangs, "/keys": hangs}
    now, begun = time.monotonic, time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now() + 400)  # The keys are to be fetched again.

    def ask(_: int) -> float:
        start = now()
        assert subject(served, keys) == "ann"
        return now() - start

    with ThreadPoolExecutor(8) as threads:
        first = list(threads.map(ask, range(16)))
    assert max(first) < 2  # Once, all wait for the time set.
    assert now() - begun < 3
    monkeypatch.setattr(time, "monotonic", lambda: now() + 415)  # It is asked again, behind their backs.
    asked = len(served.asked)
    with ThreadPoolExecutor(8) as threads:
        later = list(threads.map(ask, range(64)))
    assert max(later) < 0.4
    for _ in range(100):
        if len(served.asked) > asked:
            break
        time.sleep(0.02)
    assert len(served.asked) == asked + 1


def test_an_address_that_only_looks_like_loopback_is_none() -> None:
    for address in ("http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example"):
        with pytest.raises(ValueError, match="must be https"):
            ApiSettings(issuer=address, audience=("empi",))
