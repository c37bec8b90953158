"""Authorization codes (RFC 6749 section 4.1, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from localazure.entra import errors

# Entra's codes are valid for about ten minutes.
LIFETIME_SECONDS = 600


@dataclass(frozen=True)
class Grant:
    """A sign-in to an application, and the values that the token request has to match."""

    user_id: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str
    challenge: str


class Codes:
    """The issued codes. Each can be redeemed once."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Grant, float]] = {}
        self._redeemed: set[str] = set()

    def give(self, grant: Grant) -> str:
        """Return a new code for `grant`."""
        code = f"1.{secrets.token_urlsafe(48)}"
        self._open[code] = (grant, time.time() + LIFETIME_SECONDS)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str, verifier: str) -> Grant:
        """Return the grant of a code, which a failed attempt redeems too.

        Raises TokenRefused.
        """
        if code in self._redeemed:
            raise errors.code_redeemed()
        grant, expires = self._open.pop(code, (None, 0.0))
        if grant is None or grant.client_id != client_id:
            raise errors.code_not_valid()
        self._redeemed.add(code)
        if expires < time.time():
            raise errors.code_expired()
        if grant.redirect_uri != redirect_uri:
            raise errors.other_redirect_uri()
        if grant.challenge and not hmac.compare_digest(_challenge(verifier), grant.challenge):
            raise errors.wrong_verifier()
        return grant


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
