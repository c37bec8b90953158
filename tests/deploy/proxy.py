"""nginx with the configuration of the repository, in front of processes of this machine."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.demo.processes import free_port
from tests.config.serving.test_parent_process import children
from tests.deploy.manifests import DEPLOY
from tests.nginx import nginx
from tests.waits import wait_until


@dataclass(frozen=True)
class Proxy:
    """A running nginx: its address, its configuration and its process."""

    url: str
    configuration: Path
    process: subprocess.Popen[bytes]

    def set_down(self, port: int, *, is_down: bool) -> None:
        """Send no more requests to the process on that port, or send them again."""
        server = f"server 127.0.0.1:{port} "
        before, after = (server, f"{server}down ") if is_down else (f"{server}down ", server)
        text = self.configuration.read_text()
        assert before in text
        self.configuration.write_text(text.replace(before, after))
        workers = children(self.process.pid)
        self.process.send_signal(signal.SIGHUP)
        # Once they have finished their requests, the earlier workers end.
        wait_until(
            lambda: not workers & children(self.process.pid), "nginx keeps its earlier workers."
        )


@contextmanager
def repository_nginx(
    folder: Path, receivers: Sequence[int], portals: Sequence[int] = ()
) -> Iterator[Proxy]:
    """Run nginx in front of two receivers, and two portals if any, until the end of the block."""
    portals = portals or [free_port(), free_port()]
    changes = {
        "signalman.example.com": "localhost",
        "127.0.0.1:8101": f"127.0.0.1:{receivers[0]}",
        "127.0.0.1:8102": f"127.0.0.1:{receivers[1]}",
        "127.0.0.1:8001": f"127.0.0.1:{portals[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{portals[1]}",
    }
    site = (DEPLOY / "nginx" / "signalman.conf").read_text()
    served_by = "add_header X-Served-By $upstream_addr always;"
    with nginx(folder, site, changes, directives=served_by) as running:
        yield Proxy(f"https://localhost:{running.port}", running.configuration, running.process)
