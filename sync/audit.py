"""Writing down who changed what. Call it in the transaction that records the change itself.

Keys that stand in clear in an address are hidden.
"""

from __future__ import annotations

from typing import Any

from identities.models import SignalRInstance, UserAssignedIdentity
from sync.models import AuditEvent, Operation
from upstreams.models import FunctionApp
from upstreams.redaction import redacted


def record_event(
    operation: Operation, action: str, *, before: Any = None, after: Any = None, who: str = ""
) -> AuditEvent:
    """Record that `action` was done to the operation's instance, by who asked for the operation."""
    return AuditEvent.objects.create(
        who=who or operation.requested_by_name,
        action=action,
        object=operation.instance.arm_id,
        before=redacted(before),
        after=redacted(after),
        operation_id=operation.pk,
    )


def record_change(
    changed: SignalRInstance | FunctionApp | UserAssignedIdentity,
    action: str,
    *,
    who: str,
    before: Any = None,
    after: Any = None,
) -> AuditEvent:
    """Record that `who` did `action` to what Signalman itself keeps of a resource."""
    return AuditEvent.objects.create(
        who=who,
        action=action,
        object=changed.arm_id,
        before=redacted(before),
        after=redacted(after),
    )
