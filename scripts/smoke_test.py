"""Install the pinned requirements for other Pythons, and start Signalman with each.

    python scripts/smoke_test.py python3.12 python3.13

Each gets an environment of its own in a temporary folder, without the development requirements.
It migrates a database, serves the portal until /readyz answers, and runs a worker until it has done
a heartbeat. Standard library only; needs the package index.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

ROOT: Final = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS: Final = 120.0
# Every package of the project, so that each of its modules is compiled and imported.
IMPORT_ALL: Final = """
import importlib, pkgutil, django
django.setup()
for package in {packages!r}:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, package + "."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                # requirements-otel.txt is optional.
                if not error.name.startswith("opentelemetry"):
                    raise
"""
PACKAGES: Final = (
    *("accounts", "api", "arm", "config", "diagnosis", "identities", "localazure"),
    *("observability", "portal", "sync", "upstreams", "validation"),
)


def main(interpreters: Sequence[str]) -> int:
    """Test each interpreter, and return 1 if one fails."""
    failed = [each for each in interpreters if not _passes(each)]
    return 1 if failed or not interpreters else 0


def _passes(interpreter: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="signalman-smoke-") as folder:
        try:
            _smoke_test(interpreter, Path(folder))
        except (OSError, subprocess.SubprocessError, TimeoutError) as error:
            print(f"{interpreter}: FAILED: {error}", flush=True)
            return False
    print(f"{interpreter}: passed", flush=True)
    return True


def _smoke_test(interpreter: str, folder: Path) -> None:
    venv = folder / "venv"
    _run([interpreter, "-m", "venv", str(venv)])
    python = str(venv / "bin" / "python")
    requirements = ["--require-hashes", "--requirement", str(ROOT / "requirements.txt")]
    _run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SIGNALMAN_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SIGNALMAN_SECRET_KEY": secrets.token_urlsafe(64),
        "SIGNALMAN_DATA_DIR": str(folder / "data"),
        "SIGNALMAN_SCHEDULE_SECONDS": "1",
        # Prints what later versions of Python remove.
        "PYTHONWARNINGS": "default",
    }
    _run([python, "-c", IMPORT_ALL.format(packages=PACKAGES)], environment)
    for command in (["check"], ["migrate", "-v", "0"], ["makemigrations", "--check"]):
        _run([python, "manage.py", *command], environment)
    port = _free_port()
    with ExitStack() as stack:
        for program, *arguments in (
            f"granian --interface asgi --no-ws --port {port} config.asgi:application".split(),
            ["celery", "-A", "config", "worker", "--pool", "threads", "--beat"],
        ):
            process = _start([str(venv / "bin" / program), *arguments], environment)
            stack.callback(_stop, process)
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz")


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _wait_until_ready(url: str) -> None:
    """Wait until every check of /readyz passes, the worker's among them."""
    deadline, last = time.monotonic() + PATIENCE_SECONDS, ""
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < deadline:
        try:
            with opener.open(url, timeout=10) as answer:
                document: dict[str, Any] = json.load(answer)
            if document["status"] == "ready":
                return
        except HTTPError as error:
            last = error.read().decode()
        except URLError as error:
            last = str(error.reason)
        time.sleep(0.2)
    raise TimeoutError(f"{url} is not ready: {last}")


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
