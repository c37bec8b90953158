"""Storage of deliveries: few statements, however many instances send."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.models import SignalRInstance
from upstreams.models import DeliveryCount, DeliveryHour, DeliveryTotal, RefusalHour
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.records import DeliveryRecord, Kind


def kinds(instances: list[SignalRInstance], **changes: Any) -> list[Kind]:
    """Return one kind for each instance."""
    kind = Kind(0, 0, "chat", "messages", "echo", "accepted", "")._replace(**changes)
    return [kind._replace(instance=instance.pk) for instance in instances]


def record(instance: SignalRInstance) -> DeliveryRecord:
    return DeliveryRecord(instance.pk, at=0, duration_seconds=0, status=200, outcome="accepted")


def fleet(instance: SignalRInstance, number: int) -> list[SignalRInstance]:
    return SignalRInstance.objects.bulk_create(
        SignalRInstance(name=f"{instance}-{each}", subscription=instance.subscription)
        for each in range(number)
    )


def test_number_of_statements_is_independent_of_instances(instance: SignalRInstance) -> None:
    rows = fleet(instance, 30)
    numbers = []
    for some in (rows[:1], rows):
        with CaptureQueriesContext(connection) as queries:
            refused = kinds(some, outcome="refused", reason="expired")
            counts = dict.fromkeys([*kinds(some), *refused], 1)
            storage.write(counts, [record(each) for each in some])
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_adds_thousands_of_kinds(instance: SignalRInstance) -> None:
    # More than fit into one statement.
    counts = {
        kind._replace(event=str(number)): number + 1
        for number in range(3_000)
        for kind in kinds([instance])
    }
    for _ in range(2):
        storage.write(counts, [])
    stored = Counter(dict(DeliveryCount.objects.values_list("event", "count")))
    assert stored == {kind.event: 2 * number for kind, number in counts.items()}
    assert DeliveryTotal.objects.get().count == 2 * sum(counts.values())


def test_hours_sum_minutes_of_all_instances(instance: SignalRInstance) -> None:
    rows = fleet(instance, 3)
    for minute in (59, 60, 119):
        storage.write(dict.fromkeys(kinds(rows, minute=minute), 2), [])
    found = DeliveryHour.objects.order_by("hour").values_list("hour", "event", "count")
    hours = [datetime(1970, 1, 1, hour, tzinfo=UTC) for hour in (0, 1)]
    assert list(found) == [(hours[0], "echo", 6), (hours[1], "echo", 12)]


def test_refusals_sum_minutes_of_each_instance(instance: SignalRInstance) -> None:
    rows = fleet(instance, 2)
    for minute in (59, 60, 119):
        refused = kinds(rows, minute=minute, outcome="refused", reason="expired")
        # Refusals of several events are counted together.
        events = [kind._replace(event=event) for kind in refused for event in ("echo", "")]
        failed = kinds(rows, minute=minute, outcome="failed", reason="handler_error")
        storage.write(dict.fromkeys(events, 2) | dict.fromkeys(failed, 1), [])
    found = RefusalHour.objects.order_by("hour", "instance")
    hours = [datetime(1970, 1, 1, hour, tzinfo=UTC) for hour in (0, 1)]
    assert list(found.values_list("hour", "instance", "reason", "count")) == [
        (hour, row.pk, "expired", number)
        for hour, number in zip(hours, (4, 8), strict=True)
        for row in rows
    ]


def test_refusals_take_no_statement_without_refused_deliveries(instance: SignalRInstance) -> None:
    with CaptureQueriesContext(connection) as queries:
        storage.write(dict.fromkeys(kinds([instance]), 1), [])
    assert not [query for query in queries if "refusalhour" in query["sql"]]
