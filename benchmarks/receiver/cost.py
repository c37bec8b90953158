"""The processor time of a refused request, as a ratio to an accepted one.

Measured twice: in one process without a web server, where kinds of requests take turns within each
round, and behind the web server, with requests as fast as it answers them.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.receiver import load, messages
from benchmarks.receiver.contenders import RECEIVER
from benchmarks.receiver.in_process import ONCE, ROUNDS
from benchmarks.receiver.load import LoadFailed, Stream
from benchmarks.receiver.messages import Kind, call
from benchmarks.receiver.stage import Stage
from examples.demo.processes import PYTHON

# A refused request to an accepted one, at most.
_TARGET: Final = 1.5
# Refusals a second behind the web server, at least.
_REFUSALS_A_SECOND: Final = 4_000
_ACCEPTED: Final = "accepted: verified before"

# Kinds in one process: as few as the processor's cache holds, as it does what has just arrived.
_VARIANTS: Final = 200

Rounds = list[float]


def run(stage: Stage, rounds: int, seconds: float) -> int:
    """Measure, print both tables, and return 0 where every target was met, else 1."""
    _in_process(stage)
    missed = _behind_server(stage, rounds, seconds)
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def _in_process(stage: Stage) -> None:
    refused = messages.refused(stage.token, _VARIANTS)
    fresh = stage.fresh_tokens(ONCE * (ROUNDS + 1))
    kinds = [
        Kind(_ACCEPTED, [call(stage.token, method="echo_async")], 200),
        Kind("accepted: verified before, a plain function", [call(stage.token)], 200),
        Kind(
            "accepted: the first time", [call(token, method="echo_async") for token in fresh], 200
        ),
        *refused,
    ]
    given = {one.name: [request.decode("latin-1") for request in one.requests] for one in kinds}
    done = stage.programs.run(
        PYTHON, "-m", "benchmarks.receiver.in_process", stdin=json.dumps(given)
    )
    if done.returncode:
        raise LoadFailed(f"The measurement in one process failed: {done.stderr[-2000:]}")
    found: dict[str, tuple[list[int], Rounds]] = json.loads(done.stdout)
    _refuse_other_answers(kinds, {name: statuses for name, (statuses, _) in found.items()})
    print("Without a web server:\n")
    _table({name: taken for name, (_, taken) in found.items()}, "µs/request")


def _behind_server(stage: Stage, rounds: int, seconds: float) -> list[str]:
    accepted = Kind(_ACCEPTED, [call(stage.token, method="echo_async")], 200)
    kinds = [accepted, *messages.refused(stage.token)]
    streams = {one.name: _stream(stage.programs.folder, one) for one in kinds}
    address, pid = stage.addresses[RECEIVER.key], stage.pids[RECEIVER.key]
    taken: dict[str, Rounds] = {name: [] for name in streams}
    rates: dict[str, Rounds] = {name: [] for name in streams}
    for number in range(rounds):
        for name, stream in list(streams.items())[:: 1 if number % 2 else -1]:
            measure = load.run(stage.programs, address, pid, stream, seconds)
            taken[name].append(measure.processor_microseconds)
            rates[name].append(measure.requests_a_second)
    print("\nBehind the web server, two workers:\n")
    missed = _table(taken, "µs/request", rates)
    slow = {name: median(rate) for name, rate in rates.items() if name != _ACCEPTED}
    return missed + [
        f"{name}: {rate:,.0f} refusals a second, not {_REFUSALS_A_SECOND:,}."
        for name, rate in slow.items()
        if rate < _REFUSALS_A_SECOND
    ]


def _table(
    taken: dict[str, Rounds], unit: str, rates: dict[str, Rounds] | None = None
) -> list[str]:
    """Print the medians and the ratios within each round; return what missed its target."""
    rate = " requests/s |" if rates else ""
    print(f"| request | CPU, {unit} | to accepted (quartiles) |{rate}")
    print("|---|---:|---:|" + ("---:|" if rates else ""))
    missed = []
    for name, rounds in taken.items():
        ratios = sorted(ours / base for ours, base in zip(rounds, taken[_ACCEPTED], strict=True))
        middle, quarter = median(ratios), len(ratios) // 4
        spread = f"{ratios[quarter]:.2f}-{ratios[-1 - quarter]:.2f}"
        cells = [name, f"{median(rounds):.0f}", f"{middle:.2f} ({spread})"]
        cells += [f"{median(rates[name]):,.0f}"] if rates else []
        print("| " + " | ".join(cells) + " |")
        if not name.startswith("accepted") and middle > _TARGET:
            missed.append(f"{name}: {middle:.2f} times an accepted request, over {_TARGET}.")
    return missed


def _stream(folder: Path, kind: Kind) -> Stream:
    file = folder / f"{kind.name.replace(' ', '-').replace(',', '')}.requests"
    load.write_file(file, kind.requests)
    return Stream(file, is_refused=kind.status != HTTPStatus.OK)


def _refuse_other_answers(kinds: list[Kind], statuses: dict[str, list[int]]) -> None:
    for one in kinds:
        if statuses[one.name] != [one.status]:
            raise LoadFailed(f"{one.name}: answered {statuses[one.name]}, not {one.status}.")
