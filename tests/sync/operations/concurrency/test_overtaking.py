"""Answers of Azure that arrive in another order than their requests."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from arm.errors import NotFound
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.desired.state import observed_state
from sync.inventory.import_subscription import import_instance
from sync.inventory.refresh import refresh
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db


@pytest.fixture
def behind(local_azure: LocalAzure) -> SignalRInstance:
    """An instance in memory whose row another process has refreshed since."""
    local_azure.post("/_local/operations", {"seconds": 0})
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        import_instance(seed.SUBSCRIPTION_ID, seed.PAYMENTS_GROUP, seed.LAB)
    held = stored()
    refresh(stored())
    return held


def stored() -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=seed.LAB)


def test_answer_requested_earlier_does_not_overwrite_a_later_one(
    behind: SignalRInstance,
) -> None:
    latest = stored()
    identity = {"identity": {"type": "SystemAssigned"}}
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, identity)
    with time_machine.travel(timezone.now() - timedelta(minutes=30)):
        answer = refresh(behind)
    assert answer.state.identity.type == "SystemAssigned"
    assert stored().observed_at == latest.observed_at
    assert stored().identity.principal_id is None
    assert observed_state(behind) == observed_state(stored()) == observed_state(latest)


def test_absence_requested_earlier_does_not_hide_a_later_answer(
    local_azure: LocalAzure, behind: SignalRInstance
) -> None:
    gone = {"path": seed.LAB, "status": 404, "body": {"error": {"code": "ResourceNotFound"}}}
    local_azure.post("/_local/faults", [gone])
    with time_machine.travel(timezone.now() - timedelta(minutes=30)), pytest.raises(NotFound):
        refresh(behind)
    assert stored().missing_since is None
    assert observed_state(stored()) is not None
