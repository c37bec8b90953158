"""System checks of the setting `VALIDATION`."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from validation.configuration import POLICY_SETTINGS, Configuration

# The environment variables from which requests takes the certificate authorities to trust.
_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_BY_DEFAULT = "validation.authentication.EntraAuthentication"


def check_configuration(**_: Any) -> list[CheckMessage]:
    """Report a setting that cannot be meant, and a policy that is half there."""
    try:
        configuration = Configuration.of(getattr(settings, "VALIDATION", {}))
    except ImproperlyConfigured as error:
        return [Error(str(error), id="validation.E001")]
    return [*_policy(configuration), *_cache(configuration), *_authorities()]


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
            f"VALIDATION's CACHE is {configuration.cache!r}, which is not a key of CACHES.",
            id="validation.E003",
        )
    ]


def _authorities() -> list[CheckMessage]:
    """Report a file of certificate authorities without which no signing keys can be read."""
    found: list[CheckMessage] = []
    for name in _CA_VARIABLES:
        path = os.environ.get(name, "")
        # A folder has one file for each certificate, by its hash.
        if not path or Path(path).is_dir():
            continue
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it holds no certificate"
            found.append(
                Error(
                    f"{name} names a file that cannot be used: {reason}.",
                    hint="Set it to a PEM file of certificate authorities, or remove it.",
                    id="validation.E004",
                )
            )
    return found
