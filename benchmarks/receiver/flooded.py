"""One process of the receiver: valid requests alone, between other ones, and in a flood.

python -m benchmarks.receiver.flooded REQUESTS FLOOD prints a JSON object. It is started by
`benchmarks.receiver.flood`, in the environment of a stage. A request is the call of the WSGI
application: no web server, no socket.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from config.wsgi import application

Environ = dict[str, Any]

_ROUNDS: Final = 20
# Other requests before each valid one.
_BETWEEN: Final = 2
_WARM_UP: Final = 3_000
# An ordinary request for something else: it, too, takes the processor's caches.
_OTHER: Final = {"REQUEST_METHOD": "GET", "PATH_INFO": "/livez"}


def main(requests: str, flood: str) -> None:
    """Measure in turns, and print the nanoseconds of processor time of each valid request."""
    valid = [_environ(request) for request in _read(Path(requests))]
    invented = _invented(valid[0]["HTTP_AUTHORIZATION"])
    number = int(flood) // _ROUNDS // _BETWEEN
    for turn in range(_WARM_UP):
        _take(valid[turn % len(valid)])
    kinds: dict[str, Callable[[Environ], None]] = {
        "alone": lambda _valid: None,
        "others": lambda valid: _take({**valid, **_OTHER}),
        "flood": lambda valid: _take({**valid, "HTTP_AUTHORIZATION": next(invented)}, "401"),
    }
    seen: dict[str, list[list[int]]] = {kind: [] for kind in kinds}
    for _ in range(_ROUNDS):
        for kind, disturb in kinds.items():
            gc.collect()
            seen[kind].append([_timed(valid[turn % len(valid)], disturb) for turn in range(number)])
    print(json.dumps(seen))


def _timed(environ: Environ, disturb: Callable[[Environ], None]) -> int:
    for _ in range(_BETWEEN):
        disturb(environ)
    began = time.thread_time_ns()
    _take(environ)
    return time.thread_time_ns() - began


def _take(environ: Environ, expected: str = "200") -> None:
    answered: list[str] = []

    def start_response(status: str, _headers: Any, _error: Any = None) -> Any:
        answered.append(status)

    body = io.BytesIO(environ["wsgi.input"])
    b"".join(application({**environ, "wsgi.input": body}, start_response))
    if not answered[0].startswith(expected):
        raise SystemExit(f"A request was answered {answered[0]}, not {expected}.")


def _invented(authorization: str) -> Iterator[str]:
    """Yield headers whose token differs from a valid one in the key id alone: the dearest kind."""
    _, payload, signature = authorization.removeprefix("Bearer ").split(".")
    while True:
        header = {"typ": "JWT", "alg": "RS256", "kid": secrets.token_urlsafe(20)}
        encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        yield f"Bearer {encoded}.{payload}.{signature}"


def _read(file: Path) -> Iterator[bytes]:
    """Yield the requests that `load.write_requests` wrote."""
    with file.open("rb") as found:
        while size := found.readline():
            yield found.read(int(size))


def _environ(request: bytes) -> Environ:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    method, path, protocol = line.split(" ")
    environ: Environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": protocol,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
    }
    for field in fields:
        name, _, value = field.partition(": ")
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    return environ


if __name__ == "__main__":
    main(*sys.argv[1:])
