"""The first application: it refuses requests whose headers would take long to read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from config.serving.entry_point import EntryPoint


def status_of(number: int, path: str) -> int:
    """Return the status of a request with this many headers; 200 is that of the others."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def others(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"x-a", b"b")] * number,
    }
    receive: Any = None
    application: Any = EntryPoint(others, probes={})
    asyncio.run(application(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("path", ["/upstream/contoso-chat/", "/admin/login/", "/livez"])
def test_refuses_request_with_excessive_headers(path: str) -> None:
    assert status_of(100_000, path) == 431


def test_passes_on_request_with_many_headers() -> None:
    assert status_of(100, "/upstream/contoso-chat/") == 200
