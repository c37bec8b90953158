"""Azure clients, configured by Django's settings."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from arm.client import ArmClient
from arm.settings import ArmSettings


def arm_settings() -> ArmSettings:
    """Return the settings of Azure Resource Manager.

    Raises ImproperlyConfigured for an endpoint that is not https.
    """
    try:
        return ArmSettings(
            endpoint=settings.SIGNALMAN_ARM_ENDPOINT,
            instance_discovery=settings.SIGNALMAN_INSTANCE_DISCOVERY,
            scope=settings.SIGNALMAN_ARM_SCOPE,
            observe=import_string(settings.SIGNALMAN_ARM_OBSERVER),
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"SIGNALMAN_ARM_ENDPOINT: {error}") from error


def graph_settings() -> ArmSettings:
    """Return the settings of Microsoft Graph. Raises as `arm_settings` does."""
    try:
        return replace(
            arm_settings(),
            endpoint=settings.SIGNALMAN_GRAPH_ENDPOINT,
            scope=settings.SIGNALMAN_GRAPH_SCOPE,
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"SIGNALMAN_GRAPH_ENDPOINT: {error}") from error


def arm_client(subscription_id: UUID | str) -> ArmClient:
    """Return this process's client for a subscription; any number of threads may share it.

    Raises CredentialRefused if azure-identity's variables contradict each other.
    """
    return _client(str(subscription_id), arm_settings())


@lru_cache
def _client(subscription_id: str, where: ArmSettings) -> ArmClient:
    return ArmClient(subscription_id, where)
