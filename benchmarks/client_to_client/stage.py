"""Local Azure, Signalman's web server, and an instance without access keys."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any, Final

from benchmarks.receiver import stage as receiver
from benchmarks.receiver.processes import descendants, processor_seconds
from benchmarks.receiver.stage import INSTANCE, RESOURCE, Stage
from examples.demo.processes import free_port, web_server

_GROUP: Final = "rg-realtime"
_PRINCIPAL_ID: Final = "eeeeeeee-0000-4000-8000-000000000001"
_UNIT_CONNECTIONS: Final = 1_000
# The clients ping more often; this allows for a machine that is late.
_SILENCE_SECONDS: Final = 120
# Of the run in which workers are replaced, besides the time that they have to start.
_REPLACE_SECONDS: Final = 10.0


class Chain:
    """What runs: `url` is Signalman's, `ca_file` has the service's certificate authority.

    A web worker has `start_seconds` to start; if it takes longer, none may listen for a while.
    """

    def __init__(self, stage: Stage, workers: int, start_seconds: int) -> None:
        self._programs = stage.programs
        self._azure_pid = stage.azure_pid
        self._port = free_port()
        self._workers = workers
        self._start_seconds = start_seconds
        self._pid = 0
        self.url = f"http://localhost:{self._port}"
        self.ca_file = stage.azure.ca_file

    def start(self) -> None:
        """Start the web server, and wait until it listens."""
        *command, application = web_server(self._port, workers=self._workers)
        command += ["--respawn-interval", str(self._start_seconds), application]
        self._pid = self._programs.start("web", command).pid
        self._programs.wait_for_port("web", self._port)

    @property
    def replace_seconds(self) -> float:
        """The seconds until all workers are replaced."""
        return self._workers * self._start_seconds + _REPLACE_SECONDS

    async def replace_workers(self, after: float) -> int:
        """Let granian replace its worker processes, one after the other; return how many it did.

        It starts a new one, waits for its respawn interval, and ends the old one with SIGTERM.
        """
        await asyncio.sleep(after)
        before = set(self._workers_now())
        os.kill(self._server, signal.SIGHUP)
        deadline = time.monotonic() + 4 * self.replace_seconds
        while before & set(self._workers_now()) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        return len(before - set(self._workers_now()))

    def processor_seconds(self) -> tuple[float, float, float]:
        """Return what Local Azure, the web server and the clients have used so far."""
        clients = time.process_time()
        return processor_seconds(self._azure_pid), processor_seconds(self._pid), clients

    @property
    def _server(self) -> int:
        """The process ID of granian, which is the child of the program that ends it with us."""
        return descendants(self._pid)[1]

    def _workers_now(self) -> list[int]:
        return descendants(self._server)[1:]


@contextmanager
def chain(folder: Path, connections: int, workers: int, start_seconds: int) -> Iterator[Chain]:
    """Start everything in an empty folder; leaving it ends everything. Raises LoadFailed."""
    environment = {
        "SIGNALMAN_APPS": "examples.chat,benchmarks.client_to_client.handlers",
        "SIGNALMAN_DEFAULT_INSTANCE": INSTANCE,
    }
    with receiver.stage(folder, (), environment) as stage:
        running = Chain(stage, workers, start_seconds)
        stage.azure.post("/_local/seed", {"instances": [_instance(running.url, connections)]})
        stage.azure.assign_role(_GROUP, INSTANCE, "SignalR REST API Owner")
        running.start()
        yield running


def _instance(url: str, connections: int) -> dict[str, Any]:
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": RESOURCE}}
    template = {
        "hubPattern": "chat",
        "eventPattern": "*",
        "categoryPattern": "*",
        "urlTemplate": f"{url}/upstream/{INSTANCE}/",
        "auth": auth,
    }
    return {
        "name": INSTANCE,
        "resourceGroup": _GROUP,
        "identity": {"type": "SystemAssigned", "principalId": _PRINCIPAL_ID},
        "sku": {"name": "Standard_S1", "capacity": ceil(connections / _UNIT_CONNECTIONS)},
        "properties": {
            "disableLocalAuth": True,
            "serverless": {"connectionTimeoutInSeconds": _SILENCE_SECONDS},
            "upstream": {"templates": [template]},
        },
    }
