"""Signalman's own credential for Azure Resource Manager."""

from __future__ import annotations

from functools import lru_cache

from azure.identity import DefaultAzureCredential

from arm.errors import CredentialRefused
from arm.settings import ArmSettings


@lru_cache
def credential(settings: ArmSettings) -> DefaultAzureCredential:
    """Return the credential of this process: one, so that all clients share its token.

    Which one it is comes from azure-identity's own variables (AZURE_CLIENT_ID and so on), read at
    the first call. Raises CredentialRefused where they contradict themselves.
    """
    try:
        return DefaultAzureCredential(
            disable_instance_discovery=not settings.instance_discovery,
            # A task of the queue waits for this: the operation is tried again, not the token.
            retry_total=1,
            connection_timeout=settings.connect_seconds,
            read_timeout=settings.read_seconds,
        )
    except ValueError as error:
        raise CredentialRefused(str(error)) from error
