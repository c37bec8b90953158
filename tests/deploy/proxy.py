"""nginx with the configuration of the repository, in front of processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from examples.demo.processes import free_port, port_is_free
from scripts.programs import path_of
from tests.config.serving.test_parent_process import children
from tests.deploy.manifests import DEPLOY
from tests.waits import PATIENCE_SECONDS, wait_until


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
def nginx(folder: Path, receivers: Sequence[int], portals: Sequence[int] = ()) -> Iterator[Proxy]:
    """Run nginx in front of two receivers, and two portals if any, until the end of the block."""
    program = path_of("nginx")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued = authority.issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    port, plain = free_port(), free_port()
    portals = portals or [free_port(), free_port()]
    text = (DEPLOY / "nginx" / "signalman.conf").read_text()
    for name, value in {
        "/etc/nginx/signalman.crt": str(folder / "server.pem"),
        "/etc/nginx/signalman.key": str(folder / "server.pem"),
        "signalman.example.com": "localhost",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "127.0.0.1:8101": f"127.0.0.1:{receivers[0]}",
        "127.0.0.1:8102": f"127.0.0.1:{receivers[1]}",
        "127.0.0.1:8001": f"127.0.0.1:{portals[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{portals[1]}",
    }.items():
        assert name in text
        text = text.replace(name, value)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\npid {folder}/pid;\n"
        f"error_log {folder}/nginx.log warn;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"add_header X-Served-By $upstream_addr always;\n{folders}{text}}}\n"
    )
    process = subprocess.Popen([program, "-c", str(configuration), "-p", str(folder)])
    try:
        wait_until(lambda: not port_is_free(port), "nginx does not listen.")
        yield Proxy(f"https://localhost:{port}", configuration, process)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
