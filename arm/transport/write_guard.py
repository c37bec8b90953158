"""A check that runs immediately before a write leaves the process.

A worker may be suspended for minutes between deciding to write and writing. The caller passes a
check that raises if the write must no longer be sent. It runs when the connection is open and the
request is complete, so that nothing but one call of the operating system follows it: a request
whose second half is sent minutes later would be a late write, too.

A worker that is suspended between the check and that call, which takes some tens of microseconds,
sends late. Azure Resource Manager could refuse such a write only by an ETag, which SignalR
instances do not have. The next refresh shows it as drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

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


class GuardedAdapter(HTTPAdapter):
    """Runs the check of the current context before each write, directly and through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use guarded connections."""
        super().init_poolmanager(*args, **options)
        _guard(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Use guarded connections through the proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        _guard(manager)
        return manager


class _Connection(HTTPSConnection):
    """Holds the parts of a write back until the check has passed, and sends them as one."""

    _parts: list[bytes] | None = None

    def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
        check = _check.get()
        if check is None or method in _READS:
            super().request(method, url, *args, **options)
            return
        if self.sock is None:
            self.connect()
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(method, url, *args, **options)
        finally:
            self._parts = None
        check()
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(bytes(data))


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def _guard(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, "https": _Pool}
