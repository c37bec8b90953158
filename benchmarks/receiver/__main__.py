"""python -m benchmarks receiver [--rounds N] [--seconds S] [--only KEY...] [--soak [N]|--flood]"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.receiver import comparison, contenders, cost, flood, load, soak
from benchmarks.receiver.stage import stage

_MILLION = 1_000_000
_FLOOD_SECONDS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit code: 0, or 1 where a target was missed."""
    options = _parser().parse_args(arguments)
    chosen = [one for one in contenders.ALL if not options.only or one.key in options.only]
    try:
        if not options.flood:
            load.check_tools()
        with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
            if options.flood:
                with stage(Path(folder), [contenders.RECEIVER]) as running:
                    return flood.run(running, max(options.seconds, _FLOOD_SECONDS))
            if options.cost:
                with stage(Path(folder), [contenders.RECEIVER]) as running:
                    return cost.run(running, options.rounds, options.seconds)
            if options.soak:
                with stage(Path(folder), [contenders.RECEIVER]) as running:
                    return soak.run(running, options.soak)
            with stage(Path(folder), chosen) as running:
                return comparison.run(running, chosen, options.rounds, options.seconds)
    except load.LoadFailed as failure:
        print(failure, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks receiver", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of load, a contender and round")
    parser.add_argument("--only", nargs="+", choices=[one.key for one in contenders.ALL])
    parser.add_argument(
        "--soak",
        type=int,
        nargs="?",
        const=_MILLION,
        metavar="REQUESTS",
        help="send the receiver this many instead, and measure its memory",
    )
    parser.add_argument(
        "--flood",
        action="store_true",
        help="send floods at fixed rates instead, and measure what valid requests pay for them",
    )
    parser.add_argument(
        "--cost",
        action="store_true",
        help="measure the processor time of refused requests instead",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
