"""Errors of a cache that callers can do without."""

from __future__ import annotations

from typing import Final

from validation.rate_limited_log import RateLimitedLog


class CacheErrorsLogged:
    """A block that an error of the cache ends, as `contextlib.suppress` does, with a line in a log.

    `message` has a %s for the error's type. Django's caches have no error in common: each raises
    whatever its client does, so that every Exception counts as one.
    """

    def __init__(self, log: RateLimitedLog, message: str) -> None:
        self._log: Final = log
        self._message: Final = message

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self._log.write("cache", self._message, type(error).__name__)
        return True
