"""Why the signing keys cannot be read: certificate, proxy, a missing file or Entra's error."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.cloud import LocalAzure
from tests.validation.keys.test_discovery import V1, refusal
from tests.validation.keys.test_discovery import web as web  # noqa: PLC0414  # a fixture
from tests.validation.tokens import ISSUER
from tests.validation.web import Web, body
from tests.waits import PATIENCE_SECONDS
from validation.errors import LocalFault
from validation.keys.discovery import Discovery
from validation.keys.key_ring import KeyRing
from validation.keys.key_set import NO_KEYS, KeySet
from validation.system_checks import check_configuration

ABSENT_TENANT = "99999999-0000-4000-8000-000000000001"
DESCRIPTION = (
    "AADSTS90002: Tenant 'contoso' not found. Check to make sure you have the correct tenant ID. "
    "Trace ID: 11111111-2222-3333-4444-555555555555 Correlation ID: 66666666 Timestamp: 2026-11-29"
)


class Fetch:
    """Reads the keys of a discovery; no process has shared any."""

    def __init__(self, discovery: Discovery) -> None:
        self._discovery = discovery

    def __call__(self, held: KeySet, requested: str | None) -> KeySet:
        self._discovery.signing_keys()
        raise AssertionError("The keys were read.")

    def published(self) -> KeySet:
        return NO_KEYS


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def serve(listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    """Answer each connection in a thread, until the listener is closed."""

    def run() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    answer(connection)

    threading.Thread(target=run, daemon=True).start()


def url_of(listener: socket.socket, host: str = "localhost", scheme: str = "https") -> str:
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def test_names_untrusted_authority(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    said = refusal(web)
    assert "certificate is refused" in said
    assert "REQUESTS_CA_BUNDLE" in said


def self_signed(folder: Path) -> Path:
    """Write a certificate for localhost that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(Encoding.PEM))
    return file


def with_root(folder: Path) -> Path:
    """Write a certificate for localhost with its key, and with its authority's own certificate."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    file = folder / "server.pem"
    chain = issued.private_key_and_cert_chain_pem.bytes() + authority.cert_pem.bytes()
    file.write_bytes(chain)
    return file


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (self_signed, "refused: self-signed certificate. The certificate is self-signed. If a"),
        (with_root, "in certificate chain. The certificate authority is not trusted. If a proxy"),
    ],
)
def test_tells_self_signed_certificate_from_unknown_authority(
    web: Web, listener: socket.socket, tmp_path: Path, write: Callable[[Path], Path], says: str
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(write(tmp_path))
    serve(listener, lambda connection: context.wrap_socket(connection, server_side=True).close())
    assert says in refusal(web, authority=url_of(listener))


def test_names_connection_that_is_not_made_in_time(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("validation.keys.discovery.CONNECT_SECONDS", 0.2)
    with ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        # The queue of connections is full, so that the system leaves further ones unanswered.
        opened.enter_context(socket.create_connection(listener.getsockname()))
        said = refusal(web, authority=url_of(listener))
    assert "no connection in time; check firewalls" in said


def test_names_answer_that_does_not_come_in_time(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validation.keys.discovery.READ_SECONDS", 0.2)
    may_end = threading.Event()

    def say_nothing(_handler: BaseHTTPRequestHandler) -> None:
        may_end.wait(PATIENCE_SECONDS)

    web.answers[V1] = say_nothing
    try:
        assert "it was connected, and sent nothing in time" in refusal(web)
    finally:
        may_end.set()


def test_names_connection_that_is_reset(web: Web, listener: socket.socket) -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    serve(listener, reset)
    assert "the connection was reset" in refusal(web, authority=url_of(listener))


def test_names_host_that_certificate_is_not_for(web: Web) -> None:
    said = refusal(web, authority=web.url.replace("localhost", "127.0.0.1"))
    assert "certificate is refused" in said
    assert "127.0.0.1" in said
    assert "REQUESTS_CA_BUNDLE" not in said


def test_names_tls_where_server_speaks_none(web: Web, listener: socket.socket) -> None:
    serve(listener, lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert "TLS handshake failed" in refusal(web, authority=url_of(listener))


def test_names_refused_connection(web: Web, listener: socket.socket) -> None:
    listener.close()
    assert "connection was refused" in refusal(web, authority="https://localhost:1")


def test_names_host_that_is_not_found(web: Web) -> None:
    said = refusal(web, authority="https://login.invalid")
    assert "cannot be resolved" in said


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"),
    ],
)
def test_names_proxy_that_refuses(
    web: Web,
    listener: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
    says: str,
) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    serve(listener, refuse)
    proxy = url_of(listener, "user:hunter2@127.0.0.1", "http")
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    said = refusal(web, authority="https://login.example")
    assert "proxy that HTTPS_PROXY names" in said
    assert says in said
    assert "hunter2" not in said


def test_names_proxy_that_is_not_there(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    said = refusal(web, authority="https://login.example")
    assert "proxy that HTTPS_PROXY names" in said
    assert "refused" in said


def test_quotes_error_of_entra(web: Web) -> None:
    answer = {"error": "invalid_tenant", "error_description": DESCRIPTION}
    web.answers[V1] = body(json.dumps(answer).encode(), 400)
    said = refusal(web)
    assert said.endswith("correct tenant ID")
    assert "answered 400: AADSTS90002: Tenant 'contoso' not found" in said


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b'{"error_description": 5}', b"[]", b"x" * 300_000]
)
def test_names_status_of_other_answers(web: Web, content: bytes) -> None:
    web.answers[V1] = body(content, 404)
    assert "answered 404, not 200" in refusal(web)


def test_quotes_local_azure_about_absent_tenant(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(local_azure.ca_file))
    issuer = f"https://sts.windows.net/{ABSENT_TENANT}/"
    discovery = Discovery(authority=local_azure.url, tenant_id=ABSENT_TENANT, issuer=issuer)
    with pytest.raises(Exception, match="AADSTS90002"):
        discovery.signing_keys()


def _missing_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "absent.pem"))
    return "REQUESTS_CA_BUNDLE"


def _socks_proxy(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    return "PySocks"


@pytest.mark.parametrize("break_configuration", [_missing_file, _socks_proxy])
def test_logs_fault_of_this_machine_as_error(
    web: Web,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    break_configuration: Callable[[Path, pytest.MonkeyPatch], str],
) -> None:
    says = break_configuration(tmp_path, monkeypatch)
    discovery = Discovery(authority=web.url, tenant_id=ISSUER.split("/")[3], issuer=ISSUER)
    with pytest.raises(LocalFault, match=says):
        discovery.signing_keys()
    with caplog.at_level(logging.WARNING):
        ring = KeyRing(Fetch(discovery), name="tenant", start=lambda work: work())
        ring.prepare()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert says in caplog.text


def test_logs_fault_of_the_network_as_warning(caplog: pytest.LogCaptureFixture) -> None:
    discovery = Discovery(
        authority="https://localhost:1", tenant_id=ISSUER.split("/")[3], issuer=ISSUER
    )
    with caplog.at_level(logging.WARNING):
        KeyRing(Fetch(discovery), name="tenant", start=lambda work: work()).prepare()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the connection was refused" in caplog.text


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_check_reports_unusable_file_of_authorities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None
) -> None:
    for each in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(each, raising=False)
    assert check_configuration() == []
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv(name, str(file))
    (message,) = check_configuration()
    assert (message.id, message.is_serious(), name in message.msg) == (
        "validation.E004",
        True,
        True,
    )


def test_check_accepts_file_of_authorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    assert check_configuration() == []
    # A folder of certificates, as OpenSSL takes it.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert check_configuration() == []
