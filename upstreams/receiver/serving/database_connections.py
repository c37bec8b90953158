"""The database connections of a thread that receives: tended as Django does, if there are any.

Django asks each connection and each cache of a thread before and after every request. That takes as
long as everything else that it does around a view, and most upstream requests touch no database.
"""

from __future__ import annotations

import threading
from typing import Any

from django.db import close_old_connections, connections
from django.db.backends.signals import connection_created
from django.dispatch import receiver


class _OfThread(threading.local):
    may_be_open = False


_connections = _OfThread()


@receiver(connection_created)
def _note(**_: Any) -> None:
    _connections.may_be_open = True


def tend_connections() -> None:
    """Close this thread's connections that are broken or too old: `CONN_MAX_AGE` says how old."""
    if not _connections.may_be_open:
        return
    close_old_connections()
    _connections.may_be_open = any(
        each.connection is not None for each in connections.all(initialized_only=True)
    )
