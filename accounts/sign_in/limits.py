"""Limits of sign-in attempts with a password.

An attempt is counted before the password is checked, because the check is what an attacker makes
the server pay for. A limit ends with its window, and the limit of an account does not apply to an
address from which the account signed in before: no attacker can lock out an administrator
permanently.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final

from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest
from unfold.forms import AuthenticationForm

from api.throttles import address_of
from validation.cache_errors import CacheErrorsLogged
from validation.rate_limited_log import RateLimitedLog

log = RateLimitedLog(logging.getLogger(__name__))

WINDOW_SECONDS: Final = 300
# Attempts in a window: of an account from one address, of an address, of an account.
PAIR_LIMIT: Final = 5
ADDRESS_LIMIT: Final = 20
ACCOUNT_LIMIT: Final = 50
# How long an address is known from which an account signed in.
_KNOWN_SECONDS: Final = 90 * 24 * 3600


class SignInForm(AuthenticationForm):
    """The sign-in form of the portal, with limits."""

    def clean(self) -> Any:
        """Refuse without checking the password where a limit is exceeded."""
        username = str(self.cleaned_data.get("username", ""))
        if self.request is not None and not _may_try(username, address_of(self.request)):
            log.write("limit", "Sign-in refused: too many attempts.")
            raise ValidationError(
                "Too many attempts to sign in. Try again in 5 minutes.", code="too_many_attempts"
            )
        return super().clean()


def _may_try(username: str, address: str) -> bool:
    """Count an attempt; return whether it is within the limits."""
    with CacheErrorsLogged(log, "Sign-in attempts cannot be counted: %s."):
        return all(_count(key) <= limit for key, limit in _limits(username, address))
    return True


def _limits(username: str, address: str) -> Iterator[tuple[str, int]]:
    # What one limit refuses does not count against the next.
    yield _key("address", address), ADDRESS_LIMIT
    yield _key("pair", username, address), PAIR_LIMIT
    if not cache.get(_key("known", username, address)):
        yield _key("account", username), ACCOUNT_LIMIT


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return cache.incr(key)
    except ValueError:
        # The window ended in between.
        return 1


@receiver(user_logged_in)
def _note_success(request: HttpRequest | None, user: Any, **_: Any) -> None:
    if request is None:
        return
    username, address = user.get_username(), address_of(request)
    with CacheErrorsLogged(log, "A sign-in cannot be remembered: %s."):
        cache.delete(_key("pair", username, address))
        cache.set(_key("known", username, address), True, _KNOWN_SECONDS)


def _key(kind: str, *parts: str) -> str:
    # Hashed: callers choose the names. Django compares names in NFKC, and so do databases in case.
    named = "\0".join(part.lower() for part in parts)
    return f"sign-in-{kind}-{sha256(named.encode()).hexdigest()}"
