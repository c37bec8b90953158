"""Log lines about who signs in and out, and who tries to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from api.throttles import address_of
from validation.rate_limited_log import RateLimitedLog

_log: Final = logging.getLogger(__name__)
# Unauthenticated requests can cause any number of them.
_failures: Final = RateLimitedLog(_log)


@receiver(user_logged_in)
def _note_sign_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        means = "a password" if getattr(user, "backend", "").endswith("ModelBackend") else "Entra"
        _log.info("%s signed in with %s from %s.", user, means, address_of(request))


@receiver(user_logged_out)
def _note_sign_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if request is not None and user is not None:
        _log.info("%s signed out from %s.", user, address_of(request))


@receiver(user_login_failed)
def _note_failure(
    credentials: Mapping[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    if request is None:
        return
    name = str(credentials.get("username", ""))
    # Some people type their password in the field for the name.
    is_known = User.objects.filter(username=name).exists()
    who = name if is_known else "an unknown name"
    _failures.write("failure", "Sign-in as %s from %s failed.", who, address_of(request))
