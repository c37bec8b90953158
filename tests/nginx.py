"""A private nginx with a configuration of this repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from examples.demo.processes import free_port, port_is_free
from scripts.programs import path_of
from tests.waits import PATIENCE_SECONDS, wait_until


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its ports, its configuration, its process and the CA of its certificate."""

    plain_port: int
    port: int
    configuration: Path
    process: subprocess.Popen[bytes]
    ca_file: str


@contextmanager
def nginx(
    folder: Path, site: str, changes: Mapping[str, str], *, directives: str = ""
) -> Iterator[Nginx]:
    """Run nginx with a site that listens on 80 and 443, on free ports, until the end of the block.

    Its certificate for localhost and both ports are replaced, and `changes`, all of which it must
    contain. `directives` precede it.
    """
    authority = trustme.CA()
    ca_file, server_file = str(folder / "ca.pem"), str(folder / "server.pem")
    authority.cert_pem.write_to_path(ca_file)
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(server_file)
    plain, port = free_port(), free_port()
    for before, after in {
        "/etc/nginx/signalman.crt": server_file,
        "/etc/nginx/signalman.key": server_file,
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        **changes,
    }.items():
        assert before in site
        site = site.replace(before, after)
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\ndaemon off;\npid {folder}/pid;\n"
        f"error_log {folder}/nginx.log warn;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"{directives}\n{folders}{site}}}\n"
    )
    process = subprocess.Popen([path_of("nginx"), "-c", str(configuration), "-p", str(folder)])
    try:
        wait_until(
            lambda: process.poll() is not None or not port_is_free(port), "nginx does not listen."
        )
        assert process.poll() is None, "nginx refuses the configuration: see what it wrote."
        yield Nginx(plain, port, configuration, process, ca_file)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
