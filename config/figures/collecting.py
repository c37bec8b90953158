"""What a scrape shows, read from rows: so it is the same whichever process is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from django.db.models import Count, Min, Sum
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from config.figures import catalogue
from config.figures.models import Figure
from identities.models import SignalRInstance
from sync.models import Operation, StatusCount
from upstreams.models import DeliveryTotal, UpstreamTemplate

_Values = dict[tuple[str, ...], float]
STATUSES = ("synced", "out_of_sync", "missing", "unknown", "paused")


class Figures(Collector):
    """All figures, as of `now`. Raises DatabaseError where the rows cannot be read."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or timezone.now()

    def collect(self) -> Iterable[Metric]:
        """Yield each figure."""
        shared: dict[str, _Values] = defaultdict(dict)
        for figure in Figure.objects.all():
            shared[figure.name][tuple(figure.labels)] = figure.value
        yield from self._receiver(shared)
        yield from self._tokens(shared)
        yield from self._operations()
        yield from self._azure(shared)
        yield from self._fleet()
        yield self._tick(shared)

    def _receiver(self, shared: dict[str, _Values]) -> Iterator[Metric]:
        totals = DeliveryTotal.objects.values_list("instance__name", "outcome", "reason", "count")
        yield _counter(
            "signalman_receiver_requests",
            "Upstream requests to an instance, by what became of them.",
            ("instance", "outcome", "reason"),
            {(name, outcome, reason): count for name, outcome, reason, count in totals},
        )
        yield _counter(
            "signalman_receiver_turned_away",
            "Requests that named no known instance.",
            ("reason",),
            shared[catalogue.TURNED_AWAY],
        )
        yield _counter(
            "signalman_receiver_deliveries_lost",
            "Deliveries that were handled, but could neither be counted nor kept as rows.",
            (),
            shared[catalogue.LOST_DELIVERIES] or {(): 0},
        )

    def _tokens(self, shared: dict[str, _Values]) -> Iterator[Metric]:
        seconds = HistogramMetricFamily(
            "signalman_token_validation_seconds",
            "Time to check a token; one that is remembered is not checked again.",
            labels=("outcome",),
        )
        buckets = shared[catalogue.VALIDATION_BUCKETS]
        for (outcome,), total in shared[catalogue.VALIDATION_SECONDS].items():
            counts = accumulate(buckets.get((outcome, each), 0) for each in catalogue.BUCKETS)
            seconds.add_metric((outcome,), list(zip(catalogue.BUCKETS, counts, strict=True)), total)
        yield seconds
        read = shared[catalogue.SIGNING_KEYS_READ]
        tenants = UpstreamTemplate.objects.signed().tenants()
        yield _gauge(
            "signalman_signing_keys_age_seconds",
            "Time since any process last read the tenant's signing keys.",
            ("tenant",),
            {(tenant,): self._since(at) for (tenant,), at in read.items() if tenant in tenants},
        )

    def _operations(self) -> Iterator[Metric]:
        numbers: _Values = {
            (kind, state): 0 for kind in Operation.Kind.values for state in Operation.State.values
        }
        by_state = Operation.objects.order_by().values_list("kind", "state").annotate(Count("pk"))
        numbers |= {(kind, state): number for kind, state, number in by_state}
        yield _gauge(
            "signalman_operations",
            "Operations by state; of those that ended, the ones that are still kept.",
            ("kind", "state"),
            numbers,
        )
        due = Operation.objects.due(self._now).order_by().aggregate(Count("pk"), Min("due_at"))
        yield _gauge(
            "signalman_operations_due",
            "Operations whose time has come and that no worker holds: the depth of the queue.",
            (),
            {(): due["pk__count"]},
        )
        oldest = due["due_at__min"]
        yield _gauge(
            "signalman_operations_oldest_due_seconds",
            "For how long the first of them has been waiting; 0 where none is.",
            (),
            {(): self._since(oldest.timestamp()) if oldest else 0},
        )

    def _azure(self, shared: dict[str, _Values]) -> Iterator[Metric]:
        yield _counter(
            "signalman_azure_requests",
            "Requests to Azure by the HTTP status answered; none where no answer came.",
            ("api", "method", "status"),
            shared[catalogue.AZURE_REQUESTS],
        )
        yield _counter(
            "signalman_azure_request_seconds",
            "Time that requests to Azure took.",
            ("api", "method"),
            shared[catalogue.AZURE_SECONDS],
        )

    def _fleet(self) -> Iterator[Metric]:
        sums = StatusCount.objects.at(self._now).order_by().aggregate(*map(Sum, STATUSES))
        yield _gauge(
            "signalman_instances",
            "Instances by sync status, as the last reading of the fleet found them.",
            ("status",),
            {(status,): sums[f"{status}__sum"] or 0 for status in STATUSES},
        )
        states = SignalRInstance.objects.order_by().values_list("provisioning_state")
        yield _gauge(
            "signalman_instances_provisioning",
            "Instances by ARM's provisioning state, as Azure last answered.",
            ("state",),
            {(state or "unknown",): number for state, number in states.annotate(Count("pk"))},
        )

    def _tick(self, shared: dict[str, _Values]) -> Metric:
        ticks = shared[catalogue.TICK]
        return _gauge(
            "signalman_worker_tick_age_seconds",
            "Time since a worker last did the tick that beat asks for; absent where none ever did.",
            (),
            {labels: self._since(at) for labels, at in ticks.items()},
        )

    def _since(self, moment: float) -> float:
        return max(0.0, self._now.timestamp() - moment)


def _counter(name: str, meaning: str, labels: Sequence[str], values: _Values) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=labels)
    for found, value in sorted(values.items()):
        family.add_metric(found, value)
    return family


def _gauge(name: str, meaning: str, labels: Sequence[str], values: _Values) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for found, value in sorted(values.items()):
        family.add_metric(found, value)
    return family
