"""What Signalman may do with an instance: observe it, manage it, or leave it alone."""

from __future__ import annotations

from django.db import transaction

from identities.models import SignalRInstance
from sync.audit import record_change
from sync.errors import NotManaged

Policy = SignalRInstance.Policy


def set_policy(instance: SignalRInstance, policy: Policy, *, who: str) -> bool:
    """Give `instance` another policy, on record; return whether it had another one before.

    An operation under way stops before its next step where it may write no more.
    """
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.policy = row.policy, policy
        instance.policy = policy
        if before == policy:
            return False
        row.save(update_fields=["policy"])
        record_change(row, "set policy", who=who, before=before, after=policy.value)
    return True


def require_managed(instance: SignalRInstance) -> None:
    """Raise NotManaged unless Signalman may write to `instance`."""
    if instance.policy == Policy.MANAGE:
        return
    state = "paused" if instance.policy == Policy.PAUSE else "only observed"
    raise NotManaged(
        f"{instance} is {state}, so nothing is written to it: "
        f"run `manage.py set_policy {instance} manage`, then apply."
    )
