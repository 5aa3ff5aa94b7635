"""The typed configuration: environment variables say where the servers are, `empi.yaml` says how to treat the data.

Read once at the start; wrong settings are refused with the path to the field and the reason.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from empi_pipeline.errors import ConfigurationError
from empi_pipeline.schema import PERSON_RECORD_COLUMNS, is_person_column

INBOX_PREFIX: Final = "inbox/"
EXPORTS_PREFIX: Final = "exports/"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSourceSettings(_Section):
    """How one data source delivers. The name of the section is its `data_source`."""

    prefix: str | None = None
    """Objects whose key starts with this, after `inbox/`, are this source's: its columns and constants apply."""

    columns: Mapping[str, str | None] = {}
    """Delivered column name -> standard column name, or a further one that matching uses (docs/delivering-files.md);
    null leaves a column out, such as the time of the export."""

    constants: Mapping[str, str] = {}
    """Values for columns the files lack; `data_source` defaults to the section's name when `prefix` is set."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """A comma, or a tab in `.tsv` files, when not set."""

    encoding: str = "utf-8"
    date_format: str | None = None
    """How this source writes dates, e.g. `%d/%m/%Y`; learnt from its first delivery that tells when not set."""

    cleaning: Literal["standard", "pass_through"] = "standard"
    """`pass_through`: match on the values as delivered, as the reference system does; like it, this mode takes the
    words na, nan, none and null for missing. `standard` knows that they are names."""

    trusted_source_ids: bool = True
    """Whether versions of one source_person_id are the same person. False: they are matched like any two records."""

    @model_validator(mode="after")
    def _columns_exist(self) -> "DataSourceSettings":
        for where, names in (("columns", self.columns.values()), ("constants", self.constants.keys())):
            for name in filter(None, names):
                known = is_person_column(name) if where == "columns" else name in PERSON_RECORD_COLUMNS
                if not known:
                    further = "; see docs/delivering-files.md for further ones" if where == "columns" else ""
                    standard = ", ".join(PERSON_RECORD_COLUMNS)
                    raise ValueError(f"{where}: {name!r} is not one of the columns {standard}{further}")
        return self


class IntakeLimits(_Section):
    """What intake accepts."""

    value_bytes: Annotated[int, Field(ge=100)] = 10_000
    """A row with a longer value is rejected."""

    columns: Annotated[int, Field(ge=2)] = 1_000
    """An object with more columns is refused."""

    objects_per_batch: Annotated[int, Field(ge=1)] = 10_000
    bytes_per_batch: Annotated[int, Field(ge=1)] = 4_000_000_000
    batch_attempts: Annotated[int, Field(ge=1)] = 3
    """How often a batch is tried before it waits for `empi batches retry`."""


class ScratchLimits(_Section):
    """What DuckDB may use."""

    memory: str = "4GB"
    threads: Annotated[int, Field(ge=1)] | None = None


class AutomationSettings(_Section):
    """When things happen by themselves."""

    sensor_interval_seconds: Annotated[int, Field(ge=1)] = 30
    rematch_cron: str = "0 2 * * *"
    data_quality_cron: str = "0 6 * * *"
    evaluation_cron: str = "30 6 * * *"
    timezone: str = "UTC"


class GuardSettings(_Section):
    """What keeps two people out of one person, for models with guards; see docs/identity.md."""

    hard_conflicts: bool = True
    """Refuse to join records that cannot be the same human: birth dates, given names, sexes, suffixes, SSNs."""

    largest_person: Annotated[int, Field(ge=2)] | None = 500
    """Source identities. A larger automatic group is not joined; a case opens. null: no limit."""

    weak_bridge_bits: Annotated[float, Field(ge=0)] | None = 3.0
    """A lone prediction less than this above the auto threshold does not join two strong groups. null: it does."""


class RematchSettings(_Section):
    """How far a rematch may go without approval."""

    may_split: bool = True
    """Whether persons may come apart; if not, overlay cases propose it."""

    stay_probability: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Records of one person stay together on predictions above this."""

    most_changed: Annotated[float, Field(ge=0, le=1)] = 0.05
    """Largest share of the persons that may gain or lose records."""

    most_split: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest share of the persons that may come apart."""


class EvaluationSettings(_Section):
    """How the index is watched, and when a check of asset `evaluation/rates` warns; see docs/evaluation.md."""

    created_days: Annotated[int, Field(ge=1)] = 30
    """How long a source identity counts as new in the creation rate."""

    smallest_group: Annotated[int, Field(ge=1)] = 11
    """Groups by sex, race and age with fewer source identities are put together."""

    most_overlay: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Largest share of the persons that open overlay cases ask about."""

    most_creation: Annotated[float, Field(ge=0, le=1)] = 0.08
    """Largest share of the new source identities that duplicate one of their own source."""

    most_in_review: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest share of the persons that open cases ask about."""

    widest_gap: Annotated[float, Field(ge=0, le=1)] = 0.15
    """Largest difference of a group's match rate from that of all, for groups of 1,000 source identities and more."""

    least_precision: Annotated[float, Field(ge=0, le=1)] = 0.99
    """The precision that stewards' answers must not contradict: the upper limit of the estimate is at least this."""


