from __future__ import annotations

import pytest

from sync.errors import OperationFinished
from sync.models import AuditEvent
from sync.operations.cancel import cancel
from tests.cloud import LocalAzure
from tests.sync.worker import drive, drive_to, patches, signed_lab

pytestmark = pytest.mark.django_db


def test_queued_operation_is_cancelled_at_once(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    cancel(operation, who="grace")
    assert (operation.state, operation.waiting_for) == ("cancelled", "")
    event = AuditEvent.objects.latest("pk")
    assert (event.who, event.action) == ("grace", "cancel apply")
    assert drive(operation).state == "cancelled"
    assert patches(local_azure) == []


def test_running_operation_is_cancelled_after_its_current_step(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    drive_to(operation, "polling")
    cancel(operation, who="grace")
    assert operation.state == "running"
    assert drive(operation).state == "cancelled"
    assert [step.state for step in operation.steps.all()] == ["done", "pending"]
    assert len(patches(local_azure)) == 1


def test_finished_operation_cannot_be_cancelled(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    with pytest.raises(OperationFinished):
        cancel(operation, who="grace")
    assert operation.state == "succeeded"
