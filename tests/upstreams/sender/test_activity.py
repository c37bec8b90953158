"""The sender's activity is noted in memory, and stored now and then."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from identities.models import SignalRInstance, Subscription
from upstreams.models import DeliveryCount, SenderActivity
from upstreams.receiver.configuration import configuration
from upstreams.receiver.deliveries.recorder import Recorder
from upstreams.receiver.deliveries.records import DeliveryRecord, Kind
from upstreams.sender.activity import Activity, activity

pytestmark = pytest.mark.django_db

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def instance() -> SignalRInstance:
    subscription = Subscription.objects.create(subscription_id=TENANT, tenant_id=TENANT)
    return SignalRInstance.objects.create(
        name="Chat-Prod", subscription=subscription, resource_group="apps"
    )


def stored(instance: SignalRInstance) -> tuple[float | None, float | None]:
    row = SenderActivity.objects.get(instance=instance)
    sent, refused = row.sent_at, row.refused_at
    return (sent.timestamp() if sent else None, refused.timestamp() if refused else None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, (True, False)), (202, (True, False)), (401, (False, True)), (403, (False, True))],
)
def test_stores_accepted_and_refused_calls(
    instance: SignalRInstance, status: int, expected: tuple[bool, bool]
) -> None:
    activity = Activity(Clock())
    activity.note("chat-prod", status)
    activity.store()
    sent, refused = stored(instance)
    assert (sent is not None, refused is not None) == expected


@pytest.mark.parametrize("status", [404, 413, 429, 500, 503])
def test_other_answers_say_nothing(instance: SignalRInstance, status: int) -> None:
    activity = Activity(Clock())
    activity.note("chat-prod", status)
    activity.store()
    assert not SenderActivity.objects.filter(instance=instance).exists()


def test_stores_each_outcome_once_a_minute(instance: SignalRInstance) -> None:
    clock = Clock()
    activity = Activity(clock)
    for seconds, expected in ((0, 0), (59, 0), (60, 60)):
        clock.now = Clock.now + seconds
        activity.note("chat-prod", 200)
        activity.store()
        assert stored(instance) == (Clock.now + expected, None)


def test_keeps_the_later_time_of_two_processes(instance: SignalRInstance) -> None:
    early, late = Clock(), Clock()
    early.now -= 5
    for clock in (late, early):
        activity = Activity(clock)
        activity.note("chat-prod", 200)
        activity.store()
    assert stored(instance) == (Clock.now, None)


def test_unknown_instances_are_left_out() -> None:
    activity = Activity()
    activity.note("nowhere", 200)
    activity.store()
    assert not SenderActivity.objects.exists()


def test_keeps_what_could_not_be_stored(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = Activity(Clock())
    activity.note("chat-prod", 200)
    with monkeypatch.context() as context:
        context.setattr(SenderActivity.objects, "record", _fail)
        with pytest.raises(DatabaseError):
            activity.store()
    activity.store()
    assert stored(instance) == (Clock.now, None)


def _fail(*_arguments: object, **_options: object) -> None:
    raise DatabaseError


def test_outage_of_activity_counts_no_delivery_twice(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(configuration)
    monkeypatch.setattr(SenderActivity.objects, "record", _fail)
    activity.note("chat-prod", 200)
    kind = Kind(0, instance.pk, "chat", "messages", "say", "accepted", "")
    recorder.record(kind, lambda: DeliveryRecord(instance.pk, 0.0, 0.001, 200, "accepted"))
    try:
        recorder.flush()
        recorder.flush()
    finally:
        activity.forget()
        recorder.forget()
    assert DeliveryCount.objects.total() == 1