def is_https_or_loopback(url: str) -> bool:
    """Whether what an address answers cannot be altered on the way."""
    try:
        found = urlsplit(url)
    except ValueError:
        return False
    return bool(found.hostname) and (
        found.scheme == "https" or (found.scheme == "http" and found.hostname in {"localhost", "127.0.0.1", "::1"})
    )


class ApiSettings(_Section):
    """Who may use the HTTP API and the stewards' page, and its limits; see docs/api.md.

    Without an issuer the server listens on loopback only, and whoever reaches it is one local user.
    """

    issuer: str | None = None
    """Of the OpenID Connect tokens, exactly as their `iss` claim says it."""

    audience: tuple[str, ...] = ()
    """Tokens must be for one of these (`aud`)."""

    client_id: str | None = None
    """Tokens with a `client_id` claim must have this one. Needed instead of an audience for Cognito's access tokens."""

    jwks_url: str | None = None
    """Where the issuer's keys are; found through its `/.well-known/openid-configuration` when not set."""

    algorithms: tuple[
        Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"], ...
    ] = ("RS256", "ES256")

    header: str = "Authorization"
    """Where the token comes; of `Authorization` the word Bearer is taken off, other headers hold the bare token."""

    keys_seconds: Annotated[int, Field(ge=1)] = 300
    """How long the issuer's keys are trusted before they are fetched again."""

    issuer_timeout_seconds: Annotated[float, Field(gt=0)] = 5.0
    leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 30.0
    """How far clocks may be apart."""

    first_admin: str | None = None
    """The `sub`, or verified `email`, of who becomes admin on signing in while there is no admin."""

    sign_out_url: Annotated[str, Field(pattern=r"^(/[^/\\]|https://)")] | None = None
    """Where the proxy ends a session, e.g. `/oauth2/sign_out?rd=%2Fcases`: linked from the page, also when a token has
    expired that the proxy still hands on."""

    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For and -Proto headers are believed."""

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    """Host names the server answers to while there is no issuer: a page elsewhere must not reach it by a name."""

    connections: Annotated[int, Field(ge=2)] = 10
    body_bytes: Annotated[int, Field(ge=1_000)] = 5_000_000
    upload_bytes: Annotated[int, Field(ge=1_000)] = 4_000_000_000
    body_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How long a request may take to send what is no upload, and before that its head."""

    answer_seconds: Annotated[float, Field(gt=0)] = 60.0
    """How long a client may take to accept the next piece of an answer; then it is cut off."""

    exports: Annotated[int, Field(ge=1)] = 3
    """How many exports may be under way at a time, fewer than connections: each holds one until it is read."""

    run_batches: bool = True
    """Whether the server runs batches itself while no Dagster daemon does."""

    @model_validator(mode="after")
    def _tokens_can_be_checked(self) -> "ApiSettings":
        if self.issuer and not (self.audience or self.client_id):
            raise ValueError("audience (or client_id): say for whom tokens must be, or any client's would do")
        for url in filter(None, (self.issuer, self.jwks_url)):
            if not is_https_or_loopback(url):
                raise ValueError("issuer, jwks_url: must be https")
        return self


class Settings(_Section):
    """All that `empi.yaml` can say; every part has a default that works."""

    data_sources: Mapping[str, DataSourceSettings] = {}
    intake: IntakeLimits = IntakeLimits()
    scratch: ScratchLimits = ScratchLimits()
    automation: AutomationSettings = AutomationSettings()
    guards: GuardSettings = GuardSettings()
    rematch: RematchSettings = RematchSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    api: ApiSettings = ApiSettings()

    def untrusted_sources(self) -> frozenset[str]:
        """Data sources whose versions of one source identity are not taken to be one person."""
        return frozenset(name for name, source in self.data_sources.items() if not source.trusted_source_ids)


def home() -> Path:
    """Where embedded servers and the Dagster instance keep their state: `EMPI_HOME`, or `.empi` in the home folder."""
    return Path(os.environ.get("EMPI_HOME") or Path.home() / ".empi").expanduser().resolve()


def settings_file() -> Path:
    """`EMPI_CONFIG`, or `empi.yaml` under `EMPI_HOME`."""
    return Path(os.environ.get("EMPI_CONFIG") or home() / "empi.yaml").expanduser()


def read_settings(path: Path | None = None) -> Settings:
    """The settings in force.

    Args:
        path: The YAML file; that of `settings_file` when None. Without a file everything has its default,
            but a file named by `EMPI_CONFIG` must exist.

    Raises:
        ConfigurationError: The file is missing, no YAML, or has a wrong field; each problem with its path.
    """
    file = path or settings_file()
    if not file.exists():
        if path or os.environ.get("EMPI_CONFIG"):
            raise ConfigurationError(f"the settings file {file} does not exist (EMPI_CONFIG names it)")
        return Settings()
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationError(f"{file}{where}: not valid YAML") from None
    try:
        return Settings.model_validate(document or {})
    except ValidationError as error:
        problems = [f"{file}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise ConfigurationError("\n".join(problems)) from None
