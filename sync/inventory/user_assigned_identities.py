"""User-assigned identities: storing what Azure answered, and creating one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import transaction

from arm.errors import ArmError
from arm.resources import UserAssignedIdentityResource
from identities.models import Subscription, UserAssignedIdentity
from identities.validators import validate_user_assigned_id
from sync.azure_client import arm_client
from sync.record_audit import record_change

_LEARNT: Final = ("location", "tenant_id", "principal_id", "client_id")
_BATCH: Final = 500


def save_identities(
    answers: Iterable[UserAssignedIdentityResource],
) -> dict[str, UserAssignedIdentity]:
    """Save identities as Azure answered, and return their rows by lower-case ARM id.

    What an answer leaves out is kept: an instance that names an identity does not name its tenant
    or location. An identity that cannot be read itself is therefore known as well.
    """
    by_id = {answer.arm_id.lower(): answer for answer in answers}
    rows = UserAssignedIdentity.objects.by_arm_id(by_id)
    changed = [row for key, row in rows.items() if _learn(row, by_id[key])]
    UserAssignedIdentity.objects.bulk_update(changed, _LEARNT, batch_size=_BATCH)
    new = {key: _row(answer) for key, answer in by_id.items() if key not in rows}
    if not new:
        return rows
    # Another process may have stored them since they were looked up; its rows are returned then.
    UserAssignedIdentity.objects.bulk_create(new.values(), batch_size=_BATCH, ignore_conflicts=True)
    return rows | UserAssignedIdentity.objects.by_arm_id(new)


def read_identities(subscriptions: Iterable[Subscription]) -> list[str]:
    """Read the user-assigned identities of these subscriptions; return a message for each failure.

    A deleted identity keeps its row: the desired state of an instance may name it.
    """
    problems: list[str] = []
    for subscription in subscriptions:
        try:
            save_identities(arm_client(subscription.pk).list_user_assigned_identities())
        except ArmError as error:
            problems.append(f"{subscription}: {error}")
    return problems


def create_identity(
    name: str, *, subscription_id: UUID, resource_group: str, location: str, who: str
) -> UserAssignedIdentity:
    """Create a user-assigned identity in Azure and record it, and return its row.

    Without a plan: an identity that nothing uses affects nothing. Raises ValidationError for names
    that Azure does not accept, and ArmError.
    """
    validate_user_assigned_id(
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
    created = arm_client(subscription_id).create_user_assigned_identity(
        resource_group, name, location=location
    )
    with transaction.atomic():
        row = save_identities([created])[created.arm_id.lower()]
        after = {"location": created.location, "principal_id": str(created.principal_id)}
        record_change(row, "create user-assigned identity", who=who, after=after)
    return row


def _row(answer: UserAssignedIdentityResource) -> UserAssignedIdentity:
    row = UserAssignedIdentity(arm_id=answer.arm_id, name=answer.name)
    _learn(row, answer)
    return row


def _learn(row: UserAssignedIdentity, answer: UserAssignedIdentityResource) -> bool:
    """Store what `answer` names; return whether that changed the row."""
    changed = {
        name: value
        for name in _LEARNT
        if (value := getattr(answer, name)) and value != getattr(row, name)
    }
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
