"""Configuration of the sign-in with Entra, and whether it is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def provider_settings(sign_in: Mapping[str, str], authority: str) -> dict[str, Any]:
    """Return allauth's setting SOCIALACCOUNT_PROVIDERS.

    `sign_in` is the setting SIGN_IN. There is no app of the provider unless all its values are set.
    """
    app = {
        "provider_id": PROVIDER,
        "name": "Microsoft Entra",
        "client_id": sign_in["CLIENT_ID"],
        "secret": sign_in["CLIENT_SECRET"],
        "settings": {
            "server_url": f"{authority}/{sign_in['TENANT_ID']}/v2.0",
            # The id token has all claims needed.
            "fetch_userinfo": False,
            "uid_field": UID_CLAIM,
        },
    }
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "profile"],
            "APPS": [app] if all(sign_in.values()) else [],
        }
    }


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
