"""Protection against deletion, and the check of a deletion before it is queued."""

from __future__ import annotations

from django.db import transaction

from identities.models import SignalRInstance
from sync.planning.errors import SyncError
from sync.record_audit import record_change


class Protected(SyncError):
    """The instance is protected against deletion, or its deletion was not confirmed by name."""


def protect(instance: SignalRInstance, *, who: str, is_protected: bool = True) -> bool:
    """Set whether `instance` is protected against deletion; return whether that is a change."""
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.is_protected = row.is_protected, is_protected
        instance.is_protected = is_protected
        if before == is_protected:
            return False
        row.save(update_fields=["is_protected"])
        record_change(row, "set is_protected", who=who, before=str(before), after=str(is_protected))
    return True


def prepare_deletion(instance: SignalRInstance, *, confirm: str) -> None:
    """Stop `instance` from being created again, so that it can be deleted.

    `confirm` is the instance's name as the operator typed it. Raises Protected. Call it in the
    transaction that queues the deletion.
    """
    row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
    if row.is_protected:
        raise Protected(
            f"{row} is protected against deletion. Run `manage.py protect {row} --off` first."
        )
    if confirm != row.name:
        raise Protected(f"Confirm the deletion with the name {row.name!r}, not {confirm!r}.")
    row.create_if_missing = False
    row.save(update_fields=["create_if_missing"])
