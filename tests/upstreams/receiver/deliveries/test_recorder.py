"""Deliveries: counted in memory, written in batches, bounded whatever comes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from identities.models import SignalRInstance, Subscription
from observability.models import MetricValue
from upstreams.models import (
    Delivery,
    DeliveryCount,
    DeliveryHour,
    DeliveryTotal,
    Outcome,
    RefusalHour,
)
from upstreams.receiver.configuration import Configuration
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.recorder import Recorder
from upstreams.receiver.deliveries.records import DeliveryRecord, Kind

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def made_instance() -> SignalRInstance:
    subscription = Subscription.objects.create(
        subscription_id="bbbbbbbb-0000-4000-8000-00000000bbbb",
        tenant_id="aaaaaaaa-0000-4000-8000-00000000aaaa",
    )
    return SignalRInstance.objects.create(name="contoso", subscription=subscription)


def record(recorder: Recorder, instance: SignalRInstance, **fields: Any) -> bool:
    """Record a delivery; return whether it is stored as a row too."""
    hub, event = fields.pop("handler", ("chat", "echo"))
    accepted = {"outcome": "accepted", "status": 200, "category": "messages"}
    defaults = {"at": NOON.timestamp(), "duration_seconds": 0.0015}
    made = DeliveryRecord(instance=instance.pk, **{**accepted, **defaults, **fields})
    minute = int(made.at // 60)
    kind = Kind(minute, instance.pk, hub, made.category, event, made.outcome, made.reason)
    return recorder.record(kind, lambda: made)


class ManualRecorder(Recorder):
    """A recorder that writes on `flush`, or every `flush_seconds`."""

    def __init__(self, **settings: Any) -> None:
        configuration = Configuration(**{"flush_seconds": 3600.0, **settings})
        super().__init__(lambda: configuration)
        made.append(self)


made: list[Recorder] = []


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """End the threads of the test's recorders."""
    yield
    while made:
        made.pop().forget()


def test_counts_deliveries_by_kind_and_minute(instance: SignalRInstance) -> None:
    recorder = ManualRecorder()
    for second in (0, 1, 59, 60):
        record(recorder, instance, at=NOON.timestamp() + second)
    recorder.flush()
    counts = DeliveryCount.objects.order_by("minute").values_list("minute", "event", "count")
    assert list(counts) == [(NOON, "echo", 3), (NOON + timedelta(minutes=1), "echo", 1)]


def test_adds_to_stored_counts(instance: SignalRInstance) -> None:
    for _ in range(2):
        recorder = ManualRecorder()
        record(recorder, instance)
        recorder.flush()
        recorder.flush()
    assert DeliveryCount.objects.get().count == 2


def test_row_has_values_of_request(instance: SignalRInstance) -> None:
    recorder = ManualRecorder()
    said: dict[str, Any] = {"hub": "chat", "event": "echo", "connection_id": "c", "user_id": "u"}
    record(recorder, instance, invocation_id="7", **said)
    recorder.flush()
    row = Delivery.objects.get()
    assert (row.received_at, row.duration_ms, row.invocation_id) == (NOON, 1.5, "7")
    assert {name: getattr(row, name) for name in said} == said


def test_counts_and_samples_flood(instance: SignalRInstance) -> None:
    recorder = ManualRecorder(samples_a_minute=3)
    refused: dict[str, Any] = {"outcome": "refused", "reason": "expired", "status": 401}
    sampled = [
        record(recorder, instance, handler=("", ""), hub=f"h{n}", **refused) for n in range(1000)
    ]
    sampled.append(record(recorder, instance))
    recorder.flush()
    assert sum(sampled) == 4
    assert sampled[-1]
    assert Delivery.objects.count() == 4
    assert DeliveryCount.objects.get(reason="expired").count == 1000


def test_samples_each_minute(instance: SignalRInstance) -> None:
    recorder = ManualRecorder(samples_a_minute=1)
    times = [0, 1, 60]
    assert [record(recorder, instance, at=NOON.timestamp() + second) for second in times] == [
        True,
        False,
        True,
    ]


