"""The database refuses what Azure would: two identities, or a user-assigned type without one."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)

pytestmark = pytest.mark.django_db

SUBSCRIPTION_ID = uuid.uuid4()
USER_ASSIGNED_ID = (
    f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/apps"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app-identity"
)


@pytest.fixture
def instance() -> SignalRInstance:
    """An instance as `save` makes it."""
    subscription = Subscription.objects.create(
        subscription_id=SUBSCRIPTION_ID, tenant_id=uuid.uuid4()
    )
    return SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )


@pytest.fixture
def user_assigned() -> UserAssignedIdentity:
    """A user-assigned identity that an instance can be given."""
    return UserAssignedIdentity.objects.create(arm_id=USER_ASSIGNED_ID)


def test_a_new_instance_has_the_identity_none(instance: SignalRInstance) -> None:
    assert instance.identity.type == "None"


def test_saving_again_keeps_the_identity(instance: SignalRInstance) -> None:
    identity = instance.identity
    instance.save()
    assert ManagedIdentity.objects.get(instance=instance) == identity


def test_the_database_refuses_a_second_identity(instance: SignalRInstance) -> None:
    with pytest.raises(IntegrityError):
        ManagedIdentity.objects.create(instance=instance, type="SystemAssigned")


def test_the_database_refuses_user_assigned_without_its_identity(
    instance: SignalRInstance,
) -> None:
    with pytest.raises(IntegrityError, match="user_assigned_names_its_identity"):
        ManagedIdentity.objects.filter(instance=instance).update(type="UserAssigned")


@pytest.mark.parametrize("kind", ["None", "SystemAssigned"])
def test_the_database_refuses_an_identity_that_the_type_does_not_use(
    instance: SignalRInstance, user_assigned: UserAssignedIdentity, kind: str
) -> None:
    with pytest.raises(IntegrityError, match="user_assigned_names_its_identity"):
        ManagedIdentity.objects.filter(instance=instance).update(
            type=kind, user_assigned=user_assigned
        )


def test_the_database_refuses_both_identities_at_once(
    instance: SignalRInstance, user_assigned: UserAssignedIdentity
) -> None:
    with pytest.raises(IntegrityError, match="identity_type_is_arms"):
        ManagedIdentity.objects.filter(instance=instance).update(type="System,User")


def test_form_error_names_what_to_choose(instance: SignalRInstance) -> None:
    instance.identity.type = "UserAssigned"
    with pytest.raises(ValidationError, match="Choose a user-assigned identity"):
        instance.identity.full_clean()


def test_a_name_is_taken_in_any_case(instance: SignalRInstance) -> None:
    twin = SignalRInstance(
        name="CHAT-prod", subscription=instance.subscription, resource_group="apps"
    )
    with pytest.raises(ValidationError, match="already in Signalman"):
        twin.full_clean()


def test_a_user_assigned_identity_is_known_once_in_any_case(
    user_assigned: UserAssignedIdentity,
) -> None:
    with pytest.raises(IntegrityError):
        UserAssignedIdentity.objects.create(arm_id=USER_ASSIGNED_ID.upper())


def test_a_user_assigned_identity_is_named_by_its_id(user_assigned: UserAssignedIdentity) -> None:
    assert user_assigned.name == "app-identity"
