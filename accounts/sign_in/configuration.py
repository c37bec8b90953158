"""Whether sign-in with Entra is configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error

# Part of the redirect URI of the app registration.
PROVIDER: Final = "entra"
# Identifies a user in a tenant; `sub` differs for each application.
UID_CLAIM: Final = "oid"


def is_offered() -> bool:
    """Return whether the sign-in page offers Entra."""
    return all(settings.SIGN_IN.values())


def check(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Return an error for an incomplete configuration, which would look complete."""
    missing = [f"SIGNALMAN_SIGN_IN_{name}" for name, value in settings.SIGN_IN.items() if not value]
    if not missing or len(missing) == len(settings.SIGN_IN):
        return []
    return [
        Error(
            f"Sign-in with Entra is incomplete: {', '.join(missing)} is not set.",
            hint="Set all of the SIGNALMAN_SIGN_IN_ variables, or none.",
            id="accounts.E001",
        )
    ]
