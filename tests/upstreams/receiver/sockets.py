"""Raw HTTP requests that no client library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

Header = tuple[str, str]
_SECONDS = 30


class Reply(NamedTuple):
    """An answer's status and, where it is a problem document, its code."""

    status: int
    code: str


def exchange(
    url: str, path: str, headers: Iterable[Header], body: bytes = b"", *, length: int | None = None
) -> Reply:
    """POST exactly this to the server at `url`; header values are latin-1."""
    address = urlsplit(url)
    sent = [
        ("Host", address.netloc),
        ("Connection", "close"),
        ("Content-Length", str(len(body) if length is None else length)),
        *headers,
    ]
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent)
    with socket.create_connection((address.hostname, address.port), _SECONDS) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n" + body)
        if length is not None:
            # Else granian would take it for a client that has gone.
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as answer:
            return _reply(answer.read())


def _reply(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    is_problem = b"application/problem+json" in head
    return Reply(status, json.loads(body)["code"] if is_problem else "")
