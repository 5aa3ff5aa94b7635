"""Signing in at a certified OpenID provider (npm's oidc-provider) over HTTP, and the server with its tokens.

Needs node, and the folder that EMPI_NODE_MODULES names with the package in it (`npm install oidc-provider`); is skipped
without. The provider runs as a process of its own: what it signs owes nothing to this code.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa

from empi_pipeline.api import create_app
from empi_pipeline.settings import ApiSettings, Settings
from empi_pipeline_tests.api.conftest import API

NODE = shutil.which("node")
MODULES = os.environ.get("EMPI_NODE_MODULES", "")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        NODE is None or not (Path(MODULES) / "oidc-provider").is_dir(), reason="npm install oidc-provider"
    ),
]

BACK = "http://127.0.0.1:1/back"


class Provider:
    """The provider, to be started and stopped, with keys of one's choice."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.keys = {name: self._key(name) for name in ("one", "two")}
        self.process: subprocess.Popen[str] | None = None

    @staticmethod
    def _key(name: str) -> dict[str, str]:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(made))
        return {key: value for key, value in told.items() if key not in {"key_ops", "alg"}} | {
            "kid": name, "use": "sig",
        }  # fmt: skip

    def start(self, *names: str) -> None:
        script = Path(__file__).with_name("oidc_provider.mjs")
        self.process = subprocess.Popen(
            [str(NODE), str(script), str(self.port), str(Path(MODULES).parent)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"keys": [self.keys[name] for name in names]}))
        self.process.stdin.close()
        assert any("listening" in line for line in self.process.stdout)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def sign_in(self, name: str) -> dict[str, str]:
        """The authorization code flow as a browser and a client go through it."""
        with httpx.Client(timeout=20) as browser:
            asked = {
                "client_id": "empi", "response_type": "code", "scope": "openid email profile",
                "redirect_uri": BACK, "state": "s", "nonce": "n",
            }  # fmt: skip
            answer = browser.get(f"{self.address}/auth", params=asked)
            for _ in range(12):
                where = answer.headers.get("location", "")
                if where.startswith(BACK):
                    break
                if answer.is_redirect:
                    answer = browser.get(urljoin(str(answer.url), where))
                    continue
                (action,) = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)
                fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
                answer = browser.post(action, data={**fields, "login": name, "password": "any"})
            (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
            told = browser.post(
                f"{self.address}/token",
                data={"grant_type": "authorization_code", "code": code, "redirect_uri": BACK},
                auth=("empi", "not-a-secret"),
            )
        assert told.status_code == 200, told.text
        tokens: dict[str, str] = told.json()
        return tokens


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    provider.start("one")
    yield provider
    provider.stop()


@pytest.fixture
def ask(provider: Provider, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], int]]:
    """Asks the server, itself on a port, with a token for a path."""
    monkeypatch.setenv("EMPI_POSTGRES_URL", database)
    monkeypatch.setenv("EMPI_S3_BUCKET", "nobody-asks-it")
    settings = ApiSettings(
        issuer=provider.address,
        audience=("empi", "empi-api"),
        first_admin="root@example.org",
        leeway_seconds=0,
        keys_seconds=3,
        issuer_timeout_seconds=2,
    )
    monkeypatch.setattr("empi_pipeline.api.issuer_keys._RETRY_SECONDS", 0.5)
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(api=settings)), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    def asked(token: str, path: str = "/data-sources") -> int:
        return httpx.get(address + API + path, headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code

    yield asked
    server.should_exit = True
    thread.join()


def test_people_sign_in_and_do_what_their_roles_allow(provider: Provider, ask: Callable[..., int]) -> None:
    root, ann = provider.sign_in("root"), provider.sign_in("ann")
    head = jwt.get_unverified_header(root["id_token"])
    assert (head["alg"], head["kid"]) == ("RS256", "one")
    assert ask(root["id_token"], "/users") == 200  # The first admin, by the settings.
    assert ask(ann["id_token"]) == 403  # Known from now on, and may do nothing yet.
    assert jwt.decode(root["access_token"], options={"verify_signature": False})["aud"] == "empi-api"
    assert ask(root["access_token"], "/users") == 200
    time.sleep(4.2)
    assert ask(root["id_token"], "/users") == 401  # Expired.
    assert ask(provider.sign_in("root")["id_token"], "/users") == 200


def test_the_issuer_changes_its_keys_and_goes_away(provider: Provider, ask: Callable[..., int]) -> None:
    assert ask(provider.sign_in("root")["id_token"]) == 200
    provider.stop()
    provider.start("two", "one")
    time.sleep(0.6)
    both = provider.sign_in("root")
    assert jwt.get_unverified_header(both["id_token"])["kid"] == "two"
    assert ask(both["id_token"]) == 200
    provider.stop()
    provider.start("one")
    by_one = provider.sign_in("root")
    assert ask(by_one["id_token"]) == 200
    provider.stop()
    provider.start("two")  # Key `one` is withdrawn.
    time.sleep(3.2)
    fresh = provider.sign_in("root")
    assert ask(fresh["id_token"]) == 200
    provider.stop()  # And now nobody answers: who signed in before goes on, by the keys that are kept.
    assert ask(fresh["id_token"]) == 200
    forged = jwt.encode(
        {"iss": provider.address, "sub": "root", "aud": "empi", "exp": time.time() + 60},
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "RS256",
        {"kid": "two"},
    )
    assert ask(forged) == 401
    made_with_one = jwt.encode(
        {"iss": provider.address, "sub": "root", "aud": "empi", "exp": time.time() + 60},
        jwt.PyJWK(provider.keys["one"], "RS256").key,
        "RS256",
        {"kid": "one"},
    )
    assert ask(made_with_one) == 401
