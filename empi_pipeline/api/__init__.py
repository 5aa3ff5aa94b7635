"""The HTTP API under /api/v1: a thin face over the functions of identity, linkage, publishing and intake.

Who a user is and what he may see is settled here (tokens, roles, data sources, audit). No rule about persons is.
"""

from empi_pipeline.api.app import create_app

__all__ = ["create_app"]
