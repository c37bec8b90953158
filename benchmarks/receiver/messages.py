"""Upstream requests as bytes: valid ones, and those of unauthenticated senders."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.receiver import load
from benchmarks.receiver.stage import PATH

# Requests of one kind, which take turns.
VARIANTS: Final = 2_000
_SIGNATURE_BYTES: Final = 256


@dataclass(frozen=True)
class Kind:
    """Requests of one kind, and the status that each is refused with."""

    name: str
    requests: Sequence[bytes]
    status: int = 401


def call(token: str, *, method: str = "echo", path: str = PATH, without: str = "") -> bytes:
    """Return a call of a hub method; an empty token leaves the Authorization header out."""
    body = load.body(method)
    fields = load.headers(token, method=method) | {"Content-Length": str(len(body))}
    if not token:
        del fields["Authorization"]
    lines = [f"{name}: {value}" for name, value in fields.items() if name != without]
    return "\r\n".join([f"POST {path} HTTP/1.1", *lines, "", ""]).encode() + body


def get(path: str) -> bytes:
    """Return a GET with the Host header of an orchestrator."""
    return f"GET {path} HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n".encode()


def junk(number: int = VARIANTS) -> Kind:
    """Return requests with a token of random characters."""
    return Kind("junk tokens", [call(secrets.token_urlsafe(900)) for _ in range(number)])


def named(token: str, name: str) -> Kind:
    """Return the kind of refused requests of that name."""
    return next(kind for kind in refused(token) if kind.name == name)


def refused(token: str, number: int = VARIANTS) -> list[Kind]:
    """Return each kind of refused request; `token` is valid."""
    return [
        junk(number),
        Kind("no token", [call("")]),
        Kind("GET", [get(PATH)], 405),
        Kind("unknown instance", [call(token, path="/upstream/unknown/")], 404),
        Kind("a header is missing", [call(token, without="X-ASRS-Hub")], 400),
        _forgeries("three parts, no JSON", lambda: _nonsense(token), number),
        _forgeries("invented key IDs, claims that fit", lambda: _with_invented_key(token), number),
        _forgeries("expired", lambda: _claiming(token, exp=2, nbf=1, iat=1), number),
        _forgeries("another issuer", lambda: _claiming(token, iss="https://evil.test/"), number),
        _forgeries("another audience", lambda: _claiming(token, aud="api://other"), number),
        _forgeries(
            "another principal", lambda: _claiming(token, oid=secrets.token_hex(16)), number
        ),
        _forgeries("copied claims, a wrong signature", lambda: _with_signature(token), number),
    ]


def _forgeries(name: str, forge: Callable[[], str], number: int) -> Kind:
    return Kind(name, [call(forge()) for _ in range(number)])


def _nonsense(token: str) -> str:
    return ".".join(
        encoded_bytes(secrets.token_bytes(len(part) * 3 // 4)) for part in token.split(".")
    )


def _with_invented_key(token: str) -> str:
    header = {"typ": "JWT", "alg": "RS256", "kid": secrets.token_urlsafe(20)}
    return ".".join([_encoded(header), *token.split(".")[1:]])


def _claiming(token: str, **changes: object) -> str:
    header, payload, _ = token.split(".")
    claims = _decoded(payload) | {"uti": secrets.token_hex(8)} | changes
    return f"{header}.{_encoded(claims)}.{_random_signature()}"


def _with_signature(token: str) -> str:
    return f"{token.rpartition('.')[0]}.{_random_signature()}"


def _random_signature() -> str:
    return encoded_bytes(secrets.token_bytes(_SIGNATURE_BYTES))


def _encoded(value: object) -> str:
    return encoded_bytes(json.dumps(value).encode())


def encoded_bytes(value: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
