"""How often a caller may ask, and how often an address may try to become one."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.core.cache import cache
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, UserRateThrottle

_MINUTE: Final = 60
# Who has one address of IPv6 has all that share these bits.
_IPV6_BITS: Final = 64


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


@contextmanager
def refusals_counted(request: Request) -> Iterator[None]:
    """Authenticate in this block; credentials that are refused count against their address.

    From an address that had too many refused in this minute, credentials are looked at no more
    until the next: to check a token costs more than to send one. Its count is one number in
    Django's cache, whatever is sent. A request without credentials is not held up.
    Raises Throttled, and what the block raises.
    """
    now = time.time()
    key = f"refused-{int(now) // _MINUTE}-{_origin(request)}"
    limit: int = settings.API["REFUSALS_A_MINUTE"]
    if "HTTP_AUTHORIZATION" in request.META and cache.get(key, 0) >= limit:
        raise Throttled(_MINUTE - now % _MINUTE)
    try:
        yield
    except AuthenticationFailed as refusal:
        # Not where the signing keys could not be read, which is nobody's fault who asks.
        if refusal.status_code == status.HTTP_401_UNAUTHORIZED:
            cache.add(key, 0, _MINUTE)
            _count(key)
        raise


def _count(key: str) -> None:
    try:
        cache.incr(key)
    except ValueError:
        # The cache forgot it meanwhile, being full.
        cache.set(key, 1, _MINUTE)


def _origin(request: Request) -> str:
    """Return the address that asks, as far as proxies are trusted to name it."""
    found = BaseThrottle().get_ident(request) or "unknown"
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return "unknown"
    if address.version == 4:  # noqa: PLR2004  IPv4
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_BITS), strict=False).network_address)
