"""What Django's system checks say of the settings of figures."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error

# A token that is shorter can be guessed, and nothing here counts the attempts.
_SHORTEST_TOKEN = 20


def check_figures(**_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings, and what to do."""
    found: list[CheckMessage] = []
    for network in settings.METRICS["NETWORKS"]:
        try:
            ip_network(network)
        except ValueError as error:
            hint = "Write networks as 10.0.0.0/24, with commas between."
            found.append(Error(f"SIGNALMAN_METRICS_NETWORKS: {error}.", hint, id="figures.E001"))
    if settings.SIGNALMAN_FIGURES_SECONDS <= 0:
        hint = "5 is the default."
        found.append(
            Error("SIGNALMAN_FIGURES_SECONDS must be more than 0.", hint, id="figures.E002")
        )
    if 0 < len(settings.METRICS["TOKEN"]) < _SHORTEST_TOKEN:
        hint = 'python -c "import secrets; print(secrets.token_urlsafe(32))" makes one.'
        found.append(checks.Warning("SIGNALMAN_METRICS_TOKEN is short.", hint, id="figures.W001"))
    return found
