"""Rounds of load on each contender in turn, and the table of ratios that comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import report
from benchmarks.plot import bar_chart
from benchmarks.receiver.contenders import ALL, BARE, RECEIVER, Contender
from benchmarks.receiver.load import Measure
from benchmarks.receiver.stage import Stage

_WARM_UP_SECONDS: Final = 2.0
# The receiver's requests per second to each rival's, at least. The other rivals have no target.
_TARGETS: Final = {"bare": 0.95, "drf": 3.0, "fastapi": 3.0, "node": 1.0}
# Its p99 to the bare view's, at most.
_P99_TARGET: Final = 1.5

# From here on decimals say nothing.
_WHOLE: Final = 50

Rounds = Mapping[str, Sequence[Measure]]
Metric = Callable[[Measure], float]

_requests: Final[Metric] = attrgetter("requests_a_second")
_p50: Final[Metric] = attrgetter("p50")
_p99: Final[Metric] = attrgetter("p99")
_processor: Final[Metric] = attrgetter("processor_microseconds")

_METRICS: Final = (_requests, _p50, _p99, _processor)
_COMPARED: Final = (_requests, _p99, _processor)
_COLUMNS: Final = (
    "", "requests/s", "p50, ms", "p99, ms", "CPU, µs/request",
    "receiver to it: requests/s", "p99", "CPU",
)  # fmt: skip


@dataclass(frozen=True)
class Ratio:
    """The receiver to a rival: the median of the rounds, and their spread."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, rounds: Rounds, rival: Contender, value: Metric) -> Ratio:
        """Compare within each round: what slows the machine then slows both."""
        pairs = zip(rounds[RECEIVER.key], rounds[rival.key], strict=True)
        ratios = [value(ours) / value(theirs) for ours, theirs in pairs]
        return cls(median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}-{self.most:.2f})"


def run(stage: Stage, contenders: Sequence[Contender], rounds: int, seconds: float) -> int:
    """Measure, print the table, and return 0 where every target is met, else 1.

    The results of all contenders are saved as `receiver`.
    """
    for contender in contenders:
        stage.measure(contender, _WARM_UP_SECONDS)
    measured: dict[str, list[Measure]] = {contender.key: [] for contender in contenders}
    for number in range(rounds):
        print(f"Round {number + 1} of {rounds}", flush=True)
        # In alternating order, so that no contender always comes last in a round.
        for contender in contenders if number % 2 == 0 else reversed(contenders):
            measured[contender.key].append(stage.measure(contender, seconds))
    print(_table(contenders, measured))
    missed = _missed(contenders, measured)
    if len(contenders) == len(ALL):
        print(f"\nWrote {_save(contenders, measured, missed)}.")
    for target in missed:
        print(f"Missed: {target}")
    return 1 if missed else 0


def _table(contenders: Sequence[Contender], rounds: Rounds) -> str:
    """Return the medians and the ratios as a table in Markdown."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---" + "|---:" * (len(_COLUMNS) - 1) + "|"]
    for contender in contenders:
        cells = [contender.title, *(_median(rounds, contender, each) for each in _METRICS)]
        is_rival = contender is not RECEIVER and RECEIVER in contenders
        cells += [str(Ratio.of(rounds, contender, each)) if is_rival else "" for each in _COMPARED]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _save(contenders: Sequence[Contender], rounds: Rounds, missed: Sequence[str]) -> Path:
    documents = {
        "rounds": {
            contender.title: [asdict(each) for each in rounds[contender.key]]
            for contender in contenders
        },
        "missed": missed,
    }
    bars = {each.title: median(map(_requests, rounds[each.key])) for each in contenders}
    plot = bar_chart("Upstream requests per second on two cores", bars, unit="requests/s")
    return report.save("receiver", documents, plot)


def _missed(contenders: Sequence[Contender], rounds: Rounds) -> list[str]:
    if RECEIVER not in contenders:
        return []
    missed = []
    for rival in contenders:
        ratio, target = Ratio.of(rounds, rival, _requests), _TARGETS.get(rival.key, 0.0)
        if ratio.median < target:
            missed.append(f"{ratio.median:.2f} times the requests of {rival.title}, not {target}.")
    if BARE in contenders:
        ratio = Ratio.of(rounds, BARE, _p99)
        if ratio.median > _P99_TARGET:
            missed.append(f"{ratio.median:.2f} times the p99 of {BARE.title}, over {_P99_TARGET}.")
    return missed


def _median(rounds: Rounds, contender: Contender, metric: Metric) -> str:
    value = median(map(metric, rounds[contender.key]))
    return f"{value:,.0f}" if value >= _WHOLE else f"{value:.1f}"
