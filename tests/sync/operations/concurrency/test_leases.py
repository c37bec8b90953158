"""A worker whose lease ended, or whose operation another worker claimed, sends nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from localazure import seed
from sync.components.component import Write
from sync.components.identity import IdentityComponent
from sync.models import Operation
from sync.operations import run
from sync.operations.claims import ClaimLost, claim
from sync.operations.run import run_stage
from tests.cloud import LocalAzure
from tests.sync.worker import imported, patches, set_desired, start

pytestmark = pytest.mark.django_db
RUNS = 50


@pytest.fixture
def operation(local_azure: LocalAzure) -> Operation:
    return start(set_desired(imported(seed.LAB), "SystemAssigned"))


def test_sends_nothing_when_overtaken_immediately_before_the_write(
    local_azure: LocalAzure, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """50 runs: the worker freezes after its step is recorded as being sent."""
    write = IdentityComponent.write

    def frozen(self: IdentityComponent, asked: Write) -> object:
        Operation.objects.filter(pk=operation.pk).update(fence=F("fence") + 1, attempt=1)
        return write(self, asked)

    monkeypatch.setattr(IdentityComponent, "write", frozen)
    for _ in range(RUNS):
        operation.refresh_from_db()
        assert operation.due_at is not None
        now = max(filter(None, (operation.due_at, operation.lease_until)))
        assert run_stage(operation.pk, now + timedelta(seconds=1)) is None
    assert patches(local_azure) == []


def test_sends_nothing_when_the_lease_has_ended(
    local_azure: LocalAzure, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*arguments: object) -> object:
        held = claim(*arguments)  # type: ignore[arg-type]
        return held and replace(held, expires=time.monotonic())

    monkeypatch.setattr(run, "claim", ended)
    assert operation.due_at is not None
    assert run_stage(operation.pk, operation.due_at) is None
    assert patches(local_azure) == []


def test_a_current_claim_may_write(operation: Operation) -> None:
    assert operation.due_at is not None
    held = claim(operation.pk, operation.due_at)
    assert held is not None
    held.require_lease()
    Operation.objects.filter(pk=operation.pk).update(fence=F("fence") + 1)
    with pytest.raises(ClaimLost):
        held.require_lease()


def test_an_ended_operation_writes_nothing(operation: Operation) -> None:
    assert operation.due_at is not None
    held = claim(operation.pk, operation.due_at)
    assert held is not None
    held.finish(Operation.State.FAILED)
    with pytest.raises(ClaimLost):
        held.require_lease()
