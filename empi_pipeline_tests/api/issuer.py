"""A token issuer that stands in memory."""

import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from empi_pipeline.settings import ApiSettings

ISSUER = "https://issuer.example"
SETTINGS = ApiSettings(issuer=ISSUER, audience=("empi",), first_admin="root@example.org")


class Issuer:
    """Signs tokens, and publishes its keys."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.elliptic = ec.generate_private_key(ec.SECP256R1())
        self.fetched: list[str] = []
        self.is_away = False
        self.published = {"rsa-1": ("RS256", self.rsa), "ec-1": ("ES256", self.elliptic)}

    def fetch(self, url: str, timeout_seconds: float) -> Mapping[str, Any]:
        """What `tokens.fetch_json` does, without a network."""
        assert timeout_seconds > 0
        self.fetched.append(url)
        if self.is_away:
            raise TimeoutError
        if url.endswith("/.well-known/openid-configuration"):
            return {"jwks_uri": f"{ISSUER}/keys"}
        keys = []
        for kid, (algorithm, key) in self.published.items():
            kind = jwt.algorithms.RSAAlgorithm if algorithm.startswith("RS") else jwt.algorithms.ECAlgorithm
            keys.append({**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig", "alg": algorithm})
        return {"keys": keys}

    def token(
        self, subject: str = "someone", *, kid: str = "rsa-1", key: Any = None, algorithm: str = "", **claims: Any
    ) -> str:
        """A token that holds, but for what is asked otherwise; a claim of None is left out."""
        whole = {
            "iss": ISSUER,
            "sub": subject,
            "aud": "empi",
            "exp": time.time() + 300,
            "iat": time.time(),
            "email": f"{subject}@example.org",
            "email_verified": True,
            **claims,
        }
        known_algorithm, known_key = self.published.get(kid, ("RS256", self.rsa))
        payload = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(
            payload, known_key if key is None else key, algorithm or known_algorithm, headers={"kid": kid}
        )
