"""Instances for tests of the API that need no Azure."""

from __future__ import annotations

from typing import Any

from identities.models import SignalRInstance, Subscription, UserAssignedIdentity

SUBSCRIPTION_ID = "bbbbbbbb-0000-4000-8000-000000000009"
TENANT_ID = "aaaaaaaa-0000-4000-8000-000000000009"


def instance(name: str = "contoso-a", **fields: Any) -> SignalRInstance:
    """Return a new instance that was never read from Azure."""
    subscription, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, tenant_id=TENANT_ID
    )
    return SignalRInstance.objects.create(
        name=name, subscription=subscription, resource_group="rg", **fields
    )


def user_assigned(name: str = "id-one") -> UserAssignedIdentity:
    """Return a new user-assigned identity."""
    return UserAssignedIdentity.objects.create(
        arm_id=f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg/providers"
        f"/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
