"""Which tokens hold: signature, expiry, audience, issuer, algorithm; and the keys they are checked by."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient

from empi_pipeline.api.errors import ApiError
from empi_pipeline.api.issuer_keys import Keys
from empi_pipeline.api.tokens import claims_of
from empi_pipeline_tests.api.conftest import API
from empi_pipeline_tests.api.issuer import ISSUER, SETTINGS, Issuer


def asked_with(client: TestClient, token: str | None, scheme: str = "Bearer") -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
    answer = client.get(f"{API}/data-sources", headers=headers)
    if answer.status_code == 200:
        return 200, ""
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code, answer.json()["error"]["message"]


def test_a_token_that_holds_lets_in_whoever_has_a_role(anyone: TestClient, as_user: Any, issuer: Issuer) -> None:
    as_user("holder", "viewer")
    assert asked_with(anyone, issuer.token("holder")) == (200, "")
    assert asked_with(anyone, issuer.token("holder", kid="ec-1")) == (200, "")
    assert asked_with(anyone, issuer.token("holder", aud=["other", "empi"])) == (200, "")
    assert asked_with(anyone, issuer.token("stranger")) == (403, "You do not have permission to perform this action.")


def test_an_address_that_is_not_verified_does_not_pass_for_its_owner(
    anyone: TestClient, as_user: Any, issuer: Issuer
) -> None:
    as_user("impostor", "viewer")
    for claims, name in (
        ({"email": "boss@example.org"}, "boss@example.org"),
        ({"email": "boss@example.org", "email_verified": False}, "impostor (boss@example.org, not verified)"),
        ({"email": None}, "impostor"),
    ):
        headers = {"Authorization": f"Bearer {issuer.token('impostor', **claims)}"}
        assert anyone.get(f"{API}/users/me", headers=headers).json()["user"]["name"] == name


def unsigned(issuer: Issuer) -> str:
    parts = issuer.token("holder").split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "rsa-1"}).encode()).rstrip(b"=").decode()
    return f"{header}.{parts[1]}."


def signed_with_the_public_key(issuer: Issuer, kid: str) -> list[str]:
    """Tokens whose HMAC secret is a key that everybody knows, in each form it is published in; made by hand."""
    key = issuer.published[kid][1].public_key()
    forms = [
        key.public_bytes(encoding, form)
        for encoding in (Encoding.PEM, Encoding.DER)
        for form in (PublicFormat.SubjectPublicKeyInfo, *([PublicFormat.PKCS1] if kid == "rsa-1" else []))
    ]
    kind = jwt.algorithms.RSAAlgorithm if kid == "rsa-1" else jwt.algorithms.ECAlgorithm
    forms += [forms[0].strip(), kind.to_jwk(key).encode()]
    told = []
    for algorithm, digest in (("HS256", "sha256"), ("HS512", "sha512")):
        for secret in forms:
            head = json.dumps({"alg": algorithm, "typ": "JWT", "kid": kid}).encode()
            parts = [base64.urlsafe_b64encode(head).rstrip(b"=").decode(), issuer.token("holder").split(".")[1]]
            signature = hmac.digest(secret, ".".join(parts).encode(), digest)
            told.append(".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()]))
    return told


def test_a_public_key_is_no_secret(anyone: TestClient, as_user: Any, issuer: Issuer) -> None:
    as_user("holder", "admin")
    for kid, forms in (("rsa-1", 12), ("ec-1", 8)):
        tokens = signed_with_the_public_key(issuer, kid)
        assert len(set(tokens)) == forms
        for token in tokens:
            assert asked_with(anyone, token) == (401, "Invalid JWT")


def test_a_key_that_is_a_secret_checks_nothing(issuer: Issuer) -> None:
    """An issuer that publishes an HMAC key by mistake: everybody could sign."""
    secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()

    def fetch(url: str, seconds: float) -> Any:
        if url.endswith("/keys"):
            return {"keys": [{"kty": "oct", "k": secret, "kid": "shared", "alg": "RS256", "use": "sig"}]}
        return issuer.fetch(url, seconds)

    token = jwt.encode(
        {"iss": ISSUER, "sub": "x", "aud": "empi", "exp": time.time() + 60}, b"s" * 32, "HS256", {"kid": "shared"}
    )
    with pytest.raises(ApiError, match="Invalid JWT"):
        claims_of(token, SETTINGS, Keys(SETTINGS, fetch))


def test_tokens_that_do_not_hold_are_refused(anyone: TestClient, as_user: Any, issuer: Issuer) -> None:
    as_user("holder", "admin")
    other = Issuer()
    wrong = {
        "expired": issuer.token("holder", exp=time.time() - 60),
        "without expiry": issuer.token("holder", exp=None),
        "not yet valid": issuer.token("holder", nbf=time.time() + 600),
        "other audience": issuer.token("holder", aud="payroll"),
        "no audience": issuer.token("holder", aud=None),
        "other issuer": issuer.token("holder", iss="https://evil.example"),
        "issuer's beginning": issuer.token("holder", iss=ISSUER + ".evil.example"),
        "no subject": issuer.token("holder", sub=None),
        "unsigned": unsigned(issuer),
        "somebody else's key": issuer.token("holder", key=other.rsa),
        "key of another kind": issuer.token("holder", kid="ec-1", key=issuer.rsa, algorithm="RS256"),
        "algorithm not allowed": issuer.token("holder", algorithm="RS512"),
        "unknown key": issuer.token("holder", kid="nobody's"),
        "changed": issuer.token("holder")[:-4] + "AAAA",
        "no token at all": "nonsense",
        "huge": "a" * 20_000,
    }
    for name, token in wrong.items():
        assert asked_with(anyone, token) == (401, "Invalid JWT"), name
    assert asked_with(anyone, None) == (401, "Missing JWT")
    assert asked_with(anyone, issuer.token("holder"), scheme="Basic") == (401, "Missing JWT")


def test_unknown_keys_do_not_make_us_ask_the_issuer_again_and_again(issuer: Issuer) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    before = len(issuer.fetched)
    for number in range(20):
        assert keys.key(f"unknown-{number}", "RS256") is None
    assert len(issuer.fetched) - before == 2  # The discovery document and the keys.


def test_keys_that_are_known_survive_an_issuer_that_is_away_for_a_while(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    assert keys.key("rsa-1", "RS256") is not None
    monkeypatch.setattr(issuer, "is_away", True)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 600)
    assert keys.key("rsa-1", "RS256") is not None
    monkeypatch.setattr(time, "monotonic", lambda: now + 20_000)
    with pytest.raises(Exception, match="identity provider does not answer"):
        keys.key("rsa-1", "RS256")


def test_a_key_that_was_withdrawn_is_forgotten(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys(SETTINGS, issuer.fetch)
    assert keys.key("ec-1", "ES256") is not None
    monkeypatch.delitem(issuer.published, "ec-1")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 301)
    assert keys.key("ec-1", "ES256") is None
