"""How instances stand, kept as rows: a list of 10,000 compares none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.utils import timezone

from identities.models import SignalRInstance
from sync.desired.function_app_targets import managed_apps
from sync.desired.state import known_vaults
from sync.inventory.sync_status import SyncStatus, sync_status
from sync.models import InstanceStatus

_BATCH: Final = 500


def record_statuses(instance_ids: Sequence[int]) -> None:
    """Compare these instances anew, and keep how they stand.

    The number of queries does not grow with the instances. Call it in the transaction that changed
    what is wanted or what was observed. What an instance shares, a vault or a Function App, is
    compared anew by the next scheduled refresh.
    """
    if not instance_ids:
        return
    rows = SignalRInstance.objects.with_desired().filter(pk__in=instance_ids)
    known = known_vaults(), managed_apps()
    save_statuses((row, sync_status(row, *known)) for row in rows)


def save_statuses(found: Iterable[tuple[SignalRInstance, SyncStatus]]) -> None:
    """Keep how instances stand; `since` stays where the status does."""
    by_key = {row.pk: status for row, status in found}
    same = InstanceStatus.objects.filter(pk__in=by_key).values_list("pk", "status")
    for key, status in same:
        if by_key[key] == status:
            del by_key[key]
    now = timezone.now()
    InstanceStatus.objects.bulk_create(
        [InstanceStatus(pk=key, status=status, since=now) for key, status in by_key.items()],
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["instance"],
        update_fields=["status", "since"],
    )
