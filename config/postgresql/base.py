"""Connections that give up on a server that accepts statements and does not respond.

The server enforces `statement_timeout`, and TCP notices a lost host. Neither ends the wait for a
server that is suspended, or for a network that acknowledges packets and passes nothing on.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import RV, PQGen
from psycopg.errors import ReadOnlySqlTransaction

# How often psycopg looks whether Ctrl-C was pressed.
_INTERVAL_SECONDS = 0.1


class Connection(psycopg.Connection[Any]):
    """Closes itself, and raises OperationalError, if the server takes longer than the limit."""

    response_seconds: float | None = None

    def wait(
        self, gen: PQGen[RV], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> RV:
        """Run a generator of psycopg, with the limit where the caller has none."""
        if timeout is not None or self.response_seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.response_seconds)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  psycopg has no public name
            # The response may still come, and would be taken for that of another statement.
            self.close()
            raise psycopg.OperationalError(
                f"the server did not respond within {self.response_seconds:g} s"
            ) from None


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with the option `response_seconds`.

    Checking an idle connection takes as long as connecting at most. A database that is read-only at
    present raises OperationalError, as one that does not respond does: it is no InternalError, the
    statement is right and may succeed later.
    """

    Database: Any = SimpleNamespace(
        **{
            **vars(psycopg),
            "connect": Connection.connect,
            # Django asks with issubclass, and except takes a tuple too.
            "OperationalError": (psycopg.OperationalError, ReadOnlySqlTransaction),
        }
    )

    def get_connection_params(self) -> dict[str, Any]:
        """Return the parameters of libpq, which does not know the option."""
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("response_seconds", None)
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection with the limit."""
        connection = super().get_new_connection(conn_params)
        if isinstance(connection, Connection):
            connection.response_seconds = self.settings_dict["OPTIONS"].get("response_seconds")
        return connection

    def is_usable(self) -> bool:
        """Return whether the server responds on this connection."""
        connection = self.connection
        if not isinstance(connection, Connection) or connection.response_seconds is None:
            return super().is_usable()
        limit = connection.response_seconds
        connection.response_seconds = float(self.settings_dict["OPTIONS"]["connect_timeout"])
        try:
            return super().is_usable()
        finally:
            connection.response_seconds = limit
