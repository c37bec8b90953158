"""Instances with a desired and an observed state, without Azure."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from arm.instance_state import IdentityState, InstanceState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from tests.api import fleet
from upstreams.url_templates.arm_json import load_templates

PRINCIPAL_ID = "eeeeeeee-0000-4000-8000-000000000009"
SIGNED: dict[str, Any] = {
    "hubPattern": "chat",
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://receiver"}},
}


def observed(
    identity: IdentityState | None = None, *documents: dict[str, Any], name: str = "contoso-a"
) -> SignalRInstance:
    """Return a managed instance whose observed state equals its desired state."""
    state = IdentityState("SystemAssigned") if identity is None else identity
    row = fleet.instance(name, policy=SignalRInstance.Policy.MANAGE)
    user_assigned = None
    if state.user_assigned_id:
        user_assigned = UserAssignedIdentity.objects.with_arm_id(state.user_assigned_id).get()
    row.identity.become(ManagedIdentity.Type(state.type), user_assigned)
    row.identity.principal_id = None if state.type == "None" else PRINCIPAL_ID
    row.identity.save()
    templates = load_templates(row, list(documents))
    row.observed = InstanceState(state, tuple(each.state for each in templates)).to_json()
    row.observed_at = timezone.now()
    row.save()
    return SignalRInstance.objects.with_desired().get(pk=row.pk)


def assignable_identity(name: str = "id-one") -> UserAssignedIdentity:
    """Return a user-assigned identity as read from Azure."""
    row = fleet.user_assigned(name)
    row.principal_id, row.client_id = uuid4(), uuid4()
    row.save()
    return row
