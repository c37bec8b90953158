"""The sync status of instances: desired against observed state, stored for lists and counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from django.utils import timezone

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.component import NOT_FETCHED, SharedRows
from sync.components.registry import REGISTRY
from sync.desired.shared_rows import shared_rows, with_shared_rows
from sync.desired.state import desired_state, observed_state
from sync.models import InstanceStatus, SyncStatus

_BATCH: Final = 500


def sync_status(
    instance: SignalRInstance,
    rows: SharedRows = NOT_FETCHED,
    *,
    declared: InstanceState | None = None,
) -> SyncStatus:
    """Return the status of `instance` as of Azure's last answer. Sends no request.

    The other arguments are as in `desired_state`.
    """
    observed = observed_state(instance, rows)
    if observed is None:
        return SyncStatus.MISSING if instance.missing_since else SyncStatus.UNKNOWN
    desired = desired_state(instance, rows, declared=declared)
    is_synced = REGISTRY.is_in_sync(desired, observed)
    return SyncStatus.SYNCED if is_synced else SyncStatus.OUT_OF_SYNC


def record_statuses(instance_ids: Sequence[int]) -> None:
    """Compare these instances and store their status.

    The number of queries does not grow with the instances. Call it in the transaction that changed
    the desired or observed state. A change of a shared vault or Function App is noticed by the next
    scheduled refresh.
    """
    if instance_ids:
        instances = SignalRInstance.objects.for_plans().filter(pk__in=instance_ids)
        save_statuses(
            (instance, sync_status(instance, rows))
            for instance, rows in with_shared_rows(instances)
        )


def save_statuses_of(declared: Sequence[tuple[SignalRInstance, InstanceState]]) -> None:
    """Compare these instances, whose rows declare the state beside each, and store their status.

    As `record_statuses`, without reading the rows again.
    """
    if declared:
        templates = {instance.pk: state.templates for instance, state in declared}
        rows = replace(shared_rows(), templates=templates)
        save_statuses(
            (instance, sync_status(instance, rows, declared=state)) for instance, state in declared
        )


def save_statuses(found: Iterable[tuple[SignalRInstance, SyncStatus]]) -> None:
    """Store the status of each instance; `since` changes only with the status."""
    by_key = {row.pk: status for row, status in found}
    same = InstanceStatus.objects.filter(pk__in=by_key).values_list("pk", "status")
    for key, status in same:
        if by_key[key] == status:
            del by_key[key]
    now = timezone.now()
    InstanceStatus.objects.bulk_create(
        # In the same order everywhere, so that two processes cannot deadlock.
        [
            InstanceStatus(pk=key, status=status, since=now)
            for key, status in sorted(by_key.items())
        ],
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["instance"],
        update_fields=["status", "since"],
    )
