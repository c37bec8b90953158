"""The duration of a session: it ends at its maximum age after the sign-in, whether used or not.

The maximum is the setting `SIGNALMAN_SESSION_SECONDS`, Django's `SESSION_COOKIE_AGE`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone


@receiver(user_logged_in)
def _set_end(request: HttpRequest | None, **_: Any) -> None:
    # Django alone counts the age from the last time that the session was stored.
    if request is not None:
        request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
