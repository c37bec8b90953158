"""Reasons why work on an instance is refused, as messages for the operator."""

from __future__ import annotations

from collections.abc import Sequence

from sync.models import Operation
from sync.planning.errors import SyncError
from sync.planning.plan import Plan


class NeverRead(SyncError):
    """There is nothing to compare with: Azure was not read yet, or has no such instance."""


class NotManaged(SyncError):
    """The instance's policy forbids writing to Azure."""


class StalePlan(SyncError):
    """The digest is not that of the current plan, which is `plan`."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"The plan for {plan.instance} is stale: the desired state or Azure changed after it "
            "was made. Review the new plan, then apply it."
        )
        self.plan = plan


class NothingToApply(SyncError):
    """Azure already has the desired state."""


class ConfirmationRequired(SyncError):
    """A plan removes something that cannot be restored, and that was not confirmed.

    `losses` says what, one message each.
    """

    def __init__(self, instance: str, losses: Sequence[str]) -> None:
        super().__init__(
            f"The plan for {instance} is destructive and was not confirmed. {' '.join(losses)} "
            "Review the plan, then confirm it: `--confirm-destructive` in a command, "
            "`confirm_destructive` in the API, the instance's name in the portal."
        )
        self.losses = tuple(losses)


class OperationRunning(SyncError):
    """Another operation, `operation`, is in progress on the instance."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(
            f"Operation {operation.pk} is in progress on {operation.instance}: wait until it ends, "
            "or cancel it."
        )
        self.operation = operation


class OperationFinished(SyncError):
    """The operation has ended and can no longer be cancelled."""
