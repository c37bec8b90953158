"""Operations, the history of the desired state, sync status and the audit trail."""

from __future__ import annotations

from sync.models.audit import AppendOnly, AuditEvent, AuditEventQuerySet
from sync.models.budgets import RequestBudget, RequestBudgetQuerySet
from sync.models.history import DesiredRevision, DesiredRevisionQuerySet
from sync.models.operations import Operation, OperationQuerySet, OperationStep
from sync.models.status import InstanceStatus, StatusCount, StatusCountQuerySet, SyncStatus

__all__ = [
    "AppendOnly",
    "AuditEvent",
    "AuditEventQuerySet",
    "DesiredRevision",
    "DesiredRevisionQuerySet",
    "InstanceStatus",
    "Operation",
    "OperationQuerySet",
    "OperationStep",
    "RequestBudget",
    "RequestBudgetQuerySet",
    "StatusCount",
    "StatusCountQuerySet",
    "SyncStatus",
]
