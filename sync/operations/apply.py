"""Applying a plan one short stage at a time. Between two stages the row holds everything.

A step goes from pending to sending (recorded before anything is sent), to polling (recorded with
the URL at which Azure reports progress), to done. Azure is read before each write: if a worker died
between sending and recording, that read shows whether Azure accepted the write. ARM has no ETags,
so a change by others between that read and the write is noticed only by the read at the end.

ARM allows 2.5 reads for each write, so a write takes two: the read before it, and the poll that
finds it finished. That poll's answer has the whole instance and serves as the read at the end, if
it is exactly the planned state; anything else is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from arm.async_operations import LongRunning
from arm.errors import ArmError
from arm.resources import SignalRResource
from arm.transport.write_guard import checking_writes
from sync.azure_client import arm_client
from sync.components.component import PlanOutdated, Write
from sync.components.registry import REGISTRY
from sync.desired.management_policy import Policy
from sync.inventory.refresh import refresh_for_plan, store_for_plan
from sync.models import Operation, OperationStep
from sync.operations.arm_budget import book_reads, book_write
from sync.operations.claims import Claim
from sync.operations.polling import next_poll, poll, wait
from sync.operations.propagation import check_propagation, settle
from sync.operations.retries import MAX_ATTEMPTS, StageError, fail_stage

# Provisioning states in which ARM accepts no other write.
# Source: ProvisioningState of Microsoft.SignalRService/signalR, api-version 2023-02-01.
IN_PROGRESS: Final = frozenset({"Creating", "Updating", "Deleting", "Moving", "Running"})

WRITE_TURN: Final = "Azure's rate limit for writes"
READ_TURN: Final = "Azure's rate limit for reads"

# The values with which a stage that succeeded clears earlier errors.
_NO_ERROR: Final[Mapping[str, Any]] = {"attempt": 1, "error_code": "", "error_message": ""}


def run_claimed_stage(claim: Claim) -> datetime | None:
    """Run the next stage of a claimed operation.

    Returns when the following one is due; None if the operation has ended. Raises ClaimLost if
    another worker has taken the operation over.
    """
    try:
        return _run(claim)
    except ArmError as error:
        return fail_stage(claim, StageError.from_arm(error))
    except PlanOutdated as error:
        return fail_stage(claim, StageError("StalePlan", str(error)))
    except StageError as error:
        return fail_stage(claim, error)


def _run(claim: Claim) -> datetime | None:
    if claim.operation.state == Operation.State.PROPAGATING:
        return check_propagation(claim)
    if (turn := _turn(claim)) is not None:
        return turn
    if claim.operation.attempt > MAX_ATTEMPTS:
        raise StageError(
            "WorkerLost",
            "Every worker that ran this stage ended unexpectedly. See the logs of the workers.",
        )
    step = claim.current_step
    if step is None:
        return _conclude(claim)
    if step.state == step.State.POLLING:
        return _check_progress(claim, step)
    if step.state == step.State.PENDING and _must_stop(claim.operation):
        claim.finish(Operation.State.CANCELLED)
        return None
    return _send(claim, step)


def _must_stop(operation: Operation) -> bool:
    """Return whether no further step may begin: cancelled, or no longer permitted."""
    instance = operation.instance
    is_protected = operation.kind == Operation.Kind.DELETE and instance.is_protected
    return operation.cancel_requested or instance.policy != Policy.MANAGE or is_protected


def _send(claim: Claim, step: OperationStep) -> datetime:
    """Send the step, unless Azure already has it or was changed in the meantime."""
    resource = _read(claim)
    if resource.provisioning_state in IN_PROGRESS:
        return wait(claim, "Azure to finish another change of this instance")
    before, after = claim.plan.states[step.position : step.position + 2]
    if step.state == step.State.SENDING and REGISTRY.matches(resource.state, after):
        return _record_accepted(claim, step)
    if not REGISTRY.can_continue(resource.state, before, after):
        raise _mismatch(claim, resource, position=step.position)
    answer = _write(claim, step, resource)
    if answer.done:
        return _record_accepted(claim, step)
    step.state = step.State.POLLING
    with transaction.atomic():
        claim.audit_write(step)
        return claim.release(
            step,
            due_at=next_poll(claim, answer.retry_after),
            waiting_for=f"Azure to finish: {step.title}",
            continuation=answer.continuation,
            **_NO_ERROR,
        )


def _write(claim: Claim, step: OperationStep, resource: SignalRResource) -> LongRunning:
    """Send the step, once, after recording that it is being sent."""
    was_sent_before = step.state == step.State.SENDING
    step.state, step.started_at = step.State.SENDING, claim.now
    before, after = claim.plan.states[step.position : step.position + 2]
    with transaction.atomic():
        claim.record(step)
        REGISTRY[step.kind].before_write(claim.operation.instance, before, after)
    write = Write(resource, after, arm_client, correlation_id=str(claim.operation.pk))
    try:
        with checking_writes(claim.require_lease):
            return REGISTRY[step.kind].write(write)
    except (ArmError, PlanOutdated) as error:
        is_refused = isinstance(error, PlanOutdated) or error.is_refusal
        if is_refused and not was_sent_before and not write.sent:
            # Azure accepted nothing of it.
            step.state = step.State.PENDING
            claim.record(step)
        raise


def _read(claim: Claim) -> SignalRResource:
    """Read the instance from Azure. It may be absent if the plan creates or deletes it."""
    may_be_absent = any(state.is_absent for state in claim.plan.states)
    return refresh_for_plan(
        claim.operation.instance, claim.plan.target, may_be_absent=may_be_absent
    )


def _turn(claim: Claim) -> datetime | None:
    """Reserve this stage's requests; release the operation if they have to wait.

    Returns when they may be sent; None if that is now. The reservation of a write covers the read
    before it. Further reads are reserved when the write's turn has come, not before: reserved
    earlier, they would be sent with others of that later time.
    """
    operation, step = claim.operation, claim.current_step
    subscription_id, waited_for = operation.instance.subscription_id, operation.waiting_for
    if waited_for == READ_TURN:
        return None
    if step is not None and step.state == step.State.POLLING:
        return _wait_for_turn(claim, book_reads(subscription_id, claim.now, 1), READ_TURN)
    reads = _further_reads(claim)
    if step is None:
        return _wait_for_turn(claim, book_reads(subscription_id, claim.now, 1 + reads), READ_TURN)
    if waited_for != WRITE_TURN:
        turn = _wait_for_turn(claim, book_write(subscription_id, claim.now), WRITE_TURN)
        if turn is not None:
            return turn
    if not reads:
        return None
    return _wait_for_turn(claim, book_reads(subscription_id, claim.now, reads), READ_TURN)


def _wait_for_turn(claim: Claim, at: datetime, waiting_for: str) -> datetime | None:
    return claim.release(due_at=at, waiting_for=waiting_for) if at > claim.now else None


def _further_reads(claim: Claim) -> int:
    """Return how many requests it takes to read what the plan names besides the instance."""
    target = claim.plan.target
    return sum(each.read_requests(each.value(target)) for each in REGISTRY)


def _check_progress(claim: Claim, step: OperationStep) -> datetime | None:
    """Ask once whether Azure has finished the step; the last step may end the operation."""
    asked_at = timezone.now()
    progress = poll(claim, step)
    if not progress.done:
        due_at = next_poll(claim, progress.retry_after)
        return wait(claim, f"Azure to finish: {step.title}", due_at=due_at, **_NO_ERROR)
    if progress.resource is not None and _is_last(claim, step) and not _further_reads(claim):
        found = store_for_plan(
            claim.operation.instance, claim.plan.target, progress.resource, at=asked_at
        )
        if REGISTRY.matches(found.state, claim.plan.target):
            return _end_with(claim, step)
    return _done(claim, step)


def _is_last(claim: Claim, step: OperationStep) -> bool:
    return step.position == len(claim.steps) - 1


@transaction.atomic
def _end_with(claim: Claim, step: OperationStep) -> datetime | None:
    """End the operation with its last step: Azure has returned the planned state."""
    step.state, step.finished_at = step.State.DONE, claim.now
    claim.record(step, continuation="", **_NO_ERROR)
    return settle(claim)


def _conclude(claim: Claim) -> datetime | None:
    """Read Azure a last time: the operation has succeeded if Azure has the planned state."""
    resource = _read(claim)
    if resource.provisioning_state in IN_PROGRESS:
        return wait(claim, "Azure to finish another change of this instance")
    if not REGISTRY.matches(resource.state, claim.plan.target):
        raise _mismatch(claim, resource, position=len(claim.steps))
    return settle(claim)


def _record_accepted(claim: Claim, step: OperationStep) -> datetime:
    """Record a write that Azure is known to have, without polling."""
    with transaction.atomic():
        claim.audit_write(step)
        return _done(claim, step)


def _done(claim: Claim, step: OperationStep) -> datetime:
    step.state, step.finished_at = step.State.DONE, claim.now
    is_last = claim.current_step is None
    return claim.release(
        step,
        due_at=claim.now,
        waiting_for="a final read of Azure" if is_last else "a worker for the next step",
        continuation="",
        **_NO_ERROR,
    )


def _mismatch(claim: Claim, resource: SignalRResource, *, position: int) -> StageError:
    """Return why the observed state is not the planned one before the step at `position`."""
    if any(REGISTRY.matches(resource.state, state) for state in claim.plan.states[:position]):
        # Reads may lag behind writes.
        message = "Azure accepted a change and does not show it yet."
        return StageError("NotConverged", message, is_transient=True)
    if position == len(claim.steps):
        message = "Azure accepted every change and was then changed again. Review the new plan."
        return StageError("NotConverged", message)
    return StageError(
        "StalePlan",
        "The plan is stale: Azure was changed after it was made, so nothing more was written. "
        "Review the new plan, then apply it.",
    )
