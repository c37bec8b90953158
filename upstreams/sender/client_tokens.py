"""Client tokens: the identity of a client, and what its token for the service may hold.

The service forwards claims in one header, `type: value, type: value`, without escaping, so that a
value with a comma could invent another claim. What the header could not carry unchanged is refused.
Sources: ClaimsUtility.cs of Microsoft's Management SDK; "Troubleshooting guide for Azure SignalR
Service" for the length of a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from upstreams.sender.calls import check_name
from upstreams.sender.errors import InvalidCall

Claims = Mapping[str, str | Iterable[str]]

DEFAULT_LIFETIME: Final = timedelta(hours=1)
SHORTEST_LIFETIME: Final = timedelta(minutes=1)
# What the receiver accepts in X-ASRS-User-Id.
USER_ID_LENGTH: Final = 256
# The service refuses longer tokens with 413.
TOKEN_LENGTH: Final = 4_096

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SERVICE_PREFIX: Final = "asrs."
# The first eleven are those that Microsoft's SDK renames; the others name the user.
_RESERVED: Final = frozenset(
    {
        *("aud", "exp", "iat", "nbf", "iss", "actort", "acr", "azp", "c_hash", "jti", "nonce"),
        *("sub", "nameid", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"),
    }
)


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The URL at which a client connects, and the token that it presents there."""

    url: str
    access_token: str = field(repr=False)

    def as_json(self) -> dict[str, str]:
        """Return the response to a client's negotiation, as @microsoft/signalr expects it."""
        return {"url": self.url, "accessToken": self.access_token}


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """The validated identity that a client's token names. `lifetime` is that of the token."""

    user_id: str | None
    claims: tuple[tuple[str, str], ...] = ()
    lifetime: timedelta = DEFAULT_LIFETIME

    @classmethod
    def of(cls, user_id: str | None, claims: Claims | None, lifetime: timedelta) -> ClientIdentity:
        """Return the identity. Raises InvalidCall for what the service cannot transmit."""
        if lifetime < SHORTEST_LIFETIME:
            raise InvalidCall("The lifetime of a client's token must be at least a minute.")
        checked = None if user_id is None else _user_id(user_id)
        return cls(checked, tuple(_pairs(claims or {})), lifetime)

    def token_claims(self) -> dict[str, str | list[str]]:
        """Return the claims by name, as the token holds them."""
        found: dict[str, str | list[str]] = {}
        for name, value in self.claims:
            before = found.get(name)
            if before is None:
                found[name] = value
            else:
                found[name] = [*([before] if isinstance(before, str) else before), value]
        return found


def _user_id(user_id: object) -> str:
    checked = check_name("user ID", user_id)
    if len(checked) > USER_ID_LENGTH:
        raise InvalidCall(f"The user ID of a client must have at most {USER_ID_LENGTH} characters.")
    return _carried("user ID", checked)


def _pairs(claims: Claims) -> Iterator[tuple[str, str]]:
    if not isinstance(claims, Mapping):
        raise InvalidCall("The claims must be a mapping of names to one or several strings.")
    for name, values in claims.items():
        _check_claim_name(name)
        for value in [values] if isinstance(values, str) else list(values):
            if not isinstance(value, str):
                raise InvalidCall(
                    f"The claim {name!r} has a value of type {type(value).__name__}; it must "
                    "be a string."
                )
            yield name, _carried(f"value of the claim {name!r}", value)


def _check_claim_name(name: object) -> None:
    if not isinstance(name, str):
        raise InvalidCall("The name of a claim must be a string.")
    _carried("name of a claim", name)
    if ": " in name:
        raise InvalidCall(f"The claim {name!r} has a colon and a blank in its name.")
    if name.lower().startswith(_SERVICE_PREFIX) or name.lower() in _RESERVED:
        raise InvalidCall(
            f"The claim {name!r} is reserved for the service; choose another name. The user is "
            "named by user_id."
        )


def _carried(what: str, text: str) -> str:
    """Return a text that the header carries unchanged. Raises InvalidCall without quoting it."""
    if not text or text != text.strip():
        raise InvalidCall(f"The {what} is empty, or begins or ends with a blank.")
    if "," in text or _CONTROL.search(text):
        raise InvalidCall(
            f"The {what} contains a comma, a line break or another control character. The service "
            "joins claims with commas and does not escape them."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidCall(f"The {what} contains an unpaired surrogate.") from error
    return text
