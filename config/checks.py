"""System checks of the settings as a whole; single variables are checked where they are read."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004

# A shorter token can be guessed, and attempts are not limited.
_SHORTEST_TOKEN: Final = 20


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Return warnings of settings that work, and that are rarely meant."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Warning(
                "SIGNALMAN_ALLOWED_HOSTS is *: requests for any host name are answered.",
                hint="List the host names of this installation.",
                id="config.W001",
            )
        )
    if 0 < len(settings.METRICS["TOKEN"]) < _SHORTEST_TOKEN:
        found.append(
            Warning(
                "SIGNALMAN_METRICS_TOKEN is short.",
                hint='python -c "import secrets; print(secrets.token_urlsafe(32))" makes one.',
                id="config.W002",
            )
        )
    return found
