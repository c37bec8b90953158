"""Requests of an ASGI server, as Django sees them through the adapter."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from config.serving.wsgi_adapter import WsgiAdapter, as_wsgi


def scope(*headers: tuple[bytes, bytes], query: bytes = b"") -> Any:
    return {
        "type": "http",
        "http_version": "2",
        "method": "POST",
        "path": "/admin/",
        "query_string": query,
        "scheme": "http",
        "server": ("127.0.0.1", "8000"),
        "client": ("127.0.0.1", "50000"),
        "headers": list(headers),
    }


def adapter(django: Any, body_seconds: float = 30) -> Any:
    return WsgiAdapter(django, threads=1, body_bytes=8, body_seconds=body_seconds)


def test_joins_cookies() -> None:
    found = as_wsgi(scope((b"cookie", b"a=1"), (b"host", b"x"), (b"cookie", b"b=2")))
    assert found["headers"] == [(b"host", b"x"), (b"cookie", b"a=1; b=2")]


def test_drops_header_names_with_underscores() -> None:
    found = as_wsgi(scope((b"x_forwarded_proto", b"https"), (b"x-forwarded-for", b"10.0.0.1")))
    assert found["headers"] == [(b"x-forwarded-for", b"10.0.0.1")]


def test_escapes_bytes_in_query() -> None:
    assert as_wsgi(scope(query=b"q=a%20b&x=[1]"))["query_string"] == b"q=a%20b&x=[1]"
    assert as_wsgi(scope(query="q=é".encode()))["query_string"] == b"q=%C3%A9"


def test_reads_body_from_awaitables() -> None:
    seen: dict[str, Any] = {}

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read(4))
        start_response("200 OK", [("X-Found", "yes")])
        return [b"an", b"swer"]

    async def main() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        def receive() -> Any:
            done = asyncio.get_running_loop().create_future()
            done.set_result({"type": "http.request", "body": b"body", "more_body": False})
            return done

        async def send(message: Any) -> None:
            sent.append(message)

        application: Any = adapter(django)
        await application(scope((b"content-length", b"4")), receive, send)
        return sent

    start, *parts = asyncio.run(main())
    assert (start["status"], start["headers"]) == (200, [(b"x-found", b"yes")])
    assert b"".join(part["body"] for part in parts) == b"answer"
    assert (seen["body"], seen["REMOTE_ADDR"]) == (b"body", "127.0.0.1")


async def answer(application: Any, headers: list[tuple[bytes, bytes]], *parts: bytes) -> int:
    """Return the status of the response to a body in parts, the last of which never comes."""
    sent: list[dict[str, Any]] = []
    left = list(parts)

    async def receive() -> Any:
        if not left:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    await application(scope(*headers), receive, send)
    return int(sent[0]["status"])


def refuse_to_run(_environ: Any, _start_response: Any) -> list[bytes]:
    raise AssertionError("Django was called.")


def test_refuses_slow_body_without_a_thread() -> None:
    length = (b"content-length", b"8")
    application = adapter(refuse_to_run, body_seconds=0.01)
    assert asyncio.run(answer(application, [length], b"1234")) == 408


@pytest.mark.parametrize("headers", [[(b"content-length", b"9")], []])
def test_refuses_large_body(headers: list[tuple[bytes, bytes]]) -> None:
    application = adapter(refuse_to_run)
    assert asyncio.run(answer(application, headers, b"12345", b"67890")) == 413
