"""Since when what Azure has differs from what is wanted, and who began it: as far as is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from arm.state import InstanceState
from identities.models import SignalRInstance
from sync.inventory.sync_status import SyncStatus
from sync.models import DesiredRevision, InstanceStatus
from sync.planning.changes import Change
from sync.planning.partial_plan import differences

# Revisions that are looked back on: older ones rarely tell more.
_REVISIONS: Final = 25


@dataclass(frozen=True, slots=True)
class Origin:
    """When a difference began.

    Where `is_azures`, that is `at` the latest, for Azure does not say of a field when it was
    changed. Else `who` and `action` are of the revision that wants it otherwise; they are empty
    where none tells, and `at` is when the instance was first seen to differ.
    """

    at: datetime | None
    is_azures: bool
    who: str = ""
    action: str = ""


def origins(
    instance: SignalRInstance, observed: InstanceState, changes: Sequence[Change]
) -> list[Origin]:
    """Return where each of these differences comes from, in their order.

    A difference that a revision brought is that revision's, unless Azure was changed since. What
    follows from other rows, as a grant or what an app demands, is in no revision. Two queries.
    """
    revisions = list(DesiredRevision.objects.filter(instance=instance)[:_REVISIONS])
    found = [_of_revision(observed, revision) for revision in revisions]
    seen = (
        InstanceStatus.objects.filter(instance=instance).exclude(status=SyncStatus.SYNCED).first()
    )
    untold = Origin(seen.since if seen else None, is_azures=False)
    told = [_origin(instance, change, revisions, found) for change in changes]
    return [origin or untold for origin in told]


def _of_revision(observed: InstanceState, revision: DesiredRevision) -> frozenset[str]:
    # A revision says nothing of what follows from it: grants, and what apps demand.
    plain = replace(observed, grants=(), function_apps=())
    wanted = replace(revision.read_state(), existence=plain.existence)
    return frozenset(_key(change) for change in differences(plain, wanted))


def _origin(
    instance: SignalRInstance,
    change: Change,
    revisions: Sequence[DesiredRevision],
    found: Sequence[frozenset[str]],
) -> Origin | None:
    """Return the oldest of the last revisions that all want the change, or that Azure moved."""
    azure_at = instance.azure_modified_at or instance.missing_since
    began: DesiredRevision | None = None
    for revision, keys in zip(revisions, found, strict=True):
        if _key(change) not in keys:
            break
        began = revision
    if began is None:
        return None
    if began.number == 1 or (azure_at is not None and azure_at > began.at):
        return Origin(azure_at, is_azures=True)
    return Origin(began.at, is_azures=False, who=began.who, action=began.action)


def _key(change: Change) -> str:
    return f"{change.path} {change.action} {change.after!r}"
