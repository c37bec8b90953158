"""Since when a difference exists and who caused it, as far as is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.registry import REGISTRY
from sync.models import DesiredRevision, InstanceStatus, SyncStatus
from sync.planning.changes import Change

# Revisions examined; older ones rarely explain a difference.
_REVISIONS: Final = 25


@dataclass(frozen=True, slots=True)
class Origin:
    """When a difference began.

    If `is_azures`, it began in Azure, at `at` the latest: Azure does not say when a field was
    changed. Otherwise `who` and `action` are those of the revision that introduced it; if no
    revision did, they are empty and `at` is when the instance was first seen to differ.
    """

    at: datetime | None
    is_azures: bool
    who: str = ""
    action: str = ""


def origins(
    instance: SignalRInstance, observed: InstanceState, changes: Sequence[Change]
) -> list[Origin]:
    """Return the origin of each of these differences, in their order.

    A difference that a revision introduced belongs to it, unless Azure was changed since. What
    follows from other rows, such as grants, is in no revision. Takes two queries.
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
    desired = revision.read_state()
    for component in REGISTRY:
        # A revision holds only what is declared, and nothing that follows from it.
        if not component.is_declared:
            desired = component.step_towards(observed, desired)
    return frozenset(_key(change) for change in REGISTRY.differences(observed, desired))


def _origin(
    instance: SignalRInstance,
    change: Change,
    revisions: Sequence[DesiredRevision],
    found: Sequence[frozenset[str]],
) -> Origin | None:
    """Return the oldest of the last revisions that all have the change, or that Azure changed."""
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
