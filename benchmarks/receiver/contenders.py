"""Who is measured: the receiver, and what else one could take upstream requests with.

Every one runs two processes. Django's share a server; the others have the server that is usual for
them. The bare view runs where it is quickest, behind WSGI: behind ASGI, Django takes several times
as long.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.receiver.load import LoadFailed
from examples.demo.processes import PYTHON, Programs, web_server

_RIVALS: Final = Path(__file__).with_name("rivals")
_WORKERS: Final = 2

# The command that serves on a port. Environments of their own are below the folder.
Command = Callable[[Path, int], list[str]]


@dataclass(frozen=True)
class Contender:
    """One server, and the hub method that is called.

    `install` makes its environment in the folder given, unless it is there.
    """

    key: str
    title: str
    command: Command
    install: Callable[[Programs, Path], None] = lambda _programs, _folder: None
    checks_tokens: bool = True
    method: str = "echo"


def _asgi(application: str) -> Command:
    def command(_folder: Path, port: int) -> list[str]:
        return web_server(port, application, workers=_WORKERS)

    return command


def _wsgi(application: str) -> Command:
    def command(_folder: Path, port: int) -> list[str]:
        served = web_server(port, application, workers=_WORKERS, interface="wsgi")
        return [*served, "--blocking-threads", "1"]

    return command


def _uvicorn(folder: Path, port: int) -> list[str]:
    application = "benchmarks.receiver.rivals.fastapi_app:app"
    return [
        str(folder / "fastapi" / "bin" / "uvicorn"), "--workers", str(_WORKERS), "--no-access-log",
        "--log-level", "warning", "--host", "127.0.0.1", "--port", str(port), application,
    ]  # fmt: skip


def _node(folder: Path, port: int) -> list[str]:
    return ["node", str(folder / "node" / "server.js"), str(port)]


def _install_fastapi(programs: Programs, folder: Path) -> None:
    environment = folder / "fastapi"
    pinned = _RIVALS / "fastapi.txt"
    if not (environment / "bin" / "uvicorn").exists():
        _run(programs, PYTHON, "-m", "venv", str(environment))
    pip = str(environment / "bin" / "pip")
    _run(programs, pip, "install", "--quiet", "--requirement", str(pinned))


def _install_node(programs: Programs, folder: Path) -> None:
    if shutil.which("npm") is None:
        raise LoadFailed("Node and npm are not installed.")
    shutil.copytree(_RIVALS / "node", folder / "node", dirs_exist_ok=True)
    _run(programs, "npm", "install", "--no-audit", "--no-fund", f"--prefix={folder / 'node'}")


def _run(programs: Programs, *command: str) -> None:
    done = programs.run(*command)
    if done.returncode:
        raise LoadFailed(f"{' '.join(command)} failed: {done.stderr[-500:]}")


def _receiver(workers: int) -> Command:
    def command(_folder: Path, port: int) -> list[str]:
        return web_server(port, workers=workers)

    return command


RECEIVER: Final = Contender(
    "receiver", "Signalman's receiver", _receiver(_WORKERS), method="echo_async"
)
IN_THREADS: Final = Contender(
    "receiver-threads", "the same, a handler that is a plain function", _receiver(_WORKERS)
)
ONE_WORKER: Final = Contender("one-worker", "Signalman's receiver, one process", _receiver(1))
BARE: Final = Contender(
    "bare",
    "(a) a bare Django view",
    _wsgi("benchmarks.receiver.rivals.bare:application"),
    checks_tokens=False,
)
ALL: Final[Sequence[Contender]] = (
    RECEIVER,
    IN_THREADS,
    BARE,
    Contender(
        "bare-asgi",
        "a bare Django view behind ASGI",
        _asgi("benchmarks.receiver.rivals.bare:asgi_application"),
        checks_tokens=False,
    ),
    Contender(
        "asgi",
        "a minimal ASGI application",
        _asgi("benchmarks.receiver.rivals.minimal_asgi:application"),
        checks_tokens=False,
    ),
    Contender(
        "drf",
        "(b) DRF, PyJWT's PyJWKClient",
        _wsgi("benchmarks.receiver.rivals.drf:application"),
    ),
    Contender("fastapi", "(c) FastAPI, fastapi-azure-auth", _uvicorn, _install_fastapi),
    Contender("node", "(d) Node, express and jose", _node, _install_node),
)
