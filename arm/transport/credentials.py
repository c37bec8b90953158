"""Signalman's own credential for Azure."""

from __future__ import annotations

import base64
import binascii
import json
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from azure.identity import DefaultAzureCredential

from arm.errors import CredentialRefused
from arm.settings import ArmSettings
from arm.transport.error_translation import translated


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


class AccessToken(NamedTuple):
    """A bearer token, and when it expires, in seconds since the epoch."""

    token: str
    expires_at: float

    def __repr__(self) -> str:
        """Return a text without the token."""
        return f"AccessToken(expires_at={self.expires_at})"


def access_token(settings: ArmSettings) -> AccessToken:
    """Return a token for the settings' scope, from azure-identity and its caches.

    Raises CredentialMissing or CredentialRefused.
    """
    with translated():
        found = credential(settings).get_token(settings.scope)
    return AccessToken(found.token, found.expires_on)


def credential_tenant(settings: ArmSettings) -> UUID | None:
    """Return the tenant whose directory the credential reads; None where its token is opaque.

    With Azure Lighthouse a subscription may be of another tenant. Raises ArmError.
    """
    return _uuid_claim(settings, "tid")


def credential_principal(settings: ArmSettings) -> UUID | None:
    """Return the object ID of the credential's principal; None where its token is opaque.

    Raises ArmError.
    """
    return _uuid_claim(settings, "oid")


def _uuid_claim(settings: ArmSettings, name: str) -> UUID | None:
    payload = access_token(settings).token.split(".")[1:2]
    try:
        claims = json.loads(base64.urlsafe_b64decode(f"{''.join(payload)}=="))
        return UUID(claims[name])
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return None
