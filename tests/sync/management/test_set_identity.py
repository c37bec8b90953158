"""manage.py set_identity changes the desired identity, or explains why not."""

from __future__ import annotations

import io
import uuid

import pytest
from django.core.management import CommandError, call_command

from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def identity() -> ManagedIdentity:
    """The identity of a new instance: None."""
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    return SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    ).identity


@pytest.fixture
def user_assigned() -> UserAssignedIdentity:
    """An identity that was imported."""
    return UserAssignedIdentity.objects.create(
        arm_id=f"/subscriptions/{uuid.uuid4()}/resourceGroups/apps"
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app-identity"
    )


def set_identity(*options: str) -> str:
    """Run the command on the instance, with its name in another case."""
    output = io.StringIO()
    call_command("set_identity", "CHAT-PROD", *options, stdout=output)
    return output.getvalue()


def test_changes_any_type_to_any_other(
    identity: ManagedIdentity, user_assigned: UserAssignedIdentity
) -> None:
    for options, kind, chosen in [
        (["--system-assigned"], "SystemAssigned", None),
        (["--user-assigned", user_assigned.arm_id.upper()], "UserAssigned", user_assigned),
        (["--none"], "None", None),
    ]:
        set_identity(*options)
        identity.refresh_from_db()
        assert (identity.type, identity.user_assigned) == (kind, chosen)


def test_prints_the_desired_identity(identity: ManagedIdentity) -> None:
    assert "desired identity of chat-prod is System assigned" in set_identity("--system-assigned")


def test_names_unknown_identity(identity: ManagedIdentity) -> None:
    with pytest.raises(CommandError, match="Unknown user-assigned identity '/x'"):
        set_identity("--user-assigned", "/x")


def test_names_unknown_instance(db: None) -> None:
    with pytest.raises(CommandError, match="Unknown instance 'CHAT-PROD'"):
        set_identity("--none")
