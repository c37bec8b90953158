"""The rate-limited logs of the process: an earlier test's lines must not keep a later one's out."""

from __future__ import annotations

import sys
from functools import lru_cache

from validation.rate_limited_log import RateLimitedLog


def forget_lines() -> None:
    """Let every rate-limited log of a module count from zero again."""
    for log in _logs(len(sys.modules)):
        log.forget()


@lru_cache(1)
def _logs(_modules: int) -> tuple[RateLimitedLog, ...]:
    """Return the logs of the imported modules; they change only when one more is imported."""
    values = (value for module in list(sys.modules.values()) for value in _values(module))
    return tuple({id(value): value for value in values}.values())


def _values(module: object) -> list[RateLimitedLog]:
    found = getattr(module, "__dict__", {}).values()
    return [value for value in list(found) if type(value) is RateLimitedLog]
