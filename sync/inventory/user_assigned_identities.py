"""User-assigned identities, which instances borrow: keeping what Azure answered about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Lower

from arm.errors import ArmError
from arm.resources import UserAssignedIdentityResource
from identities.models import Subscription, UserAssignedIdentity
from identities.names import validate_user_assigned_id
from sync.audit import record_change
from sync.azure_client import arm_client

_LEARNT: Final = ("location", "tenant_id", "principal_id", "client_id")
_BATCH: Final = 500


def known_identities(arm_ids: Iterable[str]) -> dict[str, UserAssignedIdentity]:
    """Return the rows of these ARM ids, in any case, by their lower-case id."""
    keys = {arm_id.lower() for arm_id in arm_ids}
    rows = UserAssignedIdentity.objects.annotate(key=Lower("arm_id")).filter(key__in=keys)
    return {row.arm_id.lower(): row for row in rows}


def remember_identities(
    answers: Iterable[UserAssignedIdentityResource],
) -> dict[str, UserAssignedIdentity]:
    """Save identities as Azure answered them, and return their rows by lower-case ARM id.

    What an answer leaves out is kept as it was: an instance that names an identity does not name
    its tenant or location. So an identity that cannot be read is known all the same.
    """
    by_id = {answer.arm_id.lower(): answer for answer in answers}
    rows = known_identities(by_id)
    changed = [row for key, row in rows.items() if _learn(row, by_id[key])]
    UserAssignedIdentity.objects.bulk_update(changed, _LEARNT, batch_size=_BATCH)
    new = {key: _row(answer) for key, answer in by_id.items() if key not in rows}
    UserAssignedIdentity.objects.bulk_create(new.values(), batch_size=_BATCH)
    return rows | new


def read_identities(subscriptions: Iterable[Subscription]) -> list[str]:
    """Read the user-assigned identities of these subscriptions; return a sentence for each failure.

    One that Azure has no more stays known: an instance may be wanted to have it.
    """
    problems: list[str] = []
    for subscription in subscriptions:
        try:
            remember_identities(arm_client(subscription.pk).list_user_assigned_identities())
        except ArmError as error:
            problems.append(f"{subscription}: {error}")
    return problems


def make_identity(
    name: str, *, subscription_id: UUID, resource_group: str, location: str, who: str
) -> UserAssignedIdentity:
    """Make a user-assigned identity in Azure at once, on record, and return its row.

    An identity that nothing uses changes nothing, so that no plan comes before it. Raises
    ValidationError for names that Azure does not take, and ArmError.
    """
    validate_user_assigned_id(
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
        f"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
    made = arm_client(subscription_id).create_user_assigned_identity(
        resource_group, name, location=location
    )
    with transaction.atomic():
        row = remember_identities([made])[made.arm_id.lower()]
        after = {"location": made.location, "principal_id": str(made.principal_id)}
        record_change(row, "write user-assigned identity", who=who, after=after)
    return row


def _row(answer: UserAssignedIdentityResource) -> UserAssignedIdentity:
    row = UserAssignedIdentity(arm_id=answer.arm_id, name=answer.name)
    _learn(row, answer)
    return row


def _learn(row: UserAssignedIdentity, answer: UserAssignedIdentityResource) -> bool:
    """Take over what `answer` names; return whether that changed the row."""
    news = {
        name: value
        for name in _LEARNT
        if (value := getattr(answer, name)) and value != getattr(row, name)
    }
    for name, value in news.items():
        setattr(row, name, value)
    return bool(news)
