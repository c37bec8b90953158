"""A web server for this process's database, which ends with nothing left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import WSGIServer
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test.testcases import LiveServerThread, QuietWSGIRequestHandler

from config.serving.content_type import refusing_invalid_content_types


class OneThread(LiveServerThread):
    """Answers in one thread, and so closes each connection: its caller is another process, which
    would otherwise keep one open beyond the test."""

    def _create_server(self, connections_override: Any = None) -> Any:
        return WSGIServer(
            (self.host, self.port), QuietWSGIRequestHandler, allow_reuse_address=False
        )


@contextmanager
def serving(server: type[LiveServerThread] = OneThread) -> Iterator[str]:
    """Serve on a free port of localhost, and give the address.

    Django's own LiveServerThread answers each connection in a thread of its own.
    """
    shared: dict[str, BaseDatabaseWrapper] = {
        connection.alias: connection
        for connection in connections.all()
        if isinstance(connection, DatabaseWrapper) and connection.is_in_memory_db()
    }
    for connection in shared.values():
        connection.inc_thread_sharing()

    def handler(application: Any) -> Any:
        """Return what config.asgi and config.wsgi serve."""
        return refusing_invalid_content_types(StaticFilesHandler(application))

    # Called with Django's application, as its class of that name is.
    static_handler: Any = handler
    thread = server("localhost", static_handler, connections_override=shared)
    thread.start()
    try:
        thread.is_ready.wait()
        if thread.error:
            raise thread.error
        yield f"http://localhost:{thread.port}"
    finally:
        thread.terminate()
        for connection in shared.values():
            connection.dec_thread_sharing()
