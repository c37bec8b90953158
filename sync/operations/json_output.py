"""JSON documents of operations, revisions and audit events.

The signed URL at which Azure reports progress is left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sync.models import AuditEvent, DesiredRevision, Operation, OperationStep
from upstreams.url_templates.redaction import redacted


def operation_document(operation: Operation) -> dict[str, Any]:
    """Return an operation as JSON values; times are ISO 8601, UTC."""
    return {
        "id": str(operation.pk),
        "instance": operation.instance.name,
        "kind": operation.kind,
        "state": operation.state,
        "digest": operation.plan_digest,
        "attempt": operation.attempt,
        "waiting_for": operation.waiting_for or None,
        "due_at": _iso(operation.due_at),
        "requested_by": operation.requested_by_name,
        "request_id": operation.request_id or None,
        "created_at": _iso(operation.created_at),
        "started_at": _iso(operation.started_at),
        "finished_at": _iso(operation.finished_at),
        "error": _error(operation),
        "steps": [_step(step) for step in operation.steps.all()],
    }


def revision_document(revision: DesiredRevision) -> dict[str, Any]:
    """Return a revision of the desired state as JSON values."""
    return {
        "number": revision.number,
        "at": _iso(revision.at),
        "who": revision.who,
        "action": revision.action,
        "comment": revision.comment,
        "digest": revision.digest,
        "state": redacted(revision.state),
    }


def audit_document(event: AuditEvent) -> dict[str, Any]:
    """Return an audit event as JSON values."""
    return {
        "at": _iso(event.at),
        "who": event.who,
        "action": event.action,
        "object": event.object,
        "before": redacted(event.before),
        "after": redacted(event.after),
        "operation": event.operation_id and str(event.operation_id),
        "request_id": event.request_id or None,
    }


def _step(step: OperationStep) -> dict[str, Any]:
    return {
        "title": step.title,
        "kind": step.kind,
        "state": step.state,
        "changes": redacted(step.changes),
        "started_at": _iso(step.started_at),
        "finished_at": _iso(step.finished_at),
    }


def _error(operation: Operation) -> dict[str, str] | None:
    if not operation.error_code:
        return None
    return {"code": operation.error_code, "message": operation.error_message}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
