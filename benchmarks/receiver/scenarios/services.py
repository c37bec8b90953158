"""PostgreSQL and Redis for a measurement, each behind forwarders that can be frozen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.receiver.scenarios.forwarder import Forwarder, to_port, to_socket
from scripts.with_postgres import postgres
from tests.redis_server import redis_server

_SOCKET: Final = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Services:
    """The forwarders, and the environment variables that name them."""

    database: Forwarder
    cache: Forwarder
    broker: Forwarder

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of Signalman."""
        return {
            "SIGNALMAN_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{self.database.port}/postgres",
            "SIGNALMAN_CACHE_URL": f"redis://127.0.0.1:{self.cache.port}/0",
            "SIGNALMAN_BROKER_URL": f"redis://127.0.0.1:{self.broker.port}/1",
        }


@contextmanager
def services() -> Iterator[Services]:
    """Start the servers and the forwarders; leaving the block ends them."""
    with ExitStack() as stack:
        url = urlsplit(stack.enter_context(postgres()))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="signalman-redis-"))
        redis = urlsplit(stack.enter_context(redis_server(Path(folder)))).port or 0
        socket = f"{parse_qs(url.query)['host'][0]}/{_SOCKET}"
        running = Services(
            Forwarder(to_socket(socket)), Forwarder(to_port(redis)), Forwarder(to_port(redis))
        )
        for forwarder in (running.database, running.cache, running.broker):
            stack.callback(forwarder.close)
        yield running
