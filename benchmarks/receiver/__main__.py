"""python -m benchmarks receiver [NAME] [options]: the comparison with rivals, or one scenario."""

from __future__ import annotations

import argparse
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.receiver import comparison, contenders, cost, flood, load, soak
from benchmarks.receiver.scenarios import concurrency, faults, many_instances, restart, rotations
from benchmarks.receiver.scenarios.services import services
from benchmarks.receiver.stage import stage
from scripts.with_postgres import postgres

_MILLION: Final = 1_000_000
_RECEIVER: Final = (contenders.RECEIVER,)
Run = Callable[[Path, Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit code: 0, or 1 where a target was missed."""
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
            return _RUNS[options.name](Path(folder), options)
    except load.LoadFailed as failure:
        print(failure, file=sys.stderr)
        return 1


def _compare(folder: Path, options: Namespace) -> int:
    load.check_tools()
    chosen = [one for one in contenders.ALL if not options.only or one.key in options.only]
    with stage(folder, chosen) as running:
        return comparison.run(running, chosen, options.rounds, options.seconds or 4)


def _cost(folder: Path, options: Namespace) -> int:
    load.check_tools()
    with stage(folder, _RECEIVER) as running:
        return cost.run(running, options.rounds, options.seconds or 4)


def _soak(folder: Path, options: Namespace) -> int:
    load.check_tools()
    with stage(folder, [contenders.IN_THREADS]) as running:
        return soak.run(running, options.requests)


def _flood(folder: Path, options: Namespace) -> int:
    with stage(folder, _RECEIVER) as running:
        return flood.run(running, options.seconds or 10)


def _faults(folder: Path, options: Namespace) -> int:
    with services() as started, stage(folder, _RECEIVER, started.environment) as running:
        return faults.run(running, started, options.seconds or 60)


def _rotations(folder: Path, options: Namespace) -> int:
    # The processes share the keys, and so the pacing, through the cache.
    with services() as started, stage(folder, _RECEIVER, started.environment) as running:
        return rotations.run(running, options.seconds or 60)


def _restart(folder: Path, options: Namespace) -> int:
    with stage(folder, ()) as running:
        return restart.run(running, options.seconds or 45)


def _instances(folder: Path, options: Namespace) -> int:
    with postgres() as url, stage(folder, _RECEIVER, {"SIGNALMAN_DATABASE_URL": url}) as running:
        return many_instances.run(running, options.seconds or 30)


def _concurrency(folder: Path, _options: Namespace) -> int:
    with stage(folder, ()) as running:
        return concurrency.run(running)


_RUNS: Final[Mapping[str, Run]] = {
    "compare": _compare,
    "cost": _cost,
    "flood": _flood,
    "faults": _faults,
    "rotations": _rotations,
    "restart": _restart,
    "instances": _instances,
    "concurrency": _concurrency,
    "soak": _soak,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks receiver", description=__doc__)
    parser.add_argument("name", nargs="?", default="compare", choices=_RUNS)
    parser.add_argument("--rounds", type=int, default=5, help="of compare and cost")
    parser.add_argument("--seconds", type=float, help="of load, of each fault or of each flood")
    keys = [one.key for one in contenders.ALL]
    parser.add_argument("--only", nargs="+", choices=keys, help="compare these only")
    parser.add_argument("--requests", type=int, default=_MILLION, help="of soak")
    return parser


if __name__ == "__main__":
    sys.exit(main())
