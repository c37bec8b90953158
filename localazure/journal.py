"""The log of requests as they arrived, so that tests can check what was sent."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

_KEPT = 10_000
_HIDDEN = "(hidden)"
# Longer bodies are cut: clients of the service may send a megabyte, thousands of times.
_KEPT_BYTES = 64 * 1024
_SECRET_QUERY = re.compile(r"(?<=access_token=)[^&]+")
# A JSON Web Token: signalrcore sends the client's within each message.
_TOKEN = re.compile(r"\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*")
_SECRET_HEADERS = frozenset({"authorization", "cookie"})
_SECRET_FIELDS = frozenset({"client_secret", "client_assertion", "password", "refresh_token"})


class Journal:
    """The last requests, oldest first; credentials are not kept."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def open(self, scope: dict[str, Any]) -> dict[str, Any]:
        """Add a request whose body and status are still to come; the caller fills them in.

        `time` is seconds since 1970. `served` is the status with which the request did its work:
        the same as `status`, unless a fault stood in for it or ate the answer.
        """
        entry: dict[str, Any] = {
            "time": time.time(),
            "method": scope["method"],
            "path": scope["path"],
            "query": _SECRET_QUERY.sub(_HIDDEN, scope["query_string"].decode("latin-1")),
            "headers": _readable_headers(scope["headers"]),
            "status": None,
            "served": None,
            "body": None,
        }
        self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Return the requests, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Delete all requests."""
        self._entries.clear()


def readable_body(body: bytes, content_type: str) -> Any:
    """Return JSON as values, a form as a mapping, other text as it is; without secrets."""
    if not body:
        return None
    if len(body) > _KEPT_BYTES:
        return f"({len(body)} bytes)"
    text = _TOKEN.sub(_HIDDEN, body.decode("utf-8", "replace"))
    if content_type.startswith("application/x-www-form-urlencoded"):
        return {
            name: _HIDDEN if name in _SECRET_FIELDS else value for name, value in parse_qsl(text)
        }
    try:
        return json.loads(text)
    except ValueError:
        return text


def _readable_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    decoded = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    return {name: _HIDDEN if name in _SECRET_HEADERS else value for name, value in decoded.items()}
