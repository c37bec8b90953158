"""System checks of the settings of metrics."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

# A shorter token can be guessed, and attempts are not limited here.
_SHORTEST_TOKEN = 20


def check_metrics(**_: Any) -> list[CheckMessage]:
    """Return the errors and warnings, each with a hint."""
    found: list[CheckMessage] = []
    for network in settings.METRICS["NETWORKS"]:
        try:
            ip_network(network)
        except ValueError as error:
            hint = "Write networks as 10.0.0.0/24, separated by commas."
            found.append(
                Error(f"SIGNALMAN_METRICS_NETWORKS: {error}.", hint, id="observability.E001")
            )
    if settings.SIGNALMAN_FIGURES_SECONDS <= 0:
        hint = "5 is the default."
        found.append(
            Error("SIGNALMAN_FIGURES_SECONDS must be more than 0.", hint, id="observability.E002")
        )
    if 0 < len(settings.METRICS["TOKEN"]) < _SHORTEST_TOKEN:
        hint = 'python -c "import secrets; print(secrets.token_urlsafe(32))" makes one.'
        found.append(
            checks.Warning("SIGNALMAN_METRICS_TOKEN is short.", hint, id="observability.W001")
        )
    return found
