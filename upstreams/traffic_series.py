"""Deliveries over time: counted by the minute and the hour, and shown by either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import TruncHour, TruncMinute

from upstreams.models import Delivery, Outcome
from upstreams.models.delivery_counts import CountQuerySet


@dataclass(frozen=True, slots=True)
class Period:
    """A period that ends now, in `steps` steps of equal length."""

    name: str
    label: str
    step: timedelta
    steps: int


PERIODS: Final = {
    "hour": Period("hour", "Last hour", timedelta(minutes=1), 60),
    "day": Period("day", "Last 24 hours", timedelta(hours=1), 24),
    "week": Period("week", "Last 7 days", timedelta(hours=1), 24 * 7),
}


@dataclass(frozen=True, slots=True)
class HandlerTraffic:
    """The deliveries of one handler; names are empty where no handler is registered."""

    hub: str
    category: str
    event: str
    accepted: int
    refused: int
    failed: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The deliveries of a period.

    `starts` are the starts of its steps and `series`, by outcome, the number in each step.
    `reasons` are the reason codes of deliveries that were not accepted, most frequent first.
    """

    period: Period
    starts: tuple[datetime, ...]
    series: dict[Outcome, tuple[int, ...]]
    reasons: tuple[tuple[Outcome, str, int], ...]
    handlers: tuple[HandlerTraffic, ...]

    def total(self, outcome: Outcome) -> int:
        """Return the number of deliveries with that outcome."""
        return sum(self.series[outcome])

    @property
    def is_empty(self) -> bool:
        """Whether there were no deliveries."""
        return not any(map(self.total, Outcome))


def traffic(counts: CountQuerySet[Any], period: Period, now: datetime) -> Traffic:
    """Return the traffic in `counts` for the period that ends at `now`, in three queries.

    The period's steps must not be shorter than what the counts are of: a minute or an hour.
    """
    starts = tuple(_starts(period, now))
    rows = counts.since(starts[0]).order_by()
    return Traffic(period, starts, _series(rows, period, starts), _reasons(rows), _handlers(rows))


def sampled(deliveries: QuerySet[Delivery], number: int) -> list[Delivery]:
    """Return the newest sampled deliveries."""
    return list(deliveries.select_related("instance")[:number])


def _starts(period: Period, now: datetime) -> Iterator[datetime]:
    minute = 0 if period.step >= timedelta(hours=1) else now.minute
    last = now.replace(minute=minute, second=0, microsecond=0)
    for step in reversed(range(period.steps)):
        yield last - step * period.step


def _series(
    rows: CountQuerySet[Any], period: Period, starts: tuple[datetime, ...]
) -> dict[Outcome, tuple[int, ...]]:
    truncate = TruncHour if period.step >= timedelta(hours=1) else TruncMinute
    totals: Counter[tuple[str, datetime]] = Counter()
    steps = rows.annotate(start=truncate(rows.start)).values("start", "outcome")
    for row in steps.annotate(total=Sum("count")):
        totals[row["outcome"], row["start"]] += row["total"]
    return {outcome: tuple(totals[outcome.value, at] for at in starts) for outcome in Outcome}


def _reasons(rows: CountQuerySet[Any]) -> tuple[tuple[Outcome, str, int], ...]:
    found = rows.exclude(reason="").values("outcome", "reason").annotate(total=Sum("count"))
    return tuple(
        (Outcome(row["outcome"]), row["reason"], row["total"])
        for row in found.order_by("-total", "outcome", "reason")
    )


def _handlers(rows: CountQuerySet[Any]) -> tuple[HandlerTraffic, ...]:
    found = (
        rows.values("hub", "category", "event")
        .annotate(
            accepted=Sum("count", filter=Q(outcome=Outcome.ACCEPTED), default=0),
            refused=Sum("count", filter=Q(outcome=Outcome.REFUSED), default=0),
            failed=Sum("count", filter=Q(outcome=Outcome.FAILED), default=0),
        )
        .order_by("hub", "category", "event")
    )
    return tuple(HandlerTraffic(**row) for row in found)
