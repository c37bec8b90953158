"""User-assigned identities, which instances borrow: keeping what Azure answered about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models.functions import Lower

from arm.resources import UserAssignedIdentityResource
from identities.models import UserAssignedIdentity

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
