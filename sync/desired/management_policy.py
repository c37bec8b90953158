"""The policy of an instance: whether Signalman observes it, manages it, or leaves it paused."""

from __future__ import annotations

from django.db import transaction

from identities.models import SignalRInstance
from sync.errors import NotManaged
from sync.record_audit import record_change

Policy = SignalRInstance.Policy


def set_policy(instance: SignalRInstance, policy: Policy, *, who: str) -> bool:
    """Set the policy of `instance` and record it; return whether that is a change.

    An operation in progress stops before its next step if the new policy forbids writing.
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
    raise NotManaged(
        f"The policy of {instance} is {instance.policy}, so Signalman does not write to it. Run "
        f"`manage.py set_policy {instance} manage`, then apply."
    )
