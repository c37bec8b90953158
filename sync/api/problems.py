"""The problem types of sync's exceptions."""

from __future__ import annotations

from typing import Final

from api.exceptions import ProblemType
from sync import errors
from sync.desired.accept_drift import NotAcceptable
from sync.desired.history import NoSuchRevision
from sync.desired.lifecycle import NotCreatable, Protected
from sync.operations.fleet_plan import StaleFleetPlan, TooMany
from sync.planning.errors import SyncError
from sync.planning.partial_plan import NoSuchChange
from sync.planning.plan import InvalidDesired


def _digest(error: errors.StalePlan | StaleFleetPlan) -> dict[str, object]:
    """Return the present plan's digest, with which a client can go on."""
    return {"digest": error.plan.digest}


def _operation(error: errors.OperationRunning) -> dict[str, object]:
    """Return the operation that has to end first."""
    return {"operation": str(error.operation.pk)}


PROBLEM_TYPES: Final[dict[type[Exception], ProblemType]] = {
    errors.NeverRead: ProblemType(409, "never-read", "Azure was not read yet"),
    errors.NotManaged: ProblemType(409, "not-managed", "Signalman may not write to the instance"),
    errors.StalePlan: ProblemType(409, "stale-plan", "The plan is stale", _digest),
    NoSuchChange: ProblemType(409, "no-such-change", "Nothing differs there"),
    errors.NothingToApply: ProblemType(409, "nothing-to-apply", "Azure has what is wanted"),
    errors.OperationRunning: ProblemType(
        409, "operation-running", "Another operation is under way", _operation
    ),
    errors.OperationFinished: ProblemType(409, "operation-finished", "The operation has ended"),
    NoSuchRevision: ProblemType(409, "no-such-revision", "There is no such revision"),
    NotAcceptable: ProblemType(409, "not-acceptable", "It could not work with the rest"),
    NotCreatable: ProblemType(409, "not-creatable", "It cannot be made"),
    Protected: ProblemType(409, "protected", "The instance is protected against deletion"),
    StaleFleetPlan: ProblemType(409, "stale-plan", "The plan is stale", _digest),
    TooMany: ProblemType(409, "too-many-instances", "Too many instances at once"),
    SyncError: ProblemType(409, "not-possible", "It cannot be done as things stand"),
    InvalidDesired: ProblemType(409, "invalid-desired", "What is wanted cannot work"),
}
