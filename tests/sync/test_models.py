from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from identities.models import SignalRInstance, Subscription
from sync.models import AppendOnly, AuditEvent, Operation

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def instance() -> SignalRInstance:
    subscription = Subscription.objects.create(
        subscription_id="00000000-0000-0000-0000-000000000001",
        tenant_id="11111111-1111-1111-1111-111111111111",
    )
    return SignalRInstance.objects.create(
        name="contoso", subscription=subscription, resource_group="fleet"
    )


def make_operation(instance: SignalRInstance, **values: Any) -> Operation:
    values = {"plan": {}, "due_at": NOW, "waiting_for": "a worker"} | values
    return Operation.objects.create(instance=instance, **values)


def assert_refused(instance: SignalRInstance, constraint: str, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_operation(instance, **values)


def test_instance_has_one_unfinished_operation(instance: SignalRInstance) -> None:
    make_operation(instance, state="running")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_operation(instance)
    make_operation(instance, state="succeeded", finished_at=NOW)


def test_unfinished_operation_says_what_it_waits_for(instance: SignalRInstance) -> None:
    constraint = "an_unfinished_operation_says_what_it_waits_for"
    assert_refused(instance, constraint, waiting_for="")
    assert_refused(instance, constraint, due_at=None)


def test_finished_operation_has_no_claim(instance: SignalRInstance) -> None:
    done = {"state": "failed", "finished_at": NOW}
    constraint = "a_finished_operation_holds_nothing"
    assert_refused(instance, constraint, **done, continuation="https://signed.example/")
    assert_refused(instance, constraint, **done, lease_until=NOW)
    assert_refused(instance, constraint, state="failed")


@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        ({}, True),
        ({"due_at": NOW + timedelta(seconds=1)}, False),
        ({"lease_until": NOW + timedelta(seconds=1)}, False),
        ({"lease_until": NOW}, True),
        ({"state": "running"}, True),
        ({"state": "cancelled", "finished_at": NOW}, False),
    ],
)
def test_due_operations_are_unclaimed_and_their_time_has_come(
    instance: SignalRInstance, values: dict[str, Any], is_due: bool
) -> None:
    make_operation(instance, **values)
    assert Operation.objects.due(NOW).exists() == is_due


@pytest.mark.parametrize(("seconds_ago", "is_returned"), [(None, True), (29, False), (30, True)])
def test_operations_not_enqueued_since_a_moment(
    instance: SignalRInstance, seconds_ago: int | None, is_returned: bool
) -> None:
    enqueued_at = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    make_operation(instance, enqueued_at=enqueued_at)
    found = Operation.objects.not_enqueued_since(NOW - timedelta(seconds=30))
    assert found.exists() == is_returned


def test_audit_event_cannot_be_changed_or_deleted() -> None:
    event = AuditEvent.objects.create(who="ada", action="write", object="contoso")
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()
    with pytest.raises(AppendOnly):
        AuditEvent.objects.update(who="eve")
    with pytest.raises(AppendOnly):
        AuditEvent.objects.all().delete()


def test_audit_event_requires_an_actor() -> None:
    with pytest.raises(IntegrityError, match="an_audit_event_says_who"), transaction.atomic():
        AuditEvent.objects.create(who="", action="write", object="contoso")


def test_audit_trail_outlives_the_operation(instance: SignalRInstance) -> None:
    operation = make_operation(instance)
    AuditEvent.objects.create(who="ada", action="write", object="x", operation_id=operation.pk)
    instance.delete()
    assert AuditEvent.objects.get().operation_id == operation.pk
