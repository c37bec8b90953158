"""Discovery over real TLS: it reads keys from trusted hosts only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.validation.keys.rings import Clock
from tests.validation.tokens import ISSUER, TENANT, jwk
from tests.validation.web import Answer, Web, body, endless, hang_up, trickling
from validation.errors import KeysUnavailable
from validation.keys.discovery import Discovery

V1 = f"/{TENANT}/.well-known/openid-configuration"
V2 = f"/{TENANT}/v2.0/.well-known/openid-configuration"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with Web(tmp_path) as web:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(web.ca_file))
        web.answers[V1] = document(issuer=ISSUER, jwks_uri=f"{web.url}/keys")
        web.answers["/keys"] = document(keys=[jwk(), jwk("next")])
        yield web


def document(**members: Any) -> Any:
    return body(json.dumps(members).encode())


def discovery(web: Web, **changes: Any) -> Discovery:
    return Discovery(**{"authority": web.url, "tenant_id": TENANT, "issuer": ISSUER} | changes)


def refusal(web: Web, **changes: Any) -> str:
    with pytest.raises(KeysUnavailable) as refused:
        discovery(web, **changes).signing_keys()
    return str(refused.value)


def test_reads_keys_through_configuration(web: Web) -> None:
    assert set(discovery(web).signing_keys()) == {"current", "next"}
    assert [path for path, _ in web.asked] == [V1, "/keys"]


def test_reads_v2_document_for_v2_tokens(web: Web) -> None:
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    web.answers[V2] = document(issuer=issuer, jwks_uri=f"{web.url}/keys")
    assert discovery(web, issuer=issuer, version="2.0").signing_keys()


def test_refuses_configuration_of_another_issuer(web: Web) -> None:
    web.answers[V1] = document(issuer=ISSUER.rstrip("/"), jwks_uri=f"{web.url}/keys")
    assert "another issuer" in refusal(web)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/keys",
        "https://localhost/keys",
        "//evil.example/keys",
        "file:///etc/passwd",
        "keys",
        None,
        ["https://localhost/keys"],
        "https://[broken",
        "https://localhost@evil.example/keys",
        "HTTPS://evil.example/keys",
    ],
)
def test_refuses_keys_on_another_host(web: Web, url: Any) -> None:
    web.answers[V1] = document(issuer=ISSUER, jwks_uri=url)
    assert "not on the authority's host" in refusal(web)
    assert [path for path, _ in web.asked] == [V1]


def test_reads_keys_on_allowed_host(web: Web) -> None:
    host = web.url.removeprefix("https://").replace("localhost", "127.0.0.1")
    web.answers[V1] = document(issuer=ISSUER, jwks_uri=f"https://{host}/keys")
    # The certificate is for localhost alone: allowed is not the same as trusted.
    assert "certificate is refused" in refusal(web, key_hosts=frozenset({host}))


def test_refuses_keys_without_tls(web: Web) -> None:
    web.answers[V1] = document(issuer=ISSUER, jwks_uri=f"{web.url}/keys".replace("https", "http"))
    assert "over https" in refusal(web)


def test_refuses_authority_without_tls(web: Web) -> None:
    assert "not an https URL" in refusal(web, authority=web.url.replace("https", "http"))
    assert not web.asked


def test_refuses_untrusted_certificate(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert "certificate is refused" in refusal(web)


@pytest.mark.parametrize("path", [V1, "/keys"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_does_not_follow_redirect(web: Web, path: str, status: int) -> None:
    web.answers["/elsewhere"] = web.answers[path]
    web.answers[path] = body(b"", status, Location=f"{web.url}/elsewhere")
    assert f"answered {status}" in refusal(web)
    assert "/elsewhere" not in [asked for asked, _ in web.asked]


@pytest.mark.parametrize("status", [204, 400, 404, 429, 500, 503])
def test_reports_status_of_error(web: Web, status: int) -> None:
    web.answers["/keys"] = body(b"", status)
    assert f"answered {status}" in refusal(web)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"<html>", b'{"keys": []}', b'{"keys": 1}', b'{"keys": [], "keys": []}', b"{"],
)
def test_refuses_invalid_document(web: Web, content: bytes) -> None:
    web.answers["/keys"] = body(content)
    # Log lines and the diagnosis add the full stop.
    assert not refusal(web).endswith(".")


def test_bounds_size_of_body(web: Web) -> None:
    web.answers["/keys"] = endless
    assert "more than" in refusal(web)


@pytest.mark.parametrize("path", [V1, "/keys"])
@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        ("", "HTTP/1.1 200 " + "O" * 1000),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n" * 90),
        ("", "HTTP/1.1 100 Continue\r\n\r\n" * 50),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", " " * 1000),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0" * 1000),
    ],
    ids=["status", "headers", "continue", "body", "chunks"],
)
def test_abandons_slow_response(web: Web, path: str, beginning: str, rest: str) -> None:
    """A byte comes each second, and so keeps within each time-out."""
    clock = Clock()
    web.answers[path] = trickling(beginning, rest, clock.forward)
    assert "did not finish within 8 s" in refusal(web, clock=clock)


def test_documents_share_time_limit(web: Web) -> None:
    clock = Clock()
    for path in (V1, "/keys"):
        web.answers[path] = after(clock, 4, web.answers[path])
    assert "/keys did not finish" in refusal(web, clock=clock)


def after(clock: Clock, seconds: float, answer: Answer) -> Answer:
    """Return the answer, later."""

    def answer_late(handler: BaseHTTPRequestHandler) -> None:
        clock.forward(seconds)
        answer(handler)

    return answer_late


def test_refuses_compressed_body(web: Web) -> None:
    web.answers["/keys"] = body(b"bomb", Content_Encoding="gzip")
    assert "compressed" in refusal(web)


def test_reports_broken_connection(web: Web) -> None:
    web.answers["/keys"] = hang_up
    refusal(web)


def test_reports_closed_port(web: Web) -> None:
    assert "did not respond" in refusal(web, authority="https://localhost:1")


def test_sends_no_credential(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    discovery(web).signing_keys()
    assert not any("Authorization" in headers for _, headers in web.asked)
