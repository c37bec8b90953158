from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.inventory.import_subscription import import_subscription
from sync.models import AuditEvent, Operation, OperationStep, StatusCount
from sync.operations import periodic_jobs, tasks
from tests.cloud import LocalAzure
from tests.sync.worker import drive, imported, set_desired, signed_lab

pytestmark = pytest.mark.django_db

ID = UUID(seed.SUBSCRIPTION_ID)


def fleet() -> Subscription:
    import_subscription(ID)
    return Subscription.objects.get(pk=ID)


def test_refresh_counts_instances_by_status(local_azure: LocalAzure) -> None:
    fleet()
    lab = SignalRInstance.objects.with_desired().get(name=seed.LAB)
    set_desired(lab, "SystemAssigned")
    count = periodic_jobs.refresh_and_count(ID)
    assert count is not None
    assert (count.out_of_sync, count.paused) == (1, 0)
    assert count.synced == SignalRInstance.objects.count() - 1


def test_unchanged_counts_add_no_row(local_azure: LocalAzure) -> None:
    fleet()
    first = periodic_jobs.refresh_and_count(ID)
    assert periodic_jobs.refresh_and_count(ID) == first
    set_desired(SignalRInstance.objects.with_desired().get(name=seed.LAB), "SystemAssigned")
    periodic_jobs.refresh_and_count(ID)
    assert [count.out_of_sync for count in StatusCount.objects.all()] == [1, 0]


def test_paused_instance_is_neither_read_nor_compared(local_azure: LocalAzure) -> None:
    fleet()
    lab = SignalRInstance.objects.with_desired().get(name=seed.LAB)
    set_desired(lab, "SystemAssigned")
    set_policy(lab, Policy.PAUSE, who="ada")
    count = periodic_jobs.refresh_and_count(ID)
    assert count is not None
    assert (count.out_of_sync, count.paused) == (0, 1)
    assert SignalRInstance.objects.get(name=seed.LAB).observed_at == lab.observed_at


def test_paused_fleet_is_not_read(local_azure: LocalAzure) -> None:
    fleet()
    SignalRInstance.objects.update(policy="pause")
    assert periodic_jobs.due_refreshes() == {}


def test_refreshes_are_spread(local_azure: LocalAzure, settings: Settings) -> None:
    fleet()
    settings.SIGNALMAN_REFRESH_JITTER_SECONDS = 7.0
    assert 0 <= periodic_jobs.due_refreshes()[ID] <= 7


def test_unreadable_subscription_is_only_logged(
    local_azure: LocalAzure, caplog: pytest.LogCaptureFixture
) -> None:
    fleet()
    local_azure.post("/_local/faults", [{"method": "GET", "path": ".*", "status": 403}])
    tasks.refresh_subscription(str(ID))
    assert "could not be refreshed" in caplog.text
    assert not StatusCount.objects.exists()


def test_deleted_subscription_is_skipped(local_azure: LocalAzure) -> None:
    assert periodic_jobs.refresh_and_count(ID) is None


def test_deletes_old_operations_and_keeps_the_audit_trail(local_azure: LocalAzure) -> None:
    drive(signed_lab())
    trail = AuditEvent.objects.count()
    tasks.expire()
    assert Operation.objects.count() == 1
    assert periodic_jobs.expire(timezone.now() + timedelta(days=91)) == 1
    assert not OperationStep.objects.exists()
    assert AuditEvent.objects.count() == trail


def test_deletes_every_old_operation_in_one_pass(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    ended: dict[str, Any] = {"plan": {}, "state": "failed", "finished_at": operation.finished_at}
    Operation.objects.bulk_create(
        Operation(instance=operation.instance, **ended) for _ in range(2_500)
    )
    assert periodic_jobs.expire(timezone.now() + timedelta(days=91)) == 2_501
    assert not Operation.objects.exists()


def test_keeps_unfinished_operations(local_azure: LocalAzure) -> None:
    signed_lab()
    assert periodic_jobs.expire(timezone.now() + timedelta(days=365)) == 0


def test_keeps_the_current_count(local_azure: LocalAzure) -> None:
    subscription = imported(seed.LAB).subscription
    now = timezone.now()
    for days in (300, 200, 1):
        StatusCount.objects.create(subscription=subscription, at=now - timedelta(days=days))
    periodic_jobs.expire(now)
    ages = [(now - count.at).days for count in StatusCount.objects.all()]
    assert ages == [1, 200]
    assert StatusCount.objects.at(now - timedelta(days=100)).get().at == now - timedelta(days=200)
