"""ARM's token buckets: per subscription, principal and kind of request.

Numbers: Microsoft's "Understand how Azure Resource Manager throttles requests" (since 2024).
Counted always, enforced on demand: a demo is not to be slowed down by them.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from localazure.arm.errors import Throttled


@dataclass(frozen=True)
class Limit:
    """A bucket's size, and how many requests come back into it each second."""

    size: float
    refill: float


ARM_LIMITS = {"reads": Limit(250, 25), "writes": Limit(200, 10), "deletes": Limit(200, 10)}
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}


@dataclass
class _Bucket:
    level: float
    filled_at: float

    def take(self, limit: Limit, now: float) -> float:
        """Take one request; return how many are left, below zero where it was not there."""
        filled = self.level + (now - self.filled_at) * limit.refill
        self.filled_at = now
        self.level = min(limit.size, filled) - 1
        left = self.level
        self.level = max(self.level, 0)
        return left


class Throttle:
    """All buckets. Unless `enforced`, they only show in headers."""

    def __init__(self) -> None:
        self.limits = dict(ARM_LIMITS)
        self.enforced = False
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def configure(self, limits: dict[str, Limit], *, enforced: bool) -> None:
        """Set the limits that are named, start with full buckets, and enforce them or not."""
        self.limits = ARM_LIMITS | limits
        self.enforced = enforced
        self._buckets.clear()

    def take(self, method: str, subscription: str, principal_id: str) -> dict[str, str]:
        """Count a request, and return the header that says how many are left.

        Raises Throttled where there are none and limits are enforced.
        """
        kind = _KINDS.get(method, "writes")
        limit, now = self.limits[kind], time.monotonic()
        key = (kind, subscription.lower(), principal_id.lower())
        left = self._buckets.setdefault(key, _Bucket(limit.size, now)).take(limit, now)
        if self.enforced and left < 0:
            raise Throttled(kind, subscription, math.ceil(1 / limit.refill))
        return {f"x-ms-ratelimit-remaining-subscription-{kind}": f"{max(left, 0):.0f}"}
