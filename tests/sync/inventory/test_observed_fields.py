from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from arm.resources import SignalRResource, UserAssignedIdentityResource
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from sync.desired.state import observed_state
from sync.inventory.observed_fields import (
    Observation,
    observation_of,
    observe,
    observe_absence,
    save_observed,
)
from sync.inventory.user_assigned_identities import save_identities

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBSCRIPTION = UUID("bbbbbbbb-0000-4000-8000-000000000001")
TENANT = UUID("aaaaaaaa-0000-4000-8000-000000000001")
OTHER_TENANT = UUID("aaaaaaaa-0000-4000-8000-000000000002")
PRINCIPAL = UUID("eeeeeeee-0000-4000-8000-000000000001")
SHARED_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/Shared"
)


@pytest.fixture
def instance() -> SignalRInstance:
    """An instance that was never read."""
    subscription = Subscription.objects.create(subscription_id=SUBSCRIPTION, tenant_id=TENANT)
    return SignalRInstance.objects.create(
        name="contoso", subscription=subscription, resource_group="rg"
    )


def _resource(identity: dict[str, object] | None = None) -> SignalRResource:
    return SignalRResource.from_arm(
        {
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
            "/Microsoft.SignalRService/SignalR/contoso",
            "identity": identity,
        }
    )


def _user_assigned(**ids: str) -> SignalRResource:
    return _resource({"type": "UserAssigned", "userAssignedIdentities": {SHARED_ID: ids}})


def _seen(resource: SignalRResource, at: datetime = NOW) -> Observation:
    rows = {row.arm_id.lower(): row for row in UserAssignedIdentity.objects.all()}
    return observation_of(resource, at=at, subscription=Subscription.objects.get(), identities=rows)


def test_unchanged_answer_updates_only_its_time(instance: SignalRInstance) -> None:
    assert observe(instance, _seen(_resource()))
    later = NOW + timedelta(minutes=1)
    assert not observe(instance, _seen(_resource(), at=later))
    assert instance.observed_at == later


def test_outdated_answer_is_ignored(instance: SignalRInstance) -> None:
    observe(instance, _seen(_resource()))
    earlier = NOW - timedelta(seconds=1)
    system = _resource({"type": "SystemAssigned", "principalId": str(PRINCIPAL)})
    assert not observe(instance, _seen(system, at=earlier))
    assert not observe_absence(instance, at=earlier)
    assert observed_state(instance) == _resource().state


def test_system_assigned_identity_without_tenant_has_the_subscriptions(
    instance: SignalRInstance,
) -> None:
    observe(instance, _seen(_resource({"type": "SystemAssigned", "principalId": str(PRINCIPAL)})))
    assert (instance.identity.principal_id, instance.identity.tenant_id) == (PRINCIPAL, TENANT)


def test_removed_identity_has_no_principal(instance: SignalRInstance) -> None:
    observe(instance, _seen(_resource({"type": "SystemAssigned", "principalId": str(PRINCIPAL)})))
    observe(instance, _seen(_resource(), at=NOW + timedelta(minutes=1)))
    assert (instance.identity.principal_id, instance.identity.tenant_id) == (None, None)


def test_user_assigned_identitys_row_completes_the_instances_answer(
    instance: SignalRInstance,
) -> None:
    UserAssignedIdentity.objects.create(
        arm_id=SHARED_ID, principal_id=PRINCIPAL, tenant_id=OTHER_TENANT
    )
    observe(instance, _seen(_user_assigned()))
    identity = instance.identity
    assert (identity.principal_id, identity.tenant_id) == (PRINCIPAL, OTHER_TENANT)


def test_saving_the_observed_state_keeps_the_desired_state(instance: SignalRInstance) -> None:
    instance.identity.type = "SystemAssigned"
    observe(instance, _seen(_resource()))
    save_observed([instance], [])
    instance.identity.refresh_from_db()
    assert instance.identity.type == "None"


def test_identity_is_one_row_in_any_case_of_its_id() -> None:
    save_identities([UserAssignedIdentityResource(SHARED_ID, "Shared")])
    save_identities([UserAssignedIdentityResource(SHARED_ID.upper(), "SHARED")])
    assert UserAssignedIdentity.objects.get().arm_id == SHARED_ID


def test_reference_to_an_identity_keeps_what_its_own_answer_said() -> None:
    own = UserAssignedIdentityResource(SHARED_ID, "Shared", "westeurope", TENANT, PRINCIPAL)
    save_identities([own])
    save_identities([UserAssignedIdentityResource(SHARED_ID, "Shared")])
    row = UserAssignedIdentity.objects.get()
    assert (row.location, row.tenant_id, row.principal_id) == ("westeurope", TENANT, PRINCIPAL)
