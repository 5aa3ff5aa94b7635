"""Runs the server on uvicorn, on loopback only where nobody signs in."""

import ipaddress
import logging
from typing import Final

import uvicorn

from empi_pipeline.api.impatience import impatient
from empi_pipeline.errors import ConfigurationError
from empi_pipeline.settings import Settings

_LOG: Final = logging.getLogger("empi_pipeline.api")
_LONGEST_IDLE_SECONDS: Final = 30


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C.

    The access log names method, path and status; a path holds ids, never what was searched for.

    Args:
        settings: The settings.
        host: Address to listen on.
        port: Port to listen on.

    Raises:
        ConfigurationError: The address is no loopback address, and no issuer is set.
    """
    from empi_pipeline.api.app import create_app

    if settings.api.issuer is None and not is_loopback(host):
        raise ConfigurationError(
            f"without `api.issuer` in empi.yaml nobody signs in, so the server listens on loopback only, not on {host}"
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if settings.api.issuer is None:
        _LOG.warning("nobody signs in here: whoever reaches this address acts as the local user, with every right")
    trusted = list(settings.api.trusted_proxies)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # It would write whole URLs; `api.protection` writes what may be written.
        server_header=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=trusted or None,
        timeout_keep_alive=_LONGEST_IDLE_SECONDS,
        http=impatient(settings.api.body_seconds),
        h11_max_incomplete_event_size=64_000,
    )


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
