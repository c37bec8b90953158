"""nginx in front of the receiver, configured as docs/receiver.md says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from examples.demo.processes import ROOT, Programs, free_port

_DOCUMENT: Final = ROOT / "docs" / "receiver.md"
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
    return shutil.which(_NAME) is not None


def start(programs: Programs, port: int) -> int:
    """Start nginx before the server at `port`; return its own port, which speaks HTTP."""
    listening = free_port()
    folder = programs.folder / _NAME
    folder.mkdir()
    file = folder / "nginx.conf"
    documented = _documented(port, listening)
    file.write_text(_AROUND.format(folder=folder, documented=documented))
    programs.start(_NAME, [_NAME, "-e", "stderr", "-p", str(folder), "-c", str(file)])
    programs.wait_for_port(_NAME, listening)
    return listening


def _documented(port: int, listening: int) -> str:
    """Return the documented configuration for these ports, without TLS."""
    text = Path(_DOCUMENT).read_text(encoding="utf-8")
    found = text.partition("```nginx\n")[2].partition("```")[0]
    for documented, here in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{listening};"),
        # Every client here has one address.
        ("limit_conn addresses 512;", "limit_conn addresses 8192;"),
    ):
        if documented not in found:
            raise RuntimeError(f"{_DOCUMENT} has no {documented!r}.")
        found = found.replace(documented, here)
    return found
