"""The history of what is wanted of instances: every change of it is recorded here, and only here.

Whoever changes wanted rows does so inside `wanting`, or calls `record_desired` in the transaction
of the change. A revision and its audit event are written only where the state is another now.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from arm.state import InstanceState
from identities.models import SignalRInstance
from sync.desired.rows import adopt
from sync.desired.state import row_state
from sync.inventory.status_rows import record_statuses
from sync.inventory.user_assigned_identities import known_identities
from sync.models import AuditEvent, DesiredRevision
from sync.planning.errors import SyncError
from upstreams.redaction import redacted

_BATCH: Final = 500


class NoSuchRevision(SyncError):
    """The instance's history has no revision of that number, or one that cannot be wanted again."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes what is wanted, by doing what, and why: `comment` is the operator's own."""

    who: str
    action: str
    comment: str = ""


# Rows that were changed past this module, or are older than it: still no state is lost.
_FOUND: Final = Author("unknown", "found")


@contextmanager
def wanting(instance: SignalRInstance, author: Author) -> Iterator[None]:
    """Change what is wanted of `instance` in this block: all of it, on record, or nothing."""
    with transaction.atomic():
        # Two changes at once take turns, so that each revision holds all that was before it.
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        record_desired([instance.pk], _FOUND)
        yield
        record_desired([instance.pk], author)


def record_desired(instance_ids: Sequence[int], author: Author) -> list[DesiredRevision]:
    """Record what the rows of these instances now say, for each that says something new.

    Returns the new revisions. Call it in the transaction of the change. The number of queries does
    not grow with the instances.
    """
    last = DesiredRevision.objects.last_of_each(instance_ids)
    revisions: list[DesiredRevision] = []
    events: list[AuditEvent] = []
    for row in SignalRInstance.objects.with_desired().filter(pk__in=instance_ids):
        before, state = last.get(row.pk), row_state(row)
        if before is None or before.read_state() != state:
            revision = _revision(row, before, state, author)
            revisions.append(revision)
            events.append(_event(row, before, revision))
    DesiredRevision.objects.bulk_create(revisions, batch_size=_BATCH)
    AuditEvent.objects.bulk_create(events, batch_size=_BATCH)
    record_statuses([revision.instance_id for revision in revisions])
    return revisions


def want_state(instance: SignalRInstance, state: InstanceState, author: Author) -> None:
    """Replace what is wanted of `instance` by `state`, on record; nothing is sent to Azure.

    Raises NoSuchRevision where `state` names a user-assigned identity that is not known.
    """
    borrowed = state.identity.user_assigned_id
    identities = known_identities([borrowed] if borrowed else [])
    if borrowed and borrowed not in identities:
        raise NoSuchRevision(
            f"{instance}: the user-assigned identity {borrowed} is not known here: import it first."
        )
    with wanting(instance, author):
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        adopt([(row, state)], identities)


def rollback(instance: SignalRInstance, number: int, *, who: str, comment: str = "") -> None:
    """Want what was wanted at revision `number`, as a new revision; nothing is sent to Azure.

    Raises NoSuchRevision.
    """
    revision = DesiredRevision.objects.filter(instance=instance, number=number).first()
    if revision is None:
        raise NoSuchRevision(
            f"{instance} has no revision {number}: `manage.py history {instance}` lists them."
        )
    want_state(instance, revision.read_state(), Author(who, f"rollback to {number}", comment))


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
        action=f"want: {revision.action}",
        object=row.arm_id,
        before=redacted(before and before.state),
        after=redacted(revision.state),
    )
