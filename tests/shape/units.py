"""A process that is started, restarted and ended as systemd would by its unit."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cloud import REPOSITORY
from tests.deploy.manifests import DEPLOY, unit_command, unit_environment
from tests.shape.stores import BOUND

SYSTEMD: Final = DEPLOY / "systemd"


@dataclass
class Life:
    """One run of a unit's command. Times are seconds since the epoch."""

    pid: int
    started: float
    ended: float | None = None


class Unit:
    """One instance of a unit file: `Unit("signalman-receiver@", "8101", ...)`.

    Does what systemd does with Restart=always, RestartSec, KillMode=mixed and TimeoutStopSec; the
    process group stands for the control group.
    """

    def __init__(
        self, name: str, instance: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        file = SYSTEMD / f"{name}.service"
        text = file.read_text()
        assert "Restart=always" in text
        self.name: Final = f"{name}{instance}".removeprefix("signalman-")
        self.lives: Final[list[Life]] = []
        self._restart_seconds: Final = _seconds(text, "RestartSec")
        self._stop_seconds: Final = _seconds(text, "TimeoutStopSec")
        (folder / "signalman-scheduler").mkdir(exist_ok=True)
        self._command: Final = unit_command(file, instance, run_folder=folder)
        self._environment: Final = dict(environment) | unit_environment(file)
        self.log: Final = folder / f"{self.name}.log"
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The main process."""
        assert self._process is not None
        return self._process.pid

    def start(self, **environment: str) -> None:
        """Start it, with these environment variables in addition, and keep it running."""
        self._stopping.clear()
        self._launch(environment)
        self._thread = threading.Thread(target=self._supervise, args=(environment,), daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """Send SIGKILL to the main process; systemd ends the others and starts it again."""
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Send SIGTERM to the main process, and wait until all have ended."""
        self._stopping.set()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        assert self._thread is not None
        self._thread.join(self._stop_seconds)
        if self._thread.is_alive():
            self._end_group()
            self._thread.join()

    def _supervise(self, environment: Mapping[str, str]) -> None:
        while True:
            assert self._process is not None
            self._process.wait()
            self._end_group()
            self.lives[-1].ended = time.time()
            if self._stopping.wait(self._restart_seconds):
                return
            self._launch(environment)

    def _launch(self, environment: Mapping[str, str]) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*BOUND, *self._command],
                cwd=REPOSITORY,
                env=self._environment | dict(environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.lives.append(Life(self._process.pid, time.time()))

    def _end_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def _seconds(text: str, name: str) -> float:
    (value,) = re.findall(rf"^{name}=(\d+)$", text, re.MULTILINE)
    return float(value)
