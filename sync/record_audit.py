"""Recording audit events. Call these functions in the transaction of the change itself.

Keys in URLs are redacted.
"""

from __future__ import annotations

from typing import Any

from identities.models import SignalRInstance, UserAssignedIdentity
from sync.models import AuditEvent, Operation
from upstreams.models import FunctionApp
from upstreams.url_templates.redaction import redacted


def record_event(
    operation: Operation, action: str, *, before: Any = None, after: Any = None, who: str = ""
) -> AuditEvent:
    """Record an action on the operation's instance, by default by who started the operation."""
    event = operation_event(operation, action, before=before, after=after, who=who)
    event.save(force_insert=True)
    return event


def operation_event(
    operation: Operation, action: str, *, before: Any = None, after: Any = None, who: str = ""
) -> AuditEvent:
    """Return the event of `record_event`, to be stored with others."""
    return AuditEvent(
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
    """Record that `who` changed what Signalman stores about a resource."""
    return AuditEvent.objects.create(
        who=who,
        action=action,
        object=changed.arm_id,
        before=redacted(before),
        after=redacted(after),
    )
