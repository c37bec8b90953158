"""Migrations keep what they find: request requirements, permissions and counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from identities.models import SignalRInstance
from observability.counters import Series
from observability.models import MetricValue
from upstreams.models import DeliveryCount, DeliveryHour, RefusalHour, RequestRequirements
from upstreams.receiver.deliveries.storage import DELIVERIES

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)


def migrate(*name: str) -> None:
    """Migrate the app to that migration, or to the last one."""
    call_command("migrate", "upstreams", *name, verbosity=0, stdout=StringIO())


@pytest.mark.django_db(transaction=True)
def test_renaming_request_requirements_keeps_rows(instance: SignalRInstance) -> None:
    migrate("0006_wording")
    try:
        state = MigrationExecutor(connection).loader.project_state(("upstreams", "0006_wording"))
        state.apps.get_model("upstreams", "ReceiverDemands").objects.create(
            instance_id=instance.pk, signature=True, url_secret=True, url_secret_digest="digest"
        )
    finally:
        migrate()

    row = RequestRequirements.objects.get()
    assert (row.instance, row.signature, row.url_secret) == (instance, True, True)
    assert instance.request_requirements == row
    assert row.url_secret_digest == "digest"


@pytest.mark.django_db(transaction=True)
def test_renaming_request_requirements_keeps_permissions() -> None:
    permissions = apps.get_model("auth", "Permission").objects
    names = ["view_receiverdemands", "view_requestrequirements"]
    before = permissions.get(codename="view_requestrequirements").pk

    migrate("0006_wording")
    try:
        assert permissions.get(codename__in=names).pk == before
        assert permissions.get(pk=before).codename == "view_receiverdemands"
    finally:
        migrate()

    assert permissions.get(codename__in=names).pk == before
    assert permissions.get(pk=before).codename == "view_requestrequirements"


@pytest.mark.django_db(transaction=True)
def test_hours_and_metric_are_filled_from_existing_counts(instance: SignalRInstance) -> None:
    recorded: list[tuple[int, str, str, int]] = [
        (0, "accepted", "", 3),
        (59, "accepted", "", 4),
        (60, "accepted", "", 5),
        (61, "refused", "expired", 6),
        (600, "accepted", "", 7),
    ]
    migrate("0013_sender_activity")
    try:
        state = MigrationExecutor(connection).loader.project_state(
            ("upstreams", "0013_sender_activity")
        )
        counts = state.apps.get_model("upstreams", "DeliveryCount").objects
        totals = state.apps.get_model("upstreams", "DeliveryTotal").objects
        for minute, outcome, reason, number in recorded:
            at = NOON + timedelta(minutes=minute)
            counts.create(
                instance_id=instance.pk, minute=at, outcome=outcome, reason=reason, count=number
            )
        for outcome, reason, number in [("accepted", "", 100), ("refused", "expired", 6)]:
            totals.create(instance_id=instance.pk, outcome=outcome, reason=reason, count=number)
    finally:
        migrate()

    assert DeliveryCount.objects.count() == len(recorded)
    hours = DeliveryHour.objects.order_by("hour", "outcome").values_list("hour", "outcome", "count")
    assert list(hours) == [
        (NOON, "accepted", 7),
        (NOON + timedelta(hours=1), "accepted", 5),
        (NOON + timedelta(hours=1), "refused", 6),
        (NOON + timedelta(hours=10), "accepted", 7),
    ]
    # The totals count deliveries whose counts by the minute are deleted, too.
    MetricValue.objects.add({Series(DELIVERIES, ("accepted", "")): 1})
    metric = MetricValue.objects.filter(name=DELIVERIES).values_list("labels", "value")
    assert {tuple(labels): value for labels, value in metric} == {
        ("accepted", ""): 101,
        ("refused", "expired"): 6,
    }


@pytest.mark.django_db(transaction=True)
def test_refusals_are_filled_from_existing_counts(instance: SignalRInstance) -> None:
    other = SignalRInstance.objects.create(name="other", subscription=instance.subscription)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    recorded: list[tuple[SignalRInstance, int, str, str, str, int]] = [
        (instance, 0, "echo", "refused", "expired", 1),
        (instance, 0, "", "refused", "expired", 2),
        (instance, 59, "echo", "refused", "expired", 4),
        (instance, 59, "echo", "refused", "wrong_audience", 8),
        (instance, 59, "echo", "failed", "handler_error", 16),
        (instance, 59, "echo", "accepted", "", 32),
        (other, 59, "echo", "refused", "expired", 64),
        (other, -60, "echo", "refused", "expired", 128),
        # Longer ago than the table keeps.
        (other, -4 * 24 * 60, "echo", "refused", "expired", 256),
    ]
    migrate("0017_refusal_hours")
    try:
        for row, minute, event, outcome, reason, number in recorded:
            DeliveryCount.objects.create(
                instance=row,
                minute=hour + timedelta(minutes=minute),
                event=event,
                outcome=outcome,
                reason=reason,
                count=number,
            )
        # A process that did not wait for the migration stored the last of these minutes here, too.
        RefusalHour.objects.create(hour=hour, instance=other, reason="expired", count=1)
    finally:
        migrate()

    found = RefusalHour.objects.order_by("hour", "instance", "reason")
    assert list(found.values_list("hour", "instance", "reason", "count")) == [
        (hour - timedelta(hours=1), other.pk, "expired", 128),
        (hour, instance.pk, "expired", 7),
        (hour, instance.pk, "wrong_audience", 8),
        (hour, other.pk, "expired", 64),
    ]