def test_threads_share_samples_of_a_minute(instance: SignalRInstance) -> None:
    recorder = ManualRecorder(samples_a_minute=2)
    times = [0, 60, 59, 60, 59, 60, 59, 120]
    assert [record(recorder, instance, at=NOON.timestamp() + second) for second in times] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
        True,
    ]


def test_samples_after_clock_is_set_back(instance: SignalRInstance) -> None:
    recorder = ManualRecorder(samples_a_minute=1)
    times = [600, 0, 1]
    assert [record(recorder, instance, at=NOON.timestamp() + second) for second in times] == [
        True,
        True,
        False,
    ]


def test_concurrent_threads_lose_no_counts(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: Counter[Kind] = Counter()
    fails = iter([True, False] * 10_000)

    def write(counts: Counter[Kind], _samples: object) -> None:
        if next(fails):
            raise OperationalError("database is locked")
        written.update(counts)

    monkeypatch.setattr(storage, "write", write)
    recorder = ManualRecorder()

    def record_some() -> None:
        for number in range(500):
            record(recorder, instance, handler=("chat", str(number % 7)))

    threads = [threading.Thread(target=record_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        recorder.flush()
    recorder.flush()
    recorder.flush()
    assert written.total() == 4 * 500
    assert recorder.dropped == 0


def test_forked_child_does_not_deadlock(instance: SignalRInstance) -> None:
    recorder = ManualRecorder()
    record(recorder, instance)
    parents = recorder._stop  # noqa: SLF001
    locks = [recorder._lock, parents._cond]  # type: ignore[attr-defined]  # noqa: SLF001
    for lock in locks:
        lock.acquire()
    recorder.start_empty()
    for lock in locks:
        lock.release()
    parents.set()
    record(recorder, instance)
    recorder.flush()
    assert DeliveryCount.objects.get().count == 1


def test_bounds_kinds_in_memory(instance: SignalRInstance) -> None:
    recorder = ManualRecorder(samples_a_minute=0)
    for number in range(10_002):
        record(recorder, instance, handler=("chat", str(number)))
    assert recorder.dropped == 2


def test_skips_delivery_of_deleted_instance(instance: SignalRInstance) -> None:
    recorder = ManualRecorder()
    record(recorder, instance)
    instance_pk, gone = instance.pk, SignalRInstance(pk=instance.pk + 1)
    record(recorder, gone)
    recorder.flush()
    assert DeliveryCount.objects.get().instance_id == instance_pk
    assert Delivery.objects.count() == 1


def test_continues_after_unstorable_delivery(
    instance: SignalRInstance, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = ManualRecorder()
    record(recorder, instance, outcome="unheard-of")
    recorder.flush()
    assert "Deliveries were lost (number: 1)" in caplog.text
    record(recorder, instance)
    recorder.flush()
    assert DeliveryCount.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_writes_rest_at_process_end() -> None:
    instance = made_instance()
    before = threading.enumerate()
    recorder = ManualRecorder(flush_seconds=0.01)
    record(recorder, instance)
    record(recorder, instance)
    recorder.close()
    assert DeliveryCount.objects.get().count == 2
    assert set(threading.enumerate()) <= set(before)


class Stumbling(ManualRecorder):
    """A recorder whose thread meets something unforeseen in its first two turns."""

    def __init__(self, stumble: BaseException) -> None:
        super().__init__(flush_seconds=0.01)
        self.stumbles = [stumble, stumble]
        self.written = threading.Event()

    def flush(self) -> None:
        if self.stumbles:
            raise self.stumbles.pop()
        super().flush()
        self.written.set()


@pytest.mark.django_db(transaction=True)
def test_thread_survives_errors(caplog: pytest.LogCaptureFixture) -> None:
    instance = made_instance()
    recorder = Stumbling(RuntimeError("Unforeseen."))
    record(recorder, instance, at=time.time())
    assert recorder.written.wait(30)
    recorder.close()
    assert DeliveryCount.objects.get().count == 1
    assert caplog.text.count("RuntimeError: Unforeseen.") == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_replaces_ended_thread() -> None:
    instance = made_instance()
    recorder = Stumbling(SystemExit())
    now = time.time()
    record(recorder, instance, at=now)
    for thread in threading.enumerate():
        if thread.name == "deliveries":
            thread.join(30)
    recorder.stumbles.clear()
    assert not recorder.written.is_set()
    record(recorder, instance, at=now)
    assert recorder.written.wait(30)
    recorder.close()
    assert DeliveryCount.objects.get().count == 2


@pytest.mark.django_db(transaction=True)
def test_keeps_deliveries_during_database_outage(caplog: pytest.LogCaptureFixture) -> None:
    instance = made_instance()
    recorder = ManualRecorder()
    record(recorder, instance)
    with connection.execute_wrapper(_unwritable):
        recorder.flush()
    assert "cannot be written to the database yet" in caplog.text
    assert DeliveryCount.objects.count() == 0
    record(recorder, instance)
    recorder.flush()
    assert DeliveryCount.objects.get().count == 2
    assert Delivery.objects.count() == 2


def _unwritable(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Fail as a database does that is locked or gone."""
    if sql.startswith("INSERT"):
        raise OperationalError("database is locked")
    return execute(sql, params, many, context)


MINUTES = st.integers(0, 180)
OUTCOMES = st.sampled_from(
    [("accepted", "", 200), ("refused", "expired", 401), ("failed", "hub_error", 500)]
)


class TestTotals(TestCase):
    """However deliveries fall into batches, what is stored adds up."""

    @hypothesis_settings(deadline=None)
    @given(
        st.lists(
            st.lists(st.tuples(st.sampled_from("ab"), MINUTES, OUTCOMES), max_size=5), max_size=4
        )
    )
    def test_batches_add_up(
        self, batches: list[list[tuple[str, int, tuple[str, str, int]]]]
    ) -> None:
        subscription = Subscription.objects.create(
            subscription_id="bbbbbbbb-0000-4000-8000-00000000bbbb",
            tenant_id="aaaaaaaa-0000-4000-8000-00000000aaaa",
        )
        instance = SignalRInstance.objects.create(name="contoso", subscription=subscription)
        recorder = ManualRecorder()
        for batch in batches:
            for event, minute, (outcome, reason, status) in batch:
                at = (NOON + timedelta(minutes=minute)).timestamp()
                fields = {"outcome": outcome, "reason": reason, "status": status, "at": at}
                record(recorder, instance, handler=("chat", event), **fields)
            # A recorder of another process.
            recorder.flush()
            recorder = ManualRecorder()
        assert DeliveryCount.objects.all().total() == sum(map(len, batches))
        by_hour: Counter[tuple[Any, ...]] = Counter()
        by_reason: Counter[tuple[str, ...]] = Counter()
        refused: Counter[tuple[Any, ...]] = Counter()
        for row in DeliveryCount.objects.all():
            hour = row.minute.replace(minute=0)
            by_hour[hour, row.hub, row.category, row.event, row.outcome, row.reason] += row.count
            by_reason[row.outcome, row.reason] += row.count
            if row.outcome == Outcome.REFUSED:
                refused[hour, row.instance_id, row.reason] += row.count
        columns = ("hour", "hub", "category", "event", "outcome", "reason", "count")
        hours = DeliveryHour.objects.values_list(*columns)
        assert {tuple(kind): number for *kind, number in hours} == by_hour
        refusals = RefusalHour.objects.values_list("hour", "instance", "reason", "count")
        assert {tuple(kind): number for *kind, number in refusals} == refused
        totals = DeliveryTotal.objects.values_list("outcome", "reason", "count")
        assert {tuple(kind): number for *kind, number in totals} == by_reason
        metric = MetricValue.objects.filter(name="deliveries").values_list("labels", "value")
        assert {tuple(labels): number for labels, number in metric} == by_reason
