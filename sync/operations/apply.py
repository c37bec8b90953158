"""Carrying out a plan, one short stage at a time; between two stages the row knows everything.

A step goes from pending to sending (recorded before anything is sent), to polling (recorded with
Azure's address for it), to done. Azure is read before each write: where a worker died between
sending and recording, that read says whether the write was taken. ARM has no ETags, so a change
that others make between that read and the write is seen only by the look at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from arm.async_operations import LongRunning
from arm.errors import ArmError, NotFound, OperationFailed
from arm.resources import SignalRResource
from arm.state import ABSENT
from sync.audit import record_event
from sync.azure_client import arm_client
from sync.desired.management_policy import Policy
from sync.desired.state import as_made
from sync.inventory.function_apps import refresh_serving
from sync.inventory.import_instances import refresh
from sync.models import Operation, OperationStep
from sync.operations.arm_budget import book_reads, book_write
from sync.operations.backoff import MAX_ATTEMPTS, delay_after
from sync.operations.claims import Claim
from sync.operations.propagation import look_again, settle
from sync.planning.components import holds, may_go_on, part_of
from sync.planning.components.component import PlanOutdated, Writing
from upstreams.redaction import redact

log = logging.getLogger(__name__)

# Azure takes 20 to 94 seconds for a write; what takes this long does not end.
LONGEST_WAIT: Final = timedelta(hours=1)

# Provisioning states in which ARM takes no other write.
# Source: ProvisioningState of Microsoft.SignalRService/signalR, api-version 2023-02-01.
IN_PROGRESS: Final = frozenset({"Creating", "Updating", "Deleting", "Moving", "Running"})

WRITE_TURN: Final = "its turn within Azure's budget of writes"
READ_TURN: Final = "its turn within Azure's budget of reads"

# What a stage that succeeded leaves of those that did not.
_AFRESH: Final[Mapping[str, Any]] = {"attempt": 1, "error_code": "", "error_message": ""}


class Setback(Exception):
    """The stage did not succeed; `code` and the message say why, `is_passing` if it may later."""

    def __init__(
        self, code: str, message: str, *, is_passing: bool = False, retry_after: float | None = None
    ) -> None:
        # Azure repeats in its words what it refuses.
        super().__init__(redact(message))
        self.code = code
        self.is_passing = is_passing
        self.retry_after = retry_after

    @classmethod
    def from_arm(cls, error: ArmError) -> Setback:
        """Return Azure's refusal, with its own code and words."""
        return cls(
            error.code or type(error).__name__,
            str(error),
            is_passing=error.is_transient,
            retry_after=error.retry_after,
        )


def carry_on(claim: Claim) -> datetime | None:
    """Do the next stage of a claimed operation, and return when to go on; None once it ended.

    Raises ClaimLost where another worker took it over.
    """
    try:
        return _next_stage(claim)
    except ArmError as error:
        return _set_back(claim, Setback.from_arm(error))
    except PlanOutdated as error:
        return _set_back(claim, Setback("StalePlan", str(error)))
    except Setback as setback:
        return _set_back(claim, setback)


def _next_stage(claim: Claim) -> datetime | None:
    if claim.operation.state == Operation.State.PROPAGATING:
        return look_again(claim)
    if (turn := _turn(claim)) is not None:
        return turn
    if claim.operation.attempt > MAX_ATTEMPTS:
        raise Setback("WorkerLost", "Each worker that took this stage died in it; see their logs.")
    step = claim.current_step
    if step is None:
        return _conclude(claim)
    if step.state == step.State.POLLING:
        return _poll(claim, step)
    if step.state == step.State.PENDING and _is_called_off(claim.operation):
        claim.finish(Operation.State.CANCELLED)
        return None
    return _send(claim, step)


def _is_called_off(operation: Operation) -> bool:
    """Whether no further step may begin: cancelled, or no longer allowed."""
    instance = operation.instance
    is_barred = operation.kind == Operation.Kind.DELETE and instance.is_protected
    return operation.cancel_requested or instance.policy != Policy.MANAGE or is_barred


