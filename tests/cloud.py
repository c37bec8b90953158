"""Local Azure as tests use it: a process of its own, spoken to over TLS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from localazure.environment import variables

REPOSITORY = Path(__file__).resolve().parent.parent
_READY = "Local Azure ready at "
_TIMEOUT_SECONDS = 30


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "localazure", "--until-stdin-closes", *arguments]


class LocalAzure:
    """A running `python -m localazure`, which ends with the process that started it.

    `folder` takes its CA and log. `environment` is what `python -m localazure env` prints.
    """

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.ca_file = folder / "ca.pem"
        self._log = (folder / "localazure.log").open("w")
        self._process = subprocess.Popen(
            _command("--port", str(port), "--ca-file", str(self.ca_file), *arguments),
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.url = self._when_ready()
        self.port = int(self.url.rsplit(":", 1)[-1])
        self.environment = variables(self.port, self.ca_file)
        self._session = requests.Session()
        self._session.verify = str(self.ca_file)
        # The CA is this one's own, whatever the surrounding environment names.
        self._session.trust_env = False

    def get(self, path: str) -> Any:
        """Return the JSON answer of a control-plane GET, such as `/_local/requests`."""
        return self._call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Return the JSON answer of a control-plane POST; None where it is empty."""
        return self._call("POST", path, {} if body is None else body)

    def delete(self, path: str) -> Any:
        """Carry out a control-plane DELETE."""
        return self._call("DELETE", path)

    def reset(self) -> None:
        """Go back to the built-in fleet: no faults, no log, no rotated keys."""
        self.post("/_local/reset")

    def seed(self, **description: Any) -> None:
        """Add to the fleet: `seed(instances=[...], identities=[...])`."""
        self.post("/_local/seed", description)

    def requests(self, method: str | None = None) -> list[dict[str, Any]]:
        """Return the requests that came, oldest first: all, or those of one method."""
        entries: list[dict[str, Any]] = self.get("/_local/requests")
        return [entry for entry in entries if method in (None, entry["method"])]

    def stop(self) -> int:
        """End it, and return its exit status."""
        self._session.close()
        if self._process.stdin:
            self._process.stdin.close()
        status = self._process.wait(_TIMEOUT_SECONDS)
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()
        return status

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit status."""
        self._process.terminate()
        return self.stop()

    def kill(self) -> None:
        """Send SIGKILL: it gets no chance to save or to say goodbye."""
        self._process.kill()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _when_ready(self) -> str:
        assert self._process.stdout is not None
        line: str = self._process.stdout.readline()
        if not line.startswith(_READY):
            self._process.kill()
            raise RuntimeError(f"Local Azure did not start; see {self._log.name}.")
        return line.removeprefix(_READY).strip()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        response = self._session.request(
            method, self.url + path, json=body, timeout=_TIMEOUT_SECONDS
        )
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None
