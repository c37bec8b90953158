"""Starting, running and cancelling operations. Every interface calls these functions."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from identities.models import SignalRInstance
from observability import context
from sync.desired.lifecycle import prepare_deletion
from sync.desired.management_policy import require_managed
from sync.errors import (
    ConfirmationRequired,
    NothingToApply,
    OperationFinished,
    OperationRunning,
    StalePlan,
)
from sync.models import Operation, OperationStep
from sync.operations.apply import run_claimed_stage
from sync.operations.claims import Claim, ClaimLost, claim, redacted_plan
from sync.operations.instance_plan import plan_deletion, plan_instance
from sync.operations.queue import enqueue
from sync.operations.recovery import release_failed
from sync.planning.plan import Plan
from sync.record_audit import record_event
from upstreams.redaction import redacted

log = logging.getLogger(__name__)


def start_apply(
    instance: SignalRInstance,
    *,
    digest: str,
    actor: Actor,
    paths: Collection[str] = (),
    confirm_destructive: bool = False,
) -> Operation:
    """Queue an apply of the plan with that `digest`, and return the operation.

    `paths` are those that the plan was limited to. A destructive plan, one with `losses`, must be
    confirmed. Nothing is sent to Azure here. Raises NotManaged; StalePlan, with the current plan;
    NothingToApply; ConfirmationRequired; OperationRunning; and what `plan_instance` raises.
    """
    require_managed(instance)
    plan = plan_instance(instance, paths)
    if plan.digest != digest:
        raise StalePlan(plan)
    if plan.is_empty:
        raise NothingToApply(f"{instance}: Azure already has the desired state.")
    if plan.losses and not confirm_destructive:
        raise ConfirmationRequired(instance.name, plan.losses)
    operation = Operation(instance=instance, requested_by=actor.user, requested_by_name=actor.name)
    _queue(operation, plan)
    return operation


def start_delete(instance: SignalRInstance, *, confirm: str, actor: Actor) -> Operation:
    """Queue the deletion of `instance` in Azure, and return the operation.

    `confirm` is the instance's name as the operator typed it. Nothing is sent to Azure here. The
    row is kept, and marked as missing when the deletion has ended. Raises NotManaged, Protected,
    NeverRead and OperationRunning.
    """
    require_managed(instance)
    operation = Operation(
        instance=instance,
        kind=Operation.Kind.DELETE,
        requested_by=actor.user,
        requested_by_name=actor.name,
    )
    with transaction.atomic():
        prepare_deletion(instance, confirm=confirm)
        _queue(operation, plan_deletion(instance))
    return operation


def run_stage(operation_id: UUID, now: datetime | None = None) -> datetime | None:
    """Run one short stage of an operation, if it is due and no other worker owns it.

    Returns when the next stage is due. None if there is nothing to do: the operation has ended, is
    not due yet, or another worker owns it. A stage that raises an error is retried later.
    """
    held = claim(operation_id, now or timezone.now())
    if held is None:
        return None
    with context.operation_context(str(operation_id), request=held.operation.request_id):
        try:
            return _run_or_release(held)
        except ClaimLost as lost:
            log.info("%s", lost)
            return None


def cancel(operation: Operation, *, who: str) -> None:
    """Stop an operation before its next step. A step that was sent is completed first.

    Raises OperationFinished if it has ended, or has nothing left to write.
    """
    with transaction.atomic():
        unfinished = Operation.objects.unfinished().filter(pk=operation.pk)
        now = timezone.now()
        stopped = unfinished.filter(state=Operation.State.QUEUED).update(
            state=Operation.State.CANCELLED,
            finished_at=now,
            waiting_for="",
            due_at=None,
            plan=redacted_plan(operation),
        )
        if not stopped and not unfinished.update(cancel_requested=True):
            raise OperationFinished(
                f"Operation {operation.pk} cannot be cancelled: it has ended, or has nothing left "
                "to write."
            )
        record_event(operation, f"cancel {operation.kind}", who=who)
    operation.refresh_from_db()


def _run_or_release(held: Claim) -> datetime | None:
    try:
        return run_claimed_stage(held)
    except ClaimLost:
        raise
    except Exception as error:  # noqa: BLE001  logged and retried: no worker died
        return release_failed(held, error)
    except KeyboardInterrupt as error:
        # Of a command that runs the stages itself: a worker may continue at once.
        release_failed(held, error)
        raise


@transaction.atomic
def _queue(operation: Operation, plan: Plan) -> None:
    """Store the operation with the steps of `plan`, and enqueue it after the commit."""
    operation.plan = plan.to_json()
    operation.plan_digest = plan.digest
    operation.due_at = timezone.now()
    operation.waiting_for = "a worker"
    _insert(operation)
    OperationStep.objects.bulk_create(_steps(operation, plan))
    record_event(
        operation,
        f"start {operation.kind}",
        before=plan.before.to_json(),
        after=plan.target.to_json(),
    )
    transaction.on_commit(partial(enqueue, operation.pk))


def _insert(operation: Operation) -> None:
    """Insert the row. The database decides between two at the same time."""
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
    except IntegrityError as error:
        running = Operation.objects.unfinished().filter(instance=operation.instance).first()
        if running is None:
            raise
        raise OperationRunning(running) from error


def _steps(operation: Operation, plan: Plan) -> list[OperationStep]:
    return [
        OperationStep(
            operation=operation,
            position=position,
            kind=step.kind,
            title=step.title,
            changes=redacted([asdict(change) for change in step.changes]),
        )
        for position, step in enumerate(plan.steps)
    ]
