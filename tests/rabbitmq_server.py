"""A RabbitMQ server of a test's own: with its ports, data and cookie, and gone with the test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import amqp

from examples.demo.processes import free_port
from scripts.programs import path_of
from tests.shape.stores import BOUND, Store
from tests.waits import wait_until

# Debian's program of this name in /usr/sbin refuses every account but root and rabbitmq.
_DEBIAN: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMQ(Store):
    """A RabbitMQ server on 127.0.0.1, with its files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._port: Final = free_port()
        self._environment: Final = self._own_environment(free_port(), free_port())
        self._names: Final = self._start_names()
        self.url: Final = f"amqp://guest:guest@127.0.0.1:{self._port}//"
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, and wait until it responds."""
        with (self._folder / "rabbitmq.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*BOUND, str(_DEBIAN) if _DEBIAN.exists() else path_of("rabbitmq-server")],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._is_ready, f"RabbitMQ does not start; see {self._folder}/rabbitmq.log.")

    def close(self) -> None:
        """Kill it, and the program that keeps the names of its nodes."""
        if hasattr(self, "process"):
            self.kill()
        self._names.kill()
        self._names.wait()

    def _own_environment(self, names_port: int, cluster_port: int) -> dict[str, str]:
        """Return an environment that names neither a file nor a port of another server."""
        folder = self._folder / "rabbitmq"
        folder.mkdir()
        configuration = folder / "rabbitmq.conf"
        configuration.touch()
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            # Erlang's cookie is in it.
            "HOME": str(folder),
            # Erlang's server for names: started here, because the one that a node starts, or one of
            # the programs that a node runs, would remain after the test.
            "ERL_EPMD_PORT": str(names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-start_epmd false",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP": os.devnull,
            # The script then becomes the server, instead of its parent.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": f"signalman-{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(cluster_port),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_CONF_ENV_FILE": str(configuration),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        }

    def _start_names(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*BOUND, path_of("epmd")],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"RabbitMQ has ended; see {self._folder}/rabbitmq.log."
        address = f"127.0.0.1:{self._port}"
        with suppress(OSError), amqp.Connection(address, connect_timeout=5):
            return True
        return False


@contextmanager
def rabbitmq_server(folder: Path) -> Iterator[RabbitMQ]:
    """Run a server until the end of the block."""
    server = RabbitMQ(folder)
    try:
        yield server
    finally:
        server.close()
