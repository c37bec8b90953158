"""Rate limits: the requests of a caller, and the bad credentials of an address.

Both are counted in Django's cache: several processes share a limit only where they share the cache.
While the cache is unavailable, requests are not limited.
"""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from django.conf import settings
from django.core.cache import cache
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from observability.client_address import client_address
from validation.cache_errors import CacheErrorsLogged
from validation.rate_limited_log import RateLimitedLog

T = TypeVar("T")

_MINUTE: Final = 60
# One IPv6 client usually holds all addresses that share these bits.
_IPV6_BITS: Final = 64
cache_log: Final = RateLimitedLog(logging.getLogger(__name__))


class CallerThrottle(UserRateThrottle):
    """Limits the requests of each caller in a minute, by the setting `API`."""

    scope = "caller"

    def get_rate(self) -> str:
        """Return the setting."""
        return f"{settings.API['REQUESTS_A_MINUTE']}/minute"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether the request is within the limit."""
        return _try(lambda: super(CallerThrottle, self).allow_request(request, view), True)

    @property
    def headers(self) -> dict[str, str]:
        """The rest of the limit, once the request was counted."""
        used = len(getattr(self, "history", ()))
        limit: int = settings.API["REQUESTS_A_MINUTE"]
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - used)),
        }


@contextmanager
def refusals_counted(request: Request) -> Iterator[None]:
    """Authenticate in this block; refused credentials count against their address.

    An address that had too many refused in this minute is answered without looking at its
    credentials until the next: checking a token costs more than sending one. Requests without
    credentials are not limited here. Raises Throttled, and what the block raises.
    """
    now = time.time()
    key = f"refused-{int(now) // _MINUTE}-{address_of(request)}"
    limit: int = settings.API["REFUSALS_A_MINUTE"]
    if "HTTP_AUTHORIZATION" in request.META and _try(lambda: cache.get(key, 0), 0) >= limit:
        raise Throttled(_MINUTE - now % _MINUTE)
    try:
        yield
    except AuthenticationFailed as refusal:
        # Not where the signing keys could not be read, which is not the caller's fault.
        if refusal.status_code == status.HTTP_401_UNAUTHORIZED:
            _try(lambda: _count(key), None)
        raise


def _count(key: str) -> None:
    cache.add(key, 0, _MINUTE)
    try:
        cache.incr(key)
    except ValueError:
        # The cache dropped it meanwhile, being full.
        cache.set(key, 1, _MINUTE)


def _try(use: Callable[[], T], otherwise: T) -> T:
    """Return what `use` returns, or `otherwise` if the cache is unavailable."""
    message = "The cache cannot be used, so requests are not limited: %s."
    with CacheErrorsLogged(cache_log, message):
        return use()
    return otherwise


def address_of(request: Any) -> str:
    """Return the client's address, or its network for IPv6."""
    address = client_address(request)
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_BITS), strict=False).network_address)
