"""How often a caller may ask."""

from __future__ import annotations

from django.conf import settings
from rest_framework.throttling import UserRateThrottle


class CallerThrottle(UserRateThrottle):
    """So many requests a minute for each caller, by the setting `API`.

    Counted in Django's cache: with several processes, they share a limit only where they share it.
    """

    scope = "caller"

    def get_rate(self) -> str:
        """Return the setting."""
        return f"{settings.API['REQUESTS_A_MINUTE']}/minute"

    @property
    def headers(self) -> dict[str, str]:
        """What of the limit is left, once the request was counted."""
        used = len(getattr(self, "history", ()))
        limit: int = settings.API["REQUESTS_A_MINUTE"]
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - used)),
        }
