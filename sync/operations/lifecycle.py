"""Starting, advancing and cancelling operations."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from identities.models import SignalRInstance
from observability import context
from sync.audit import record_event
from sync.desired.lifecycle import let_go
from sync.desired.management_policy import require_managed
from sync.errors import NothingToApply, OperationFinished, OperationRunning, StalePlan
from sync.models import Operation, OperationStep
from sync.operations.apply import carry_on
from sync.operations.claims import ClaimLost, claim
from sync.operations.instance_plan import plan_deletion, plan_instance
from sync.operations.queue import wake
from sync.planning.plan import Plan
from upstreams.redaction import redacted

log = logging.getLogger(__name__)


def start_apply(
    instance: SignalRInstance,
    *,
    digest: str,
    paths: Collection[str] = (),
    requested_by: User | None = None,
    requested_by_name: str = "",
) -> Operation:
    """Queue the carrying out of the plan of that `digest`, and return the operation.

    Nothing is sent to Azure here. `paths` are those that the plan was limited to.
    `requested_by_name` says who asks where no user does.
    Raises NotManaged; StalePlan, with the present plan, where the digest is not its;
    NothingToApply; OperationRunning; and what `plan_instance` raises.
    """
    require_managed(instance)
    plan = plan_instance(instance, paths)
    if plan.digest != digest:
        raise StalePlan(plan)
    if plan.is_empty:
        raise NothingToApply(f"{instance}: Azure has what is wanted.")
    operation = Operation(
        instance=instance,
        requested_by=requested_by,
        requested_by_name=requested_by.get_username() if requested_by else requested_by_name,
    )
    _queue(operation, plan)
    return operation


def start_delete(
    instance: SignalRInstance,
    *,
    confirm: str,
    requested_by: User | None = None,
    requested_by_name: str = "",
) -> Operation:
    """Queue the deletion of `instance` in Azure, and return the operation.

    `confirm` is its name as the operator typed it. Nothing is sent to Azure here. The row stays,
    and says that the instance is missing, once it is. Raises NotManaged, Protected, NeverRead and
    OperationRunning.
    """
    require_managed(instance)
    operation = Operation(
        instance=instance,
        kind=Operation.Kind.DELETE,
        requested_by=requested_by,
        requested_by_name=requested_by.get_username() if requested_by else requested_by_name,
    )
    with transaction.atomic():
        let_go(instance, confirm=confirm)
        _queue(operation, plan_deletion(instance))
    return operation


def advance(operation_id: UUID, now: datetime | None = None) -> datetime | None:
    """Do one short stage of an operation if it is due and nobody else has it.

    Returns when it goes on. None means that there is nothing to come back for: it has ended, is not
    due yet, or another worker has it.
    """
    held = claim(operation_id, now or timezone.now())
    if held is None:
        return None
    with context.operation_context(str(operation_id), request=held.operation.request_id):
        try:
            return carry_on(held)
        except ClaimLost as lost:
            log.info("%s", lost)
            return None


def cancel(operation: Operation, *, who: str) -> None:
    """Stop an operation before its next step; a step that Azure is working on is finished first.

    Raises OperationFinished where it has ended, or has nothing left to write.
    """
    with transaction.atomic():
        unfinished = Operation.objects.unfinished().filter(pk=operation.pk)
        now = timezone.now()
        stopped = unfinished.filter(state=Operation.State.QUEUED).update(
            state=Operation.State.CANCELLED,
            finished_at=now,
            waiting_for="",
            due_at=None,
            plan=redacted(operation.plan),
        )
        if not stopped and not unfinished.update(cancel_requested=True):
            raise OperationFinished(
                f"Operation {operation.pk} has ended, or has nothing left to write: there is "
                "nothing to stop."
            )
        record_event(operation, f"cancel {operation.kind}", who=who)
    operation.refresh_from_db()


@transaction.atomic
def _queue(operation: Operation, plan: Plan) -> None:
    """Write the operation down with the steps of `plan`, and wake a worker once that is done."""
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
    transaction.on_commit(partial(wake, operation.pk))


def _insert(operation: Operation) -> None:
    """Insert the row. The database decides which of two at once is first."""
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
