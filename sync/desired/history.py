"""Changing the desired state, with a revision and an audit event for each change.

Change desired rows inside `changing_desired`, or call `record_desired` in the transaction of the
change. A revision is written only if the state differs from the last one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from arm.instance_state import InstanceState
from identities.models import SignalRInstance, UserAssignedIdentity
from sync.components.registry import REGISTRY
from sync.desired.state import declared_state
from sync.desired.sync_status import save_statuses_of
from sync.models import AuditEvent, DesiredRevision
from sync.planning.errors import SyncError
from upstreams.models import TokenResource
from upstreams.url_templates.redaction import redacted

_BATCH: Final = 500


class NoSuchRevision(SyncError):
    """The instance's history has no revision of that number, or it cannot be restored."""


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a change: the actor, the action and the change note."""

    who: str
    action: str
    comment: str = ""


# For rows that were changed without a revision, so that no state is lost.
_FOUND: Final = Author("unknown", "found")


@contextmanager
def changing_desired(instance: SignalRInstance, author: Author) -> Iterator[None]:
    """Change the desired state of `instance` in this block: atomically, with an audit event."""
    with transaction.atomic():
        # Concurrent changes take turns, so that each revision includes the ones before it.
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        record_desired([instance.pk], _FOUND)
        yield
        record_desired([instance.pk], author)


def record_desired(instance_ids: Sequence[int], author: Author) -> list[DesiredRevision]:
    """Record a revision for each of these instances whose declared state changed.

    Returns the new revisions. Call it in the transaction of the change. The number of queries does
    not grow with the instances.
    """
    rows = SignalRInstance.objects.with_desired().filter(pk__in=instance_ids)
    return record_states([(row, declared_state(row)) for row in rows], author)


def record_states(
    declared: Sequence[tuple[SignalRInstance, InstanceState]], author: Author
) -> list[DesiredRevision]:
    """Record revisions as `record_desired` does, of rows whose declared state is known."""
    keys = [row.pk for row, _ in declared]
    TokenResource.objects.mark_used(keys)
    last = DesiredRevision.objects.last_of_each(keys)
    changed: list[tuple[SignalRInstance, InstanceState]] = []
    revisions: list[DesiredRevision] = []
    events: list[AuditEvent] = []
    for row, state in declared:
        before = last.get(row.pk)
        if before is None or before.read_state() != state:
            revision = _revision(row, before, state, author)
            changed.append((row, state))
            revisions.append(revision)
            events.append(_event(row, before, revision))
    DesiredRevision.objects.bulk_create(revisions, batch_size=_BATCH)
    AuditEvent.objects.bulk_create(events, batch_size=_BATCH)
    save_statuses_of(changed)
    return revisions


def set_desired_state(instance: SignalRInstance, state: InstanceState, author: Author) -> None:
    """Replace the declared state of `instance` and record it. Nothing is sent to Azure.

    Raises NoSuchRevision if `state` names a user-assigned identity that Signalman does not know.
    """
    arm_id = state.identity.user_assigned_id
    if arm_id and not UserAssignedIdentity.objects.with_arm_id(arm_id).exists():
        raise NoSuchRevision(
            f"{instance}: Signalman does not know the user-assigned identity {arm_id}. Import its "
            "subscription first."
        )
    with changing_desired(instance, author):
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        for component in REGISTRY.declared:
            component.copy_observed([(row, state)])


def rollback(instance: SignalRInstance, number: int, *, who: str, comment: str = "") -> None:
    """Make revision `number` the desired state again, as a new revision. Nothing is sent to Azure.

    Raises NoSuchRevision.
    """
    revision = DesiredRevision.objects.filter(instance=instance, number=number).first()
    if revision is None:
        raise NoSuchRevision(
            f"{instance} has no revision {number}: `manage.py history {instance}` lists them."
        )
    set_desired_state(
        instance, revision.read_state(), Author(who, f"rollback to {number}", comment)
    )


def _revision(
    row: SignalRInstance, before: DesiredRevision | None, state: InstanceState, author: Author
) -> DesiredRevision:
    document = state.to_json()
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return DesiredRevision(
        instance=row,
        number=before.number + 1 if before else 1,
        state=document,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
        who=author.who,
        action=author.action,
        comment=author.comment,
    )


def _event(
    row: SignalRInstance, before: DesiredRevision | None, revision: DesiredRevision
) -> AuditEvent:
    return AuditEvent(
        at=revision.at,
        who=revision.who,
        action=f"desired state: {revision.action}",
        object=row.arm_id,
        before=redacted(before and before.state),
        after=redacted(revision.state),
    )
