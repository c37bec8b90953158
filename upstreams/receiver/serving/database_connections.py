"""Database connections that handlers open, closed as Django does around each request.

Django's signals ask each connection and each cache before and after every request. That takes as
long as the rest of a request, and most upstream requests use no database. So the threads that hold
a connection are remembered.
"""

from __future__ import annotations

import threading
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from django.db.backends.signals import connection_created
from django.dispatch import receiver

_threads: set[int] = set()


@receiver(connection_created)
def _note(**_: Any) -> None:
    _threads.add(threading.get_ident())


def close_unusable_connections() -> None:
    """Close this thread's connections that are broken or older than `CONN_MAX_AGE`."""
    thread = threading.get_ident()
    if thread not in _threads:
        return
    close_old_connections()
    if not any(each.connection is not None for each in connections.all(initialized_only=True)):
        _threads.discard(thread)


class AsyncConnections:
    """The connections of coroutine functions: Django's ORM opens them in one thread for all."""

    def __init__(self) -> None:
        self._thread: int | None = None

    @property
    def are_open(self) -> bool:
        """Whether their thread holds any; before it is known, whether some thread does."""
        return bool(_threads) if self._thread is None else self._thread in _threads

    async def close_unusable(self) -> None:
        """Close those that are broken or too old, in their own thread."""
        # The main thread runs what asgiref runs only where no event loop does.
        others = _threads - {threading.get_ident()}
        if not others:
            return
        if self._thread is None:
            self._thread = await sync_to_async(threading.get_ident)()
        if self._thread in others:
            await sync_to_async(close_unusable_connections)()
