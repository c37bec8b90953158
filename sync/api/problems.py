"""The problem types of sync's exceptions."""

from __future__ import annotations

from typing import Final

from api.exception_handler import ProblemType
from sync import errors
from sync.desired.accept_drift import NotAcceptable
from sync.desired.add_instance import NotCreatable
from sync.desired.deletion_protection import Protected
from sync.desired.history import NoSuchRevision
from sync.operations.plans.fleet import StaleFleetPlan, TooMany
from sync.planning.errors import SyncError
from sync.planning.partial_plan import NoSuchChange
from sync.planning.plan import InvalidDesired


def _digest(error: errors.StalePlan | StaleFleetPlan) -> dict[str, object]:
    """Return the digest of the current plan."""
    return {"digest": error.plan.digest}


def _operation(error: errors.OperationRunning) -> dict[str, object]:
    """Return the operation in progress."""
    return {"operation": str(error.operation.pk)}


def _losses(error: errors.ConfirmationRequired) -> dict[str, object]:
    """Return what the plan removes and cannot restore."""
    return {"losses": list(error.losses)}


PROBLEM_TYPES: Final[dict[type[Exception], ProblemType]] = {
    errors.NeverRead: ProblemType(409, "never-read", "Azure was never read"),
    errors.NotManaged: ProblemType(409, "not-managed", "Signalman may not write to the instance"),
    errors.StalePlan: ProblemType(409, "stale-plan", "The plan is stale", _digest),
    NoSuchChange: ProblemType(409, "no-such-change", "No change at this path"),
    errors.NothingToApply: ProblemType(
        409, "nothing-to-apply", "Azure already has the desired state"
    ),
    errors.ConfirmationRequired: ProblemType(
        409, "confirmation-required", "The plan is destructive and was not confirmed", _losses
    ),
    errors.OperationRunning: ProblemType(
        409, "operation-running", "Another operation is in progress", _operation
    ),
    errors.OperationFinished: ProblemType(409, "operation-finished", "The operation has ended"),
    NoSuchRevision: ProblemType(409, "no-such-revision", "There is no such revision"),
    NotAcceptable: ProblemType(409, "not-acceptable", "The changes cannot be accepted alone"),
    NotCreatable: ProblemType(409, "not-creatable", "The instance cannot be created"),
    Protected: ProblemType(409, "protected", "The instance is protected against deletion"),
    StaleFleetPlan: ProblemType(409, "stale-plan", "The plan is stale", _digest),
    TooMany: ProblemType(409, "too-many-instances", "Too many instances at once"),
    InvalidDesired: ProblemType(409, "invalid-desired", "Azure would not accept the desired state"),
    # Last: the base of the others.
    SyncError: ProblemType(409, "not-possible", "The request is not possible now"),
}
