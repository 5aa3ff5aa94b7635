"""Match models, on the wire configs: create, look at, try out, activate."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import AfterValidator, Field

from empi_pipeline.api.access import Admin, GuardedRoute, Steward, User, Viewer
from empi_pipeline.api.audit import audit
from empi_pipeline.api.errors import VALIDATION_FAILED, ApiError, Detail, not_found
from empi_pipeline.api.messages import REQUIRED, UNEXPECTED
from empi_pipeline.api.runtime import AtRuntime, Runtime
from empi_pipeline.api.wire import CONFIG, Body, Text, id_of, moment, number_of
from empi_pipeline.errors import InvalidModelError, NotFoundError
from empi_pipeline.linkage import MatchModel, registry, validated_model
from empi_pipeline.linkage.registry import RegisteredModel
from empi_pipeline.postgres import Connection

router = APIRouter(tags=["configs"], route_class=GuardedRoute)

SPLINK_KEYS: Final = (
    "probability_two_random_records_match",
    "em_convergence",
    "max_iterations",
    "blocking_rules_to_generate_predictions",
    "comparisons",
)
"""Of the settings, each required; a complete Splink settings file may have more."""

_SETTINGS: Final = "splink_settings"
_LARGEST_MODEL: Final = 2**31 - 1
_WORDS: Final = {
    "this field is required": REQUIRED,
    "unknown field": UNEXPECTED,
    "at least one comparison level is required": "At least one comparison level is required",
    "at least one blocking rule is required": "At least one blocking rule is required",
    "at least one comparison is required": "This list may not be empty.",
}
_NEEDS_M_AND_U: Final = "m_probability and u_probability required when is_null_level is false"


def _storable(settings: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(settings, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError):
        raise ValueError("Must be JSON: no NaN, no infinity, no broken characters.") from None
    if "\\u0000" in text:
        raise ValueError("Null characters are not allowed.")
    return settings


class Config(Body):
    """A match model to be."""

    splink_settings: Annotated[dict[str, Any], AfterValidator(_storable)]
    potential_match_threshold: Annotated[float, Field(allow_inf_nan=False)]
    auto_match_threshold: Annotated[float, Field(allow_inf_nan=False)]
    name: Annotated[Text, Field(min_length=1, max_length=200)] = "api"
    guards: bool = True


@router.post("/config")
def create_config(request: Request, at: AtRuntime, user: Steward, asked: Config) -> dict[str, Any]:
    """Register a match model; the same again is the one that is there already. It scores nothing until activated."""
    model = _model_of(asked)
    with at.connection() as connection:
        registered = registry.create_model(connection, model, guards=asked.guards, created_by=user.name)
        audit(connection, request, user, "config.create", detail={"model_id": registered.model_id})
    return {"config_id": id_of(CONFIG, registered.model_id)}


@router.post("/configs/validate")
def validate_config(_user: Viewer, asked: Config) -> dict[str, Any]:
    """Say everything that is wrong with a config, each with its place, and register nothing."""
    model = _model_of(asked)
    return {"valid": True, "comparisons": list(model.comparison_names), "blocking_rules": list(model.blocking_rules)}


@router.get("/configs")
def list_configs(at: AtRuntime, _user: Viewer) -> dict[str, Any]:
    """All configs; the active one scores new batches."""
    with at.connection() as connection:
        return {"configs": [_on_wire(each) for each in known_models(connection)]}


@router.get("/configs/{config_id}")
def read_config(at: AtRuntime, _user: Viewer, config_id: str) -> dict[str, Any]:
    """One config with its settings."""
    with at.connection() as connection:
        registered = config_of(connection, config_id)
    return {"config": {**_on_wire(registered), "splink_settings": registered.model.settings}}


@router.post("/configs/{config_id}/activate")
def activate_config(request: Request, at: AtRuntime, user: Admin, config_id: str) -> dict[str, Any]:
    """Score new batches with this config from now on; what is matched stays until a rematch."""
    with at.connection() as connection:
        registered = config_of(connection, config_id)
    return {"config": _on_wire(make_active(at, request, user, registered))}


def known_models(connection: Connection) -> list[RegisteredModel]:
    """Every model; on a fresh index the shipped one, which otherwise the first batch would bring."""
    found = registry.all_models(connection)
    return found or [registry.ensure_active(connection)]


def config_of(connection: Connection, config_id: str) -> RegisteredModel:
    """A config by its id.

    Raises:
        ApiError: 400, that is no id; 404, there is none.
    """
    number = number_of(config_id, CONFIG, "Config", "config_id")
    if number > _LARGEST_MODEL:
        raise not_found()
    try:
        return registry.get(connection, number)
    except NotFoundError:
        raise not_found() from None


def make_active(at: Runtime, request: Request, user: User, registered: RegisteredModel) -> RegisteredModel:
    """Activate a model, and note who did."""
    from empi_pipeline.identity.ledger import take_identity_lock
    from empi_pipeline.linkage.activation import activate
    from empi_pipeline.scratch import open_scratch

    limits = at.settings.scratch
    with open_scratch(memory_limit=limits.memory, threads=limits.threads) as scratch:
        active = activate(at.connection, scratch, registered.model_id, take_identity_lock)
    with at.connection() as connection:
        audit(connection, request, user, "config.activate", detail={"model_id": registered.model_id})
    return active


def _model_of(asked: Config) -> MatchModel:
    missing = [
        {"field": f"{_SETTINGS}.{key}", "message": REQUIRED} for key in SPLINK_KEYS if key not in asked.splink_settings
    ]
    try:
        model = validated_model(
            asked.name, asked.splink_settings, asked.potential_match_threshold, asked.auto_match_threshold
        )
    except InvalidModelError as error:
        details = [*missing, *(_told(path, reason) for path, reason in error.problems)]
        raise ApiError(400, VALIDATION_FAILED, "invalid_config", _once(details)) from None
    if missing:
        raise ApiError(400, VALIDATION_FAILED, "invalid_config", missing)
    return model


def _told(path: str, reason: str) -> Detail:
    """A problem in the words and places that clients know."""
    message = _WORDS.get(reason, reason)
    if path in Config.model_fields:
        return {"field": path, "message": message}
    parts = [_SETTINGS, *filter(None, path.split("."))]
    if message == UNEXPECTED:
        parts = parts[:-1]
    elif reason == _NEEDS_M_AND_U:
        parts = [*parts, "non_field_errors"]
    return {"field": ".".join(parts), "message": message}


def _once(details: list[Detail]) -> list[Detail]:
    return list({tuple(each.items()): each for each in details}.values())


def _on_wire(registered: RegisteredModel) -> Mapping[str, Any]:
    return {
        "id": id_of(CONFIG, registered.model_id),
        "name": registered.model.name,
        "is_active": registered.is_active,
        "potential_match_threshold": registered.model.potential_threshold,
        "auto_match_threshold": registered.model.auto_threshold,
        "guards": registered.guards,
        "created": moment(registered.created_at),
        "created_by": registered.created_by,
        "frozen": registered.frozen_at and moment(registered.frozen_at),
        "records_learnt_from": registered.frozen_records,
    }
