"""The sync status of instances: desired against observed state, stored for lists and counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from django.utils import timezone

from arm.state import InstanceState
from identities.models import KeyVault, SignalRInstance
from sync.components.registry import REGISTRY
from sync.desired.state import desired_state, observed_state, shared_rows
from sync.models import InstanceStatus, SyncStatus
from upstreams.models import FunctionApp
from upstreams.token_requests.versions import Registrations

_BATCH: Final = 500


def sync_status(
    instance: SignalRInstance,
    vaults: Mapping[str, KeyVault] | None = None,
    apps: Collection[FunctionApp] | None = None,
    registrations: Registrations | None = None,
    *,
    declared: InstanceState | None = None,
) -> SyncStatus:
    """Return the status of `instance` as of Azure's last answer. Sends no request.

    The other arguments are as in `desired_state`.
    """
    observed = observed_state(instance, apps)
    if observed is None:
        return SyncStatus.MISSING if instance.missing_since else SyncStatus.UNKNOWN
    desired = desired_state(instance, vaults, apps, registrations, declared=declared)
    is_synced = REGISTRY.is_in_sync(desired, observed)
    return SyncStatus.SYNCED if is_synced else SyncStatus.OUT_OF_SYNC


def record_statuses(instance_ids: Sequence[int]) -> None:
    """Compare these instances and store their status.

    The number of queries does not grow with the instances. Call it in the transaction that changed
    the desired or observed state. A change of a shared vault or Function App is noticed by the next
    scheduled refresh.
    """
    if instance_ids:
        save_current_statuses(SignalRInstance.objects.with_desired().filter(pk__in=instance_ids))


def save_current_statuses(
    rows: Collection[SignalRInstance], declared: Mapping[int, InstanceState] | None = None
) -> None:
    """Compare these instances and store their status.

    Fetch them with `with_desired`, or pass in `declared` by primary key what their rows declare.
    Call it in the transaction that changed the rows.
    """
    if not rows:
        return
    shared, known = shared_rows(), declared or {}
    save_statuses((row, sync_status(row, *shared, declared=known.get(row.pk))) for row in rows)


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
