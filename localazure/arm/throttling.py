"""ARM's token buckets: per subscription, principal and kind of request.

Source: Microsoft's "Understand how Azure Resource Manager throttles requests" (since 2024).
Requests are always counted; limits are enforced only on demand, so that a demo is not throttled.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from localazure.arm.errors import Throttled


@dataclass(frozen=True)
class Limit:
    """A bucket's size in requests, and its refill rate in requests per second."""

    size: float
    refill: float


ARM_LIMITS = {"reads": Limit(250, 25), "writes": Limit(200, 10), "deletes": Limit(200, 10)}
# A subscription's limit over all principals is this many times a principal's.
_SUBSCRIPTION_FACTOR = 15
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass
class _Bucket:
    level: float
    filled_at: float

    def take(self, limit: Limit, now: float) -> float:
        """Take one request; return how many remain, negative where the bucket was empty."""
        filled = self.level + (now - self.filled_at) * limit.refill
        self.filled_at = now
        self.level = min(limit.size, filled) - 1
        left = self.level
        self.level = max(self.level, 0)
        return left


class Throttle:
    """All buckets. Unless `enforced`, they only appear in response headers."""

    def __init__(self) -> None:
        self.limits = dict(ARM_LIMITS)
        self.enforced = False
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def configure(self, limits: dict[str, Limit], *, enforced: bool) -> None:
        """Set the named limits, start with full buckets, and enforce them or not."""
        self.limits = ARM_LIMITS | limits
        self.enforced = enforced
        self._buckets.clear()

    def take(self, method: str, subscription: str, principal_id: str) -> dict[str, str]:
        """Count a request, and return the headers with the numbers of remaining requests.

        Both generations of header names are present: per principal, and for the subscription as
        recorded since 2024. Raises Throttled where none remain and limits are enforced.
        """
        kind = _KINDS.get(method, "writes")
        limit, now = self.limits[kind], time.monotonic()
        key = (kind, subscription.lower(), principal_id.lower())
        left = self._buckets.setdefault(key, _Bucket(limit.size, now)).take(limit, now)
        if self.enforced and left < 0:
            raise Throttled(kind, subscription, math.ceil(1 / limit.refill))
        remaining = max(left, 0)
        return {
            f"x-ms-ratelimit-remaining-subscription-{kind}": f"{remaining:.0f}",
            f"x-ms-ratelimit-remaining-subscription-global-{kind}": (
                f"{limit.size * _SUBSCRIPTION_FACTOR - (limit.size - remaining):.0f}"
            ),
        }
