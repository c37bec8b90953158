"""Guests: users who choose a name, which the page sends, signed, to the negotiation.

A real project authenticates its users instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

_SALT: Final = "examples.chat.guests"
_SECONDS: Final = 12 * 3_600
_SCHEME: Final = b"bearer"


@dataclass(frozen=True)
class Guest:
    """A user for Django REST framework, without a row in the database."""

    pk: str
    is_authenticated: bool = True
    is_active: bool = True


def ticket(name: str) -> str:
    """Return the signed name of a guest."""
    return signing.dumps(name, salt=_SALT)


class GuestAuthentication(BaseAuthentication):
    """Accepts `Authorization: Bearer <ticket>`."""

    def authenticate(self, request: Request) -> tuple[Guest, None] | None:
        """Return the guest; None without a ticket."""
        scheme, _, value = get_authorization_header(request).partition(b" ")
        if scheme.lower() != _SCHEME:
            return None
        try:
            name = signing.loads(value.decode("latin-1"), salt=_SALT, max_age=_SECONDS)
        except signing.BadSignature as error:
            raise AuthenticationFailed("The ticket is invalid or has expired.") from error
        return Guest(name), None

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge, so that a missing ticket is 401."""
        return "Bearer"
