"""A lock that lets one process migrate the database at a time.

Django has none: of several processes that migrate at once, as when several containers start, all
but one fail halfway.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# PostgreSQL's advisory locks are numbers, one set for each database.
_LOCK_NUMBER: Final = zlib.crc32(b"signalman.migrate")
_LONGEST_WAIT_SECONDS: Final = 3600


@contextmanager
def migration_lock(alias: str, *, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a database; call `on_wait` once if another process has it.

    Raises OperationalError if the database cannot be reached.
    """
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with _postgresql(connection, on_wait):
            yield
    elif connection.vendor == "sqlite" and (path := _file_of(connection)):
        with _sqlite(path, on_wait):
            yield
    else:
        yield


@contextmanager
def _postgresql(connection: BaseDatabaseWrapper, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold an advisory lock in a transaction of its own: poolers keep that on one session."""
    holder = connection.copy()
    # Another process may migrate for longer than a statement may take.
    holder.settings_dict["OPTIONS"].pop("response_seconds", None)
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK_NUMBER])
            if not cursor.fetchone()[0]:
                on_wait()
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])
        yield
    finally:
        # Ends the transaction, and with it the lock.
        holder.close()


@contextmanager
def _sqlite(path: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file beside the database: its own would keep migrations out, too."""
    name = f"{path}-migrate"
    os.close(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(name, timeout=0, isolation_level=None)) as holder:
        try:
            holder.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            on_wait()
            holder.execute(f"PRAGMA busy_timeout = {_LONGEST_WAIT_SECONDS * 1000}")
            holder.execute("BEGIN EXCLUSIVE")
        yield


def _file_of(connection: BaseDatabaseWrapper) -> str:
    """Return the path of SQLite's file; empty for a database in memory."""
    name = str(connection.settings_dict["NAME"])
    return "" if name.startswith((":", "file:")) else name
