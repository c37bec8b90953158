"""Old deliveries are deleted until nothing is too old, whatever a minute inserts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from identities.models import SignalRInstance
from observability.counters import counters
from observability.health import Degraded
from observability.metric_storage import publisher
from tests.conditions import on_postgresql
from tests.observability.prometheus import metric
from upstreams import retention
from upstreams.models import Delivery, DeliveryCount, DeliveryHour, RefusalHour
from upstreams.tasks import delete_expired

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)
# How long the rows are kept.
MODELS: dict[str, tuple[Any, timedelta]] = {
    "deliveries": (Delivery, 7 * DAY),
    "counts": (DeliveryCount, 90 * DAY),
    "hours": (DeliveryHour, 90 * DAY),
    "refusals": (RefusalHour, 2 * DAY),
}


def add(instance: SignalRInstance, name: str, start: datetime, number: int = 1) -> None:
    """Store `number` rows, one for each minute up to `start`."""
    moments = (start - timedelta(minutes=each) for each in range(number))
    if name == "deliveries":
        fields = {"instance": instance, "outcome": "accepted", "status": 200, "duration_ms": 1.0}
        Delivery.objects.bulk_create(Delivery(received_at=at, **fields) for at in moments)
    elif name == "counts":
        DeliveryCount.objects.bulk_create(
            DeliveryCount(minute=at, instance=instance, outcome="accepted") for at in moments
        )
    elif name == "refusals":
        RefusalHour.objects.bulk_create(
            RefusalHour(hour=at, instance=instance, reason="expired") for at in moments
        )
    else:
        DeliveryHour.objects.bulk_create(
            DeliveryHour(hour=at, outcome="accepted") for at in moments
        )


def run(seconds: float = 1e9, clock: Callable[[], float] = lambda: 0.0) -> dict[str, int]:
    return dict(
        retention.delete_expired(NOON, seconds=seconds, clock=clock, rest=lambda _seconds: None)
    )


@pytest.mark.parametrize("name", MODELS)
def test_deletes_everything_too_old_in_one_run(instance: SignalRInstance, name: str) -> None:
    model, age = MODELS[name]
    # Five times what one run every ten minutes deleted, when a run was one batch of 5,000.
    add(instance, name, NOON - age - timedelta(minutes=1), 25_000)
    add(instance, name, NOON - age + timedelta(minutes=9), 10)
    assert run()[name] == 25_000
    assert model.objects.count() == 10


def test_stops_when_time_is_over_and_continues(instance: SignalRInstance) -> None:
    for name in ("deliveries", "counts"):
        add(instance, name, NOON - 100 * DAY, 3_000)
    seconds = count()
    # Each look at the clock is a second later: the batches get smaller, and few fit.
    first = run(seconds=8, clock=lambda: float(next(seconds)))
    assert 0 < first["deliveries"] < 3_000
    assert 0 < first["counts"] < 3_000
    run()
    assert not Delivery.objects.exists()
    assert not DeliveryCount.objects.exists()


def test_batches_follow_how_long_they_take(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    now = 0.0

    def delete(_table: retention.Table, _now: datetime, number: int) -> int:
        nonlocal now
        # Ten thousand rows a second.
        now += number / 10_000
        sizes.append(number)
        return number

    monkeypatch.setattr(retention.Table, "delete", delete)
    monkeypatch.setattr(retention, "TABLES", retention.TABLES[:1])
    monkeypatch.setattr(retention, "_FIRST_BATCH", 10_000)
    run(seconds=2, clock=lambda: now)
    assert sizes[:4] == [10_000, 5_000, 2_500, 1_250]
    assert {size / 10_000 for size in sizes[4:]} <= {0.0625, 0.125}


def test_lag_is_how_long_oldest_row_is_too_old(instance: SignalRInstance) -> None:
    none = timedelta()
    assert retention.lags(NOON) == dict.fromkeys(MODELS, none)
    add(instance, "deliveries", NOON - 7 * DAY - timedelta(hours=3))
    add(instance, "counts", NOON - 89 * DAY)
    lags = retention.lags(NOON)
    assert lags == dict.fromkeys(MODELS, none) | {"deliveries": timedelta(hours=3)}


def test_worker_reports_that_it_falls_behind(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert retention.check_retention() == ""
    add(instance, "deliveries", timezone.now() - 8 * DAY)
    found = retention.check_retention()
    assert isinstance(found, Degraded)
    assert "deliveries by 24 h" in found
    monkeypatch.setattr(retention, "_RUN_SECONDS", 0)
    monkeypatch.setattr(retention.Table, "delete", lambda *_: 0)
    retention.expire()
    assert "deliveries by 24 h" in caplog.text


def test_metrics_show_lag_and_deleted_rows(instance: SignalRInstance) -> None:
    counters.reset()
    publisher.reset()
    assert metric("retention_rows_deleted_total", table="deliveries") == 0
    add(instance, "deliveries", timezone.now() - 8 * DAY, 12)
    lag = metric("retention_lag_seconds", table="deliveries")
    assert lag is not None
    assert lag >= DAY.total_seconds()
    delete_expired.apply(throw=True)
    publisher.publish()
    assert metric("retention_lag_seconds", table="deliveries") == 0
    assert metric("retention_rows_deleted_total", table="deliveries") == 12


def test_schedule_has_the_task(settings: Settings) -> None:
    scheduled = settings.CELERY_BEAT_SCHEDULE.values()
    assert delete_expired.name in {entry["task"] for entry in scheduled}


@pytest.mark.parametrize("name", MODELS)
def test_index_serves_deletion(instance: SignalRInstance, name: str) -> None:
    model, _ = MODELS[name]
    add(instance, name, NOON, 2_000)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")  # noqa: SLF001
    with CaptureQueriesContext(connection) as queries:
        assert model.objects.delete_before(NOON - DAY, 100) == 100
    sent = [each["sql"] for each in queries if each["sql"].startswith(("SELECT", "DELETE"))]
    assert [statement[:6] for statement in sent] == ["SELECT", "DELETE"]
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        for statement in sent:
            cursor.execute(f"{explain} {statement}")
            assert "index" in str(cursor.fetchall()).lower(), statement


def test_batch_has_no_more_rows_where_many_are_of_one_moment(instance: SignalRInstance) -> None:
    for hub in range(30):
        moment = NOON - timedelta(minutes=1 + hub // 15)
        DeliveryCount.objects.create(
            minute=moment, instance=instance, outcome="accepted", hub=f"hub{hub}"
        )
    left = []
    for number in (10, 10, 20):
        assert DeliveryCount.objects.delete_before(NOON, number) == 10
        left.append(DeliveryCount.objects.filter(minute=NOON - timedelta(minutes=2)).count())
    assert left == [5, 0, 0]
    assert not DeliveryCount.objects.exists()


# Committed, so that the table is truncated at the end, and its statistics are not left to others.
@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", MODELS)
def test_deletes_in_time_with_statistics_of_an_empty_table(
    instance: SignalRInstance, name: str
) -> None:
    model, age = MODELS[name]
    with suppress(_Undone), transaction.atomic():
        add(instance, name, NOON - age - timedelta(minutes=1), 5_000)
        raise _Undone
    with connection.cursor() as cursor:
        # The table has pages without rows: the planner expects one row, however many follow.
        cursor.execute(f"ANALYZE {model._meta.db_table}")  # noqa: SLF001
    add(instance, name, NOON - age - timedelta(minutes=1), 25_000)
    assert run()[name] == 25_000


class _Undone(Exception):
    """Rolls the rows back."""
