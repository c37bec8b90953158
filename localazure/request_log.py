"""The log of requests as they arrived, so that tests can check what was sent."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

# The latest requests.
KEPT = 10_000
_HIDDEN = "(hidden)"
# Longer bodies are cut: clients of the service may send a megabyte, thousands of times.
_KEPT_BYTES = 64 * 1024
_SECRET_QUERY = re.compile(rb"(?<=access_token=)[^&]+")
# A JSON Web Token: signalrcore sends the client's within each message.
_TOKEN = re.compile(r"\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*")
_SECRET_HEADERS = frozenset({b"authorization", b"cookie"})
_SECRET_FIELDS = frozenset({"client_secret", "client_assertion", "password", "refresh_token"})


class Entry:
    """One request as it arrived; its body and the statuses are filled in as it is served.

    `served` is the status with which the request did its work: the same as `status`, unless a fault
    replaced it or discarded the answer. Text is made of the bytes when the entry is read: most
    never are.
    """

    __slots__ = (
        *("_body", "_headers", "_query", "_size"),
        *("method", "number", "path", "served", "status", "time"),
    )

    def __init__(self, scope: Scope, method: str, number: int) -> None:
        self.number = number
        self.time = time.time()
        self.method = method
        self.path: str = scope["path"]
        self._query: bytes = _SECRET_QUERY.sub(_HIDDEN.encode(), scope["query_string"])
        self._headers: list[tuple[bytes, bytes]] = [
            (name, _HIDDEN.encode() if name in _SECRET_HEADERS else value)
            for name, value in scope["headers"]
        ]
        self._body = b""
        self._size = 0
        self.status: int | None = None
        self.served: int | None = None

    def keep_body(self, body: bytes) -> None:
        """Keep the body, or only its size if it is large."""
        self._size = len(body)
        if self._size <= _KEPT_BYTES:
            self._body = body

    def to_json(self) -> dict[str, Any]:
        """Describe the request; `number` counts from 1, `time` is seconds since 1970."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._headers}
        return {
            "number": self.number,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": self._query.decode("latin-1"),
            "headers": headers,
            "status": self.status,
            "served": self.served,
            "body": self._readable_body(headers.get("content-type", "")),
        }

    def _readable_body(self, content_type: str) -> Any:
        """Return JSON as values, a form as a mapping, other text as it is; without secrets."""
        if not self._size:
            return None
        if self._size > _KEPT_BYTES:
            return f"({self._size} bytes)"
        text = _TOKEN.sub(_HIDDEN, self._body.decode("utf-8", "replace"))
        if content_type.startswith("application/x-www-form-urlencoded"):
            return {
                name: _HIDDEN if name in _SECRET_FIELDS else value
                for name, value in parse_qsl(text)
            }
        try:
            return json.loads(text)
        except ValueError:
            return text


class Journal:
    """The last requests, oldest first; credentials are not shown."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._number = 0

    def open(self, scope: Scope, method: str) -> Entry:
        """Add a request whose body and status are still to come; the caller fills them in."""
        self._number += 1
        entry = Entry(scope, method, self._number)
        self._entries.append(entry)
        return entry

    def entries(self, *, method: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Return the requests, oldest first: all, or those of one method, or after a number."""
        return [
            entry.to_json()
            for entry in self._entries
            if entry.number > after and method in (None, entry.method)
        ]

    def clear(self) -> None:
        """Delete all requests."""
        self._entries.clear()
