"""python -m benchmarks client_to_client [options]: messages through the whole chain.

A client sends; the service signs the event with the instance's managed identity; the receiver
checks it; a handler sends on through the REST API, with a token of Microsoft Entra; another client
receives. Exits 1 if an accepted message did not arrive, or if messages changed their order.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import uvloop

from benchmarks import report
from benchmarks.client_to_client import floor
from benchmarks.client_to_client.clients import Clients, Result
from benchmarks.client_to_client.stage import Chain, chain
from benchmarks.plot import Line, line_chart
from benchmarks.receiver.load import LoadFailed
from localazure.serving.server import raise_open_files_limit

_CONNECTIONS: Final = 1_000
_WARM_UP_SECONDS: Final = 2.0
_PERCENTILES: Final = (50, 99, 100)
_RATES: Final = (50.0, 200.0, 800.0, 1_200.0, 1_600.0, 2_000.0)
Times = tuple[float, ...]
_HEADINGS: Final = (
    "due/s", "received/s", "sent", "accepted", "received", "lost", "failed", "repeated",
    "reordered", "p50 ms", "p99 ms", "slowest ms", "service", "web", "clients", "all",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, print a line for each run, and return the exit code."""
    options = _parser().parse_args(arguments)
    raise_open_files_limit()
    if options.floor:
        _show_floor(options.floor)
        return 0
    try:
        with (
            tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder,
            chain(
                Path(folder), options.connections, options.workers, options.start_seconds
            ) as running,
        ):
            results = uvloop.run(_measure(running, options))
    except LoadFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    if options.save:
        print(f"\nWrote {_save(results, options)}.")
    return 1 if any(one.lost or one.out_of_order for one in results) else 0


async def _measure(running: Chain, options: Namespace) -> list[Result]:
    clients = Clients(running.url, running.ca_file)
    results = []
    async with AsyncExitStack() as stack:
        await clients.open(stack, options.connections)
        print(f"{options.connections:,} connections, {options.workers} web workers. The last four "
              "columns: milliseconds of processor time for each message")  # fmt: skip
        print("  ".join(_HEADINGS))
        # Opens the connections between the programs, and reads keys and tokens.
        await clients.run(options.rates[0], _WARM_UP_SECONDS)
        for rate in options.rates:
            before = running.processor_seconds()
            results.append(await clients.run(rate, options.seconds))
            _show(results[-1], before, running.processor_seconds())
        if options.skip_restart:
            return results
        restart = asyncio.create_task(running.replace_workers(after=1.0))
        results.append(await clients.run(options.rates[0], running.replace_seconds))
        print(f"\n{await restart} web workers were replaced meanwhile:")
        _show(results[-1])
    return results


def _save(results: Sequence[Result], options: Namespace) -> Path:
    """Save every run; the plot shows those without a restart."""
    runs = [
        {
            "rate": one.rate,
            "received_a_second": len(one.received) / one.seconds if one.seconds else 0.0,
            "sent": one.sent,
            "accepted": len(one.accepted),
            "received": len(one.received),
            "lost": one.lost,
            "failed": one.failed.total(),
            "unanswered": one.unanswered,
            "repeated": one.repeated,
            "out_of_order": one.out_of_order,
            "milliseconds": {f"p{part:g}": one.latency(part / 100) for part in _PERCENTILES},
        }
        for one in results
    ]
    steady = results[: len(options.rates)]
    lines = [
        Line(f"p{part:g}", [(one.rate, one.latency(part / 100)) for one in steady])
        for part in _PERCENTILES
    ]
    plot = line_chart(
        f"Client to client, {options.connections:,} connections",
        lines,
        x="messages a second",
        y="ms until another client received the message",
    )
    documents = {
        "connections": options.connections,
        "web_workers": options.workers,
        "restarted": not options.skip_restart,
        "runs": runs,
    }
    return report.save("client-to-client", documents, plot)


def _show(result: Result, before: Times = (), after: Times = ()) -> None:
    used = [end - start for start, end in zip(before, after, strict=True)]
    rate = len(result.received) / result.seconds if result.seconds else 0.0
    values = (
        f"{result.rate:,.0f}",
        f"{rate:,.0f}",
        f"{result.sent:,}",
        f"{len(result.accepted):,}",
        f"{len(result.received):,}",
        f"{result.lost:,}",
        f"{result.failed.total() + result.unanswered:,}",
        f"{result.repeated:,}",
        f"{result.out_of_order:,}",
        *(f"{result.latency(part):,.0f}" for part in (0.5, 0.99, 1.0)),
        *(f"{one * 1000 / result.sent:.2f}" for one in (*used, sum(used)) if used),
    )
    widths = map(len, _HEADINGS)
    print("  ".join(value.rjust(width) for value, width in zip(values, widths, strict=False)))
    for error, count in result.failed.most_common(3):
        print(f"  failed {count:,} times: {error}")
    if result.disconnected:
        print(f"  {result.disconnected:,} clients were disconnected")


def _show_floor(messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        parts = floor.measure(Path(folder), messages)
    print("Microseconds of processor time\nserver  client  times  part")
    for part in parts:
        print(f"{part.server:6.0f}  {part.client:6.0f}  {part.count:5.1f}  {part.title}")
    total = sum(part.microseconds for part in parts)
    print(
        f"\n{total:,.0f} for a message: at most {1e6 / total:,.0f} messages a second on each core"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks client_to_client")
    parser.add_argument("--connections", type=int, default=_CONNECTIONS)
    parser.add_argument("--rates", type=float, nargs="+", default=_RATES, help="messages a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run")
    parser.add_argument("--workers", type=int, default=2, help="of the web server")
    parser.add_argument("--start-seconds", type=int, default=10, help="of a web worker")
    parser.add_argument(
        "--floor", type=int, metavar="N", help="only measure the floor, with N messages"
    )
    parser.add_argument(
        "--save",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write benchmarks/results/client-to-client.json and the plot",
    )
    parser.add_argument("--skip-restart", action="store_true", help="replace no web workers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
