"""`docker-compose.yml` as Compose would read it, with the values of `.env.example` filled in."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def variables() -> dict[str, tuple[str | None, str | None]]:
    """Name -> (`-`, default), (`?`, message), or (None, None)."""
    return {name: (kind or None, rest or None) for name, kind, rest in _VARIABLE.findall(text())}


def example_values() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@cache
def document() -> dict[str, Any]:
    values = {name: value or f"{name.lower()}value" for name, value in example_values().items()}
    parsed: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(lambda match: values[match[1]], text()))
    return parsed


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document()["services"]
    return found


def own_services() -> dict[str, dict[str, Any]]:
    """Those that run the image of this project."""
    return {name: service for name, service in services().items() if "build" in service}
