"""System checks of the setting `VALIDATION`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from validation.configuration import POLICY_SETTINGS, Configuration

_BY_DEFAULT = "validation.authentication.EntraAuthentication"


def check_configuration(**_: Any) -> list[CheckMessage]:
    """Report a setting that cannot be meant, and a policy that is half there."""
    try:
        configuration = Configuration.of(getattr(settings, "VALIDATION", {}))
    except ImproperlyConfigured as error:
        return [Error(str(error), id="validation.E001")]
    return [*_policy(configuration), *_cache(configuration)]


def _policy(configuration: Configuration) -> list[CheckMessage]:
    is_begun = any(getattr(configuration, name.lower()) for name in POLICY_SETTINGS)
    rest = getattr(settings, "REST_FRAMEWORK", {})
    is_needed = _BY_DEFAULT in map(str, rest.get("DEFAULT_AUTHENTICATION_CLASSES", ()))
    if not is_begun and not is_needed:
        # Every view brings its own policy.
        return []
    try:
        configuration.policy()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="validation.E002")]
    return []


def _cache(configuration: Configuration) -> list[CheckMessage]:
    if configuration.cache in settings.CACHES:
        return []
    return [
        Error(
            f"VALIDATION's CACHE names {configuration.cache!r}, which is none of CACHES.",
            id="validation.E003",
        )
    ]
