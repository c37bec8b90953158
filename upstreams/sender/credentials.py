"""Tokens for calls to the service, and the keys that sign clients' tokens.

A token of an access key is HS256 over the key's text, its audience the URL without the query. A
token of Microsoft Entra comes from DefaultAzureCredential, through `arm`, and is kept until shortly
before it expires. Source: AuthUtility.cs and "Authorize access with Microsoft Entra ID for Azure
SignalR Service".
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

import jwt
from django.conf import settings

from arm.errors import ArmError
from arm.settings import ArmSettings
from arm.transport.credentials import AccessToken, access_token
from upstreams.sender.client_tokens import TOKEN_LENGTH, ClientIdentity
from upstreams.sender.configuration import configuration
from upstreams.sender.endpoints import Endpoint
from upstreams.sender.errors import InvalidCall, SendError

_ISSUER: Final = "azure-signalr"
_KEY_TOKEN_SECONDS: Final = 600
# As azure-core: a token is replaced before it expires.
_RENEWAL_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs clients' tokens: an access key, or a temporary one with an ID."""

    secret: str = field(repr=False)
    key_id: str | None = None


class EntraTokens:
    """The tokens of this process's credential for the service; any number of threads may use it."""

    def __init__(self, where: ArmSettings) -> None:
        self._where: Final = where
        self._held: AccessToken | None = None
        self._lock: Final = threading.Lock()

    def fresh(self) -> str | None:
        """Return the token in memory, if it is not about to expire."""
        held = self._held
        return held.token if held and time.time() < held.expires_at - _RENEWAL_SECONDS else None

    def token(self) -> str:
        """Return a token; may wait for Microsoft Entra. Raises SendError."""
        held = self.fresh()
        if held is not None:
            return held
        with self._lock:
            # Another thread may have renewed it meanwhile.
            return self.fresh() or self._renewed()

    async def atoken(self) -> str:
        """Return a token as `token` does, without blocking the event loop."""
        held = self.fresh()
        return await asyncio.to_thread(self.token) if held is None else held

    def _renewed(self) -> str:
        try:
            renewed = self._held = access_token(self._where)
        except ArmError as error:
            held = self._held
            if held is not None and error.is_transient and time.time() < held.expires_at:
                return held.token
            raise SendError(
                f"No token for the SignalR service could be obtained. {error}",
                code=error.code,
                retryable=error.is_transient,
            ) from error
        return renewed.token


def entra_tokens() -> EntraTokens:
    """Return the process's tokens for the configured scope."""
    return _entra_tokens(
        settings.SIGNALMAN_ARM_ENDPOINT,
        settings.SIGNALMAN_INSTANCE_DISCOVERY,
        configuration().scope,
    )


def bearer(endpoint: Endpoint, url: str) -> str:
    """Return the token for a request to `url`, which has no query. Raises SendError."""
    return _key_token(endpoint, url) if endpoint.access_key else entra_tokens().token()


async def abearer(endpoint: Endpoint, url: str) -> str:
    """Return the token as `bearer` does, without blocking the event loop."""
    return _key_token(endpoint, url) if endpoint.access_key else await entra_tokens().atoken()


def client_token(key: SigningKey, endpoint: Endpoint, hub: str, client: ClientIdentity) -> str:
    """Return a client's token, signed with a key of the instance.

    Raises InvalidCall for one that is longer than the service accepts.
    """
    claims: dict[str, Any] = {**client.token_claims()}
    if client.user_id is not None:
        claims["asrs.s.uid"] = client.user_id
    audience = client_address(endpoint.audience_url, hub)
    token = _signed(key, audience, client.lifetime, claims)
    if len(token) > TOKEN_LENGTH:
        raise InvalidCall(
            f"The client's token has {len(token):,} characters, and the service accepts "
            f"{TOKEN_LENGTH:,}: use fewer or shorter claims."
        )
    return token


def client_address(url: str, hub: str) -> str:
    """Return the URL at which clients of a hub connect; hubs' names are lower case there."""
    return f"{url}/client/?hub={quote(hub.lower(), safe='')}"


@lru_cache
def _entra_tokens(endpoint: str, instance_discovery: bool, scope: str) -> EntraTokens:
    return EntraTokens(ArmSettings(endpoint, instance_discovery, scope))


def _key_token(endpoint: Endpoint, url: str) -> str:
    lifetime = timedelta(seconds=_KEY_TOKEN_SECONDS)
    return _signed(SigningKey(endpoint.access_key), url, lifetime, {})


def _signed(key: SigningKey, audience: str, lifetime: timedelta, claims: dict[str, Any]) -> str:
    now = int(time.time())
    expires = now + int(lifetime.total_seconds())
    registered = {"aud": audience, "iss": _ISSUER, "iat": now, "nbf": now, "exp": expires}
    headers = {"kid": key.key_id} if key.key_id else None
    return jwt.encode(claims | registered, key.secret, algorithm="HS256", headers=headers)
