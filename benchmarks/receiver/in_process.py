"""The processor time of requests in this process, without a web server.

Reads a JSON object from standard input, `{name: [request in latin-1, ...]}`, calls the ASGI
application with each kind in turn, and prints `{name: [[status, ...], [microseconds, ...]]}` with a
time for each round. Kinds of many requests send each once, the others in turn.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

ROUNDS: Final = 31
# Of one kind in a round, and at least this many of a kind that sends each once.
_REQUESTS: Final = 200
ONCE: Final = 20
# Of Local Azure's keys, which a thread reads.
_WAIT_SECONDS: Final = 2.0


class Call:
    """One request as an ASGI server hands it on."""

    def __init__(self, request: bytes) -> None:
        head, _, self._body = request.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        method, target, _ = first.decode().split(" ")
        fields = (line.split(b": ", 1) for line in lines)
        self._headers = [(name.lower(), value) for name, value in fields]
        self._target = target
        self._method = method
        self.status = 0

    async def run(self, application: Any) -> int:
        """Call an ASGI application; return the status of its response."""
        scope: Any = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
            "method": self._method, "scheme": "http", "path": self._target, "raw_path": b"",
            "query_string": b"", "root_path": "", "headers": self._headers,
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "state": {},
        }  # fmt: skip
        await application(scope, self._receive, self._send)
        return self.status

    async def _receive(self) -> Any:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


async def _measure(kinds: Mapping[str, Sequence[Call]]) -> dict[str, Any]:
    # Importing it starts threads, which only the process that measures needs.
    from config.asgi import application  # noqa: PLC0415

    await asyncio.sleep(_WAIT_SECONDS)
    statuses: dict[str, set[int]] = {name: set() for name in kinds}
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(ROUNDS + 1):
        # In alternating order, so that no kind always follows the same one.
        for name, calls in list(kinds.items())[:: 1 if number % 2 else -1]:
            size = ONCE if len(calls) >= ONCE * (ROUNDS + 1) else _REQUESTS
            chosen = [calls[(number * size + each) % len(calls)] for each in range(size)]
            began = time.process_time()
            for one in chosen:
                statuses[name].add(await one.run(application))
            taken[name].append((time.process_time() - began) / size * 1e6)
    # The first round fills caches.
    return {name: [sorted(statuses[name]), taken[name][1:]] for name in kinds}


def main() -> None:
    """Measure and print."""
    read: dict[str, list[str]] = json.load(sys.stdin)
    kinds = {
        name: [Call(request.encode("latin-1")) for request in requests]
        for name, requests in read.items()
    }
    print(json.dumps(asyncio.run(_measure(kinds))))


if __name__ == "__main__":
    main()
