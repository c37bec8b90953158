from __future__ import annotations

import pytest

from identities.models import UserAssignedIdentity
from localazure import seed
from sync.models import AuditEvent
from tests.cloud import LocalAzure
from tests.sync.commands import Outcome, run

pytestmark = pytest.mark.django_db


def create(name: str = "id-new", group: str = seed.REALTIME_GROUP) -> Outcome:
    return run(
        "create_user_assigned_identity",
        name,
        f"--subscription={seed.SUBSCRIPTION_ID}",
        f"--resource-group={group}",
        f"--location={seed.LOCATION}",
    )


def test_creates_identity_in_azure_and_stores_it(local_azure: LocalAzure) -> None:
    outcome = create()
    identity = UserAssignedIdentity.objects.get(name="id-new")
    assert identity.principal_id is not None
    assert str(identity.principal_id) in outcome.out
    event = AuditEvent.objects.get()
    assert (event.action, event.object) == ("create user-assigned identity", identity.arm_id)


def test_creating_again_changes_nothing(local_azure: LocalAzure) -> None:
    assert create().out == create().out
    assert UserAssignedIdentity.objects.count() == 1


def test_refuses_invalid_name_before_calling_azure(local_azure: LocalAzure) -> None:
    assert "full resource ID" in create("no!").error
    assert local_azure.requests("PUT") == []


def test_refusal_by_azure_is_reported(local_azure: LocalAzure) -> None:
    outcome = create(group="rg-nowhere")
    assert outcome.code == 1
    assert "rg-nowhere" in outcome.error
    assert not UserAssignedIdentity.objects.exists()
