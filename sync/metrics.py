"""Metrics of operations and of the fleet's sync status."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Count, Min, Sum
from prometheus_client.core import Metric

from identities.models import SignalRInstance
from observability.counters import Series
from observability.metrics import Scrape, gauge_family
from observability.models import MetricValue
from sync.models import Operation, StatusCount
from sync.operations.tasks import enqueue_due_operations

# The stored name, from the first release: during a rolling upgrade both releases read it.
HEARTBEAT: Final = "tick"
STATUSES: Final = ("synced", "out_of_sync", "missing", "unknown", "paused")


def record_heartbeat(sender: Any = None, **_: Any) -> None:
    """Store the moment of a heartbeat: a run of the scheduled task.

    A receiver of Celery's `task_success`.

    Beat, queue and worker all work where this moment is recent.
    """
    if getattr(sender, "name", "") == enqueue_due_operations.name:
        MetricValue.objects.set_latest({Series(HEARTBEAT): time.time()})


def sync_metrics(scrape: Scrape) -> Iterator[Metric]:
    """Yield the metrics of operations, instances and the worker."""
    yield from _operations(scrape)
    yield from _fleet(scrape)
    yield gauge_family(
        "signalman_worker_heartbeat_age_seconds",
        "Time since the last heartbeat of a worker.",
        (),
        {labels: scrape.seconds_since(at) for labels, at in scrape.values(HEARTBEAT).items()},
    )


def _operations(scrape: Scrape) -> Iterator[Metric]:
    numbers: dict[tuple[str, ...], float] = {
        (kind, state): 0 for kind in Operation.Kind.values for state in Operation.State.values
    }
    by_state = Operation.objects.order_by().values_list("kind", "state").annotate(Count("pk"))
    numbers |= {(kind, state): number for kind, state, number in by_state}
    yield gauge_family(
        "signalman_operations",
        "Operations by state, including finished operations that are still kept.",
        ("kind", "state"),
        numbers,
    )
    due = Operation.objects.due(scrape.now).order_by().aggregate(Count("pk"), Min("due_at"))
    yield gauge_family(
        "signalman_operations_due",
        "Due operations that no worker has claimed: the length of the queue.",
        (),
        {(): due["pk__count"]},
    )
    oldest = due["due_at__min"]
    yield gauge_family(
        "signalman_operations_oldest_due_seconds",
        "Time for which the oldest due operation has waited; 0 if there is none.",
        (),
        {(): scrape.seconds_since(oldest.timestamp()) if oldest else 0},
    )


def _fleet(scrape: Scrape) -> Iterator[Metric]:
    sums = StatusCount.objects.at(scrape.now).order_by().aggregate(*map(Sum, STATUSES))
    yield gauge_family(
        "signalman_instances",
        "Instances by sync status at the last refresh.",
        ("status",),
        {(status,): sums[f"{status}__sum"] or 0 for status in STATUSES},
    )
    states = SignalRInstance.objects.order_by().values_list("provisioning_state")
    yield gauge_family(
        "signalman_instances_provisioning",
        "Instances by Azure's provisioning state at the last refresh.",
        ("state",),
        {(state or "unknown",): number for state, number in states.annotate(Count("pk"))},
    )
