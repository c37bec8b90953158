"""Client tokens: verified and read, or generated for `:generateToken`.

Claims: the Management SDK's (`asrs.s.` for the service, `asrs.u.` before names that JWT reserves);
the values that reach upstream are as users report them, registered claims included.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import jwt

from localazure.service.authentication.keys import ServiceKeys
from localazure.service.authentication.tokens import (
    ISSUER,
    Unauthorized,
    read_key_token,
    require_client_audience,
)
from localazure.service.connections.connection import ClientIdentity
from localazure.service.instances import Instance

_SERVICE_PREFIX, _USER_PREFIX = "asrs.s.", "asrs.u."
_USER_ID: Final = "asrs.s.uid"
_TRANSPORTS: Final = "asrs.s.htt"
_CLOSES_ON_EXPIRY, _EXPIRY = "asrs.s.coae", "asrs.s.aeo"
_NAME_IDENTIFIER = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
_ALL_TRANSPORTS = 7


@dataclass(frozen=True)
class ClientToken:
    """A client's verified claims."""

    claims: dict[str, Any]

    @property
    def transports(self) -> int:
        """The transports that it permits: 1 WebSockets, 2 server-sent events, 4 long polling."""
        try:
            return int(self.claims.get(_TRANSPORTS, _ALL_TRANSPORTS))
        except (TypeError, ValueError):
            return _ALL_TRANSPORTS

    def identity(self, query: str) -> ClientIdentity:
        """Return the client's identity."""
        return ClientIdentity(
            self._user_id(), tuple(_forwarded(self.claims)), query, self._closes_at()
        )

    def _user_id(self) -> str | None:
        for name in (_USER_ID, "nameid", "sub"):
            if self.claims.get(name):
                return str(self.claims[name])
        return None

    def _closes_at(self) -> float | None:
        if str(self.claims.get(_CLOSES_ON_EXPIRY)).lower() != "true":
            return None
        try:
            return float(self.claims.get(_EXPIRY, self.claims["exp"]))
        except (TypeError, ValueError):
            return None


def verify_client(
    keys: ServiceKeys, instance: Instance, hosts: frozenset[str], hub: str, token: str | None
) -> ClientToken:
    """Return the client's token if it is valid for this hub. Raises Unauthorized."""
    if not token:
        raise Unauthorized("")
    claims = read_key_token(keys, instance, token)
    require_client_audience(claims, hosts, hub)
    return ClientToken(claims)


def generate_client_token(
    keys: ServiceKeys, instance: Instance, hub: str, user_id: str | None, minutes: int
) -> str:
    """Return a client token that the service signs itself; it has no claims of the caller."""
    key, now = keys.generated(instance.id), int(time.time())
    claims = {
        "aud": f"https://{instance.host_name}/client/?hub={hub}",
        "iss": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 60 * minutes,
    } | ({_USER_ID: user_id} if user_id else {})
    return jwt.encode(claims, key.secret, algorithm="HS256", headers={"kid": key.id})


def _forwarded(claims: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in claims.items():
        if name.startswith(_SERVICE_PREFIX):
            continue
        for one in value if isinstance(value, list) else [value]:
            if name == "nameid":
                yield _NAME_IDENTIFIER, _text(one)
            yield name.removeprefix(_USER_PREFIX), _text(one)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
