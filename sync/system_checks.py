"""System checks of the Azure endpoints."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from sync.azure_client import arm_settings, graph_settings


@register(Tags.security)
def check_endpoints(**_: Any) -> list[CheckMessage]:
    """Refuse an endpoint to which the access token would be sent without TLS."""
    try:
        arm_settings()
        graph_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="sync.E001")]
    return []