def _send(claim: Claim, step: OperationStep) -> datetime:
    """Write the step to Azure, unless it is there already, or something else is."""
    resource = _look(claim)
    if resource.provisioning_state in IN_PROGRESS:
        return _wait(claim, "Azure to finish another change of this instance")
    before, after = claim.plan.states[step.position : step.position + 2]
    if step.state == step.State.SENDING and holds(resource.state, after):
        return _taken(claim, step)
    if not may_go_on(resource.state, before, after):
        raise _elsewhere(claim, resource, position=step.position)
    answer = _write(claim, step, resource)
    if answer.done:
        return _taken(claim, step)
    step.state = step.State.POLLING
    with transaction.atomic():
        _audit(claim, step)
        return claim.release(
            step,
            due_at=_next_look(claim, answer.retry_after),
            waiting_for=f"Azure to finish: {step.title}",
            continuation=answer.continuation,
            **_AFRESH,
        )


def _write(claim: Claim, step: OperationStep, resource: SignalRResource) -> LongRunning:
    """Send the step, once, after writing down that it is being sent."""
    was_sent_before = step.state == step.State.SENDING
    step.state, step.started_at = step.State.SENDING, claim.now
    before, after = claim.plan.states[step.position : step.position + 2]
    with transaction.atomic():
        claim.record(step)
        if before.existence is None and after.existence is not None:
            claim.operation.instance.being_made()
    writing = Writing(resource, after, arm_client, correlation_id=str(claim.operation.pk))
    try:
        return part_of(step.kind).write(writing)
    except (ArmError, PlanOutdated) as error:
        is_refused = isinstance(error, PlanOutdated) or error.is_refusal
        if is_refused and not was_sent_before and not writing.taken:
            # Nothing of it is in Azure, and that is known.
            step.state = step.State.PENDING
            claim.record(step)
        raise


def _look(claim: Claim) -> SignalRResource:
    """Read the instance from Azure; where the plan makes or deletes it, it need not be there."""
    instance = claim.operation.instance
    try:
        # The plan's grants and apps are looked at whatever the rows want by now.
        found = refresh(
            instance, grants=claim.plan.target.grants, apps=claim.plan.target.function_apps
        )
        return replace(found, state=as_made(instance, found.state))
    except NotFound:
        if instance.missing_since is None or all(each.existence for each in claim.plan.states):
            raise
        apps = refresh_serving(instance, claim.plan.target.function_apps)
        return SignalRResource(
            arm_id=instance.arm_id,
            subscription_id=instance.subscription_id,
            resource_group=instance.resource_group,
            name=instance.name,
            location=instance.location,
            provisioning_state="",
            host_name="",
            principal_id=None,
            tenant_id=None,
            last_modified_at=None,
            state=replace(ABSENT, function_apps=apps),
        )


def _turn(claim: Claim) -> datetime | None:
    """Book what this stage sends, and let go until that may be sent; None where it may now.

    One that has waited for its turn has it.
    """
    operation, step = claim.operation, claim.current_step
    if operation.waiting_for in {WRITE_TURN, READ_TURN}:
        return None
    subscription_id, target = operation.instance.subscription_id, claim.plan.target
    is_poll = step is not None and step.state == step.State.POLLING
    looked_at = 0 if is_poll else len(target.grants) + 2 * len(target.function_apps)
    turns = [(book_reads(subscription_id, claim.now, 1 + looked_at), READ_TURN)]
    if step is not None and not is_poll:
        turns.append((book_write(subscription_id, claim.now), WRITE_TURN))
    at, waiting_for = max(turns)
    return claim.release(due_at=at, waiting_for=waiting_for) if at > claim.now else None


def _poll(claim: Claim, step: OperationStep) -> datetime:
    """Ask once whether Azure has finished the step."""
    operation = claim.operation
    try:
        progress = arm_client(operation.instance.subscription_id).poll(operation.continuation)
    except NotFound as error:
        # ARM forgets operations after a while. The instance itself says how this one ended.
        step.state = step.State.SENDING
        claim.record(step, continuation="")
        raise Setback(error.code, str(error), is_passing=True) from error
    except OperationFailed:
        with suppress(ArmError):
            refresh(operation.instance)
        raise
    if not progress.done:
        due_at = _next_look(claim, progress.retry_after)
        return _wait(claim, f"Azure to finish: {step.title}", due_at=due_at, **_AFRESH)
    return _done(claim, step)


