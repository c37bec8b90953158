"""Connections to the broker and the cache over TLS verify the server's certificate and name."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme

from tests.cloud import REPOSITORY

BROKER = """
from config.celery import app
with app.connection_for_write() as connection:
    connection.connect()
"""
CACHE = """
from django.core.cache import cache
cache.get("any")
"""


class Server:
    """Accepts connections with TLS, and closes them after the handshake."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self.is_trusted = False
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            # A client that does not trust the certificate sends an alert.
            with connection, suppress(OSError):
                connection.settimeout(30)
                with self._context.wrap_socket(connection, server_side=True):
                    self.is_trusted = True


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(params=["localhost", "other.example.com", "of another authority"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[tuple[str, Server]]:
    """A server at localhost, whose certificate is for the name."""
    name = request.param
    issuer, host = (
        (trustme.CA(), "localhost") if name == "of another authority" else (authority, name)
    )
    with closing(Server(issuer.issue_cert(host))) as running:
        yield name, running


@pytest.mark.parametrize(
    ("program", "setting", "scheme"),
    [
        (BROKER, "SIGNALMAN_BROKER_URL", "rediss"),
        (BROKER, "SIGNALMAN_BROKER_URL", "amqps"),
        (CACHE, "SIGNALMAN_CACHE_URL", "rediss"),
    ],
    ids=["rediss", "amqps", "cache"],
)
def test_verifies_certificate_and_name(
    server: tuple[str, Server], program: str, setting: str, scheme: str, ca_file: Path
) -> None:
    name, running = server
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        setting: f"{scheme}://:password@localhost:{running.port}/",
        "SSL_CERT_FILE": str(ca_file),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # The server closes the connection in any case.
    assert done.returncode != 0
    assert running.is_trusted == (name == "localhost"), done.stderr
    assert ("certificate verify failed" in done.stderr) == (name != "localhost"), done.stderr
