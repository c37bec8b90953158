"""The load: calls of a hub method that returns its argument, sent by wrk over loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.receiver.processes import processor_seconds
from examples.demo.processes import Programs

_SCRIPT: Final = Path(__file__).with_name("load.lua")
# Enough to keep two workers busy, few enough that latency is theirs and not a queue's.
CONNECTIONS: Final = 16
# Connection ids that take turns.
CLIENTS: Final = 64

ANSWER: Final = b'{"type":3,"invocationId":"7","result":"hello"}\x1e'


class LoadFailed(Exception):
    """A measurement is not valid. The message gives the reason."""


@dataclass(frozen=True)
class Measure:
    """The measurements of one round. Latencies are in milliseconds."""

    requests: int
    requests_a_second: float
    p50: float
    p99: float
    # What the server's processes used for one request: it hardly depends on what else runs here.
    processor_microseconds: float


def check_tools() -> None:
    """Raise LoadFailed where the load generator is missing."""
    if shutil.which("wrk") is None:
        raise LoadFailed("wrk makes the load and is not installed: apt-get install wrk")


def body(method: str = "echo") -> bytes:
    """Return the body of a call."""
    return b'{"type":1,"invocationId":"7","target":"%s","arguments":["hello"]}' % method.encode()


def headers(token: str, client: int = 0, method: str = "echo") -> dict[str, str]:
    """Return the headers of a call, as Azure SignalR Service sends them."""
    return {
        "Host": "localhost",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "X-ASRS-Hub": "chat",
        "X-ASRS-Category": "messages",
        "X-ASRS-Event": method,
        "X-ASRS-Connection-Id": f"connection-{client}",
        "X-ASRS-User-Id": f"user-{client}",
        "X-ASRS-User-Claims": f"name: user-{client}, role: reader",
        "X-ASRS-Client-Query": "?room=lobby",
    }


def write_requests(file: Path, path: str, tokens: Sequence[str], method: str = "echo") -> None:
    """Write a call from each client in turn, in the form that load.lua reads."""
    requests = []
    content = body(method)
    for client in range(CLIENTS):
        fields = headers(tokens[client % len(tokens)], client, method)
        fields["Content-Length"] = str(len(content))
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
        requests.append("\r\n".join([*lines, "", ""]).encode() + content)
    write_file(file, requests)


def write_file(file: Path, requests: Sequence[bytes]) -> None:
    """Write requests in the form that load.lua reads."""
    with file.open("wb") as out:
        for request in requests:
            out.write(b"%d\n%s" % (len(request), request))


@dataclass(frozen=True)
class Stream:
    """The requests of a file over several connections; all are accepted, or all are refused."""

    requests: Path
    connections: int = CONNECTIONS
    is_refused: bool = False


def run(programs: Programs, url: str, pid: int, stream: Stream, seconds: float) -> Measure:
    """Send requests to the server `pid` for so long.

    Raises LoadFailed unless each was answered as it should be.
    """
    used = processor_seconds(pid)
    done = programs.run(
        "wrk", "--threads=1", f"--connections={stream.connections}", f"--duration={seconds:.0f}s",
        "--timeout=10s", f"--script={_SCRIPT}", url, "--", str(stream.requests),
    )  # fmt: skip
    if done.returncode:
        raise LoadFailed(f"wrk ended with {done.returncode}: {done.stderr[-500:]}")
    seen: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    refused = seen["requests"] if stream.is_refused else 0
    if seen["refused"] != refused or seen["broken"] or not seen["requests"]:
        raise LoadFailed(f"{url} did not answer every request as it should: {seen}")
    used = processor_seconds(pid) - used
    return Measure(
        requests=seen["requests"],
        requests_a_second=seen["requests"] / seen["microseconds"] * 1_000_000,
        p50=seen["p50"] / 1000,
        p99=seen["p99"] / 1000,
        processor_microseconds=used / seen["requests"] * 1_000_000,
    )