def _conclude(claim: Claim) -> datetime | None:
    """Read Azure a last time: the operation is settled if Azure has what was planned."""
    resource = _look(claim)
    if resource.provisioning_state in IN_PROGRESS:
        return _wait(claim, "Azure to finish another change of this instance")
    if not holds(resource.state, claim.plan.target):
        raise _elsewhere(claim, resource, position=len(claim.steps))
    return settle(claim)


def _taken(claim: Claim, step: OperationStep) -> datetime:
    """Record a write that is known to be in Azure without having been polled for."""
    with transaction.atomic():
        _audit(claim, step)
        return _done(claim, step)


def _done(claim: Claim, step: OperationStep) -> datetime:
    step.state, step.finished_at = step.State.DONE, claim.now
    is_last = claim.current_step is None
    return claim.release(
        step,
        due_at=claim.now,
        waiting_for="a last look at Azure" if is_last else "a worker to take the next step",
        continuation="",
        **_AFRESH,
    )


def _wait(
    claim: Claim, waiting_for: str, *, due_at: datetime | None = None, **values: Any
) -> datetime:
    """Let go while Azure works. Raises Setback where this wait has taken too long."""
    if claim.now - _stage_began(claim) > LONGEST_WAIT:
        raise Setback(
            "TimedOut",
            f"Azure has not finished within {LONGEST_WAIT.total_seconds() / 60:.0f} minutes, and "
            "may yet: look at the instance in Azure, refresh it, then plan again.",
        )
    return claim.release(due_at=due_at or _next_look(claim), waiting_for=waiting_for, **values)


def _stage_began(claim: Claim) -> datetime:
    """Return when what is done now was begun: the present step, or what follows the last one."""
    step = claim.current_step
    ended = (each.finished_at for each in claim.steps)
    times = (claim.operation.started_at, step and step.started_at, *ended)
    return max((time for time in times if time), default=claim.now)


def _set_back(claim: Claim, setback: Setback) -> datetime | None:
    """Try the stage again later where that may help, or end the operation as failed."""
    operation, step = claim.operation, claim.current_step
    error: dict[str, Any] = {"error_code": setback.code[:128], "error_message": str(setback)}
    if setback.is_passing and operation.attempt < MAX_ATTEMPTS:
        log.info("Operation %s: attempt %s: %s", operation.pk, operation.attempt, setback)
        return claim.release(
            due_at=claim.now + delay_after(operation.attempt, retry_after=setback.retry_after),
            waiting_for=f"another attempt after {setback.code}"[:255],
            attempt=operation.attempt + 1,
            **error,
        )
    _give_up(claim, step, error)
    log.warning("Operation %s on %s failed: %s", operation.pk, operation.instance, setback)
    return None


@transaction.atomic
def _give_up(claim: Claim, step: OperationStep | None, error: Mapping[str, Any]) -> None:
    if step is not None and step.state == step.State.SENDING:
        # It may have been taken, though no answer said so: the audit trail is not to be silent.
        _audit(claim, step, "unconfirmed")
    if step is not None and step.started_at is not None:
        step.state, step.finished_at = step.State.FAILED, claim.now
    claim.finish(Operation.State.FAILED, step, **error)


def _elsewhere(claim: Claim, resource: SignalRResource, *, position: int) -> Setback:
    """Return why Azure does not have what it should before the step at `position`."""
    if any(holds(resource.state, state) for state in claim.plan.states[:position]):
        # Azure's reads may lag behind its writes.
        message = "Azure has taken a change, and does not show it."
        return Setback("NotConverged", message, is_passing=True)
    if position == len(claim.steps):
        message = "Azure has taken every change, and then was changed again. Look at the new plan."
        return Setback("NotConverged", message)
    return Setback(
        "StalePlan",
        "The plan is stale: Azure was changed after it was made, so nothing more was written. "
        "Look at the new plan and apply that.",
    )


def _next_look(claim: Claim, retry_after: float | None = None) -> datetime:
    seconds = settings.SIGNALMAN_POLL_SECONDS if retry_after is None else retry_after
    return claim.now + timedelta(seconds=seconds)


def _audit(claim: Claim, step: OperationStep, qualification: str = "") -> None:
    before, after = (
        state.to_json()[step.kind] for state in claim.plan.states[step.position : step.position + 2]
    )
    action = f"write {step.kind}{qualification and f', {qualification}'}"
    record_event(claim.operation, action, before=before, after=after)
