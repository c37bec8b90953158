"""Why work on an instance is not begun, in words for the person who asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.planning.errors import SyncError

if TYPE_CHECKING:
    from sync.models import Operation
    from sync.planning.plan import Plan


class NeverRead(SyncError):
    """There is nothing to compare with: Azure was not read yet, or has no such instance."""


class NotManaged(SyncError):
    """The instance's policy is to write nothing."""


class StalePlan(SyncError):
    """The plan that was shown is not the one that would be carried out now: `plan` is."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"The plan for {plan.instance} is stale: what is wanted, or what Azure has, changed "
            "after it was made. Look at the new plan and apply that."
        )
        self.plan = plan


class UnreadablePlan(SyncError):
    """What was stored as a plan is none, as far as this release of Signalman knows."""


class NothingToApply(SyncError):
    """Azure has what is wanted."""


class OperationRunning(SyncError):
    """The instance's one `operation` at a time is not this one."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(
            f"Operation {operation.pk} is under way on {operation.instance}: "
            "wait for it, or cancel it."
        )
        self.operation = operation


class OperationFinished(SyncError):
    """It is too late to change how an operation goes."""
