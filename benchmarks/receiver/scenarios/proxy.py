"""nginx in front of the receiver, with the configuration of deploy/nginx."""

from __future__ import annotations

import re
from typing import Final

from examples.demo.processes import ROOT, Programs, free_port
from scripts.programs import find, path_of

_FILE: Final = ROOT / "deploy" / "nginx" / "signalman.conf"
_NAME: Final = "nginx"
_AROUND: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{documented}
}}
"""


def is_installed() -> bool:
    """Return whether nginx can be started."""
    return find(_NAME) is not None


def start(programs: Programs, port: int) -> int:
    """Start nginx before the server at `port`; return its own port, which speaks HTTP."""
    listening = free_port()
    folder = programs.folder / _NAME
    folder.mkdir()
    file = folder / "nginx.conf"
    documented = _documented(port, listening)
    file.write_text(_AROUND.format(folder=folder, documented=documented))
    programs.start(_NAME, [path_of(_NAME), "-e", "stderr", "-p", str(folder), "-c", str(file)])
    programs.wait_for_port(_NAME, listening)
    return listening


def _documented(port: int, listening: int) -> str:
    """Return deploy/nginx/signalman.conf for these ports, without TLS."""
    found = _FILE.read_text(encoding="utf-8")
    for documented, here in (
        (r"server 127\.0\.0\.1:\d+", f"server 127.0.0.1:{port}"),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{listening};"),
        (r"ssl_\w+ [^;]*;", ""),
        # Every client here has one address.
        (r"limit_conn addresses \d+;", "limit_conn addresses 8192;"),
    ):
        found, number = re.subn(documented, here, found)
        if not number:
            raise RuntimeError(f"{_FILE} has no {documented!r}.")
    return found
