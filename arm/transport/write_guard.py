"""A check that runs immediately before a write leaves the process.

A worker may be suspended for minutes between deciding to write and writing. The caller passes a
check that raises if the write must no longer be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

Check = Callable[[], None]

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_check: Final[ContextVar[Check | None]] = ContextVar("write_check", default=None)


@contextmanager
def checking_writes(check: Check) -> Iterator[None]:
    """Call `check` before each write in this block; what it raises reaches the caller."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


class WriteGuardPolicy(SansIOHTTPPolicy[Any, Any]):
    """Runs the check of the current context, last of all policies."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raise what the check raises, if the request is a write."""
        check = _check.get()
        if check is not None and request.http_request.method not in _READS:
            check()
