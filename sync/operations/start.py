"""Starting operations, one or many: storing them with their steps, and enqueueing them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actor import Actor
from identities.models import SignalRInstance
from sync.components.component import NOT_FETCHED, SharedRows
from sync.desired.deletion_protection import prepare_deletion
from sync.desired.management_policy import require_managed
from sync.errors import ConfirmationRequired, NothingToApply, OperationRunning, StalePlan
from sync.models import AuditEvent, Operation, OperationStep
from sync.operations.enqueue import enqueue, enqueue_all
from sync.operations.plans.instance import plan_deletion, plan_instance
from sync.planning.plan import Plan
from sync.record_audit import operation_event
from upstreams.url_templates.redaction import redacted

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation that is not stored yet, and the plan that it applies."""

    operation: Operation
    plan: Plan


def start_apply(
    instance: SignalRInstance,
    *,
    digest: str,
    actor: Actor,
    paths: Collection[str] = (),
    confirm_destructive: bool = False,
) -> Operation:
    """Queue an apply of the plan with that `digest`, and return the operation.

    Raises as `prepare_apply` does, and OperationRunning. Nothing is sent to Azure here.
    """
    prepared = prepare_apply(
        instance, digest=digest, actor=actor, paths=paths, confirm_destructive=confirm_destructive
    )
    queue_operation(prepared)
    return prepared.operation


def prepare_apply(
    instance: SignalRInstance,
    *,
    digest: str,
    actor: Actor,
    paths: Collection[str] = (),
    confirm_destructive: bool = False,
    rows: SharedRows = NOT_FETCHED,
) -> Prepared:
    """Return an apply of the plan with that `digest`, to be queued.

    `paths` are those that the plan was limited to. A destructive plan, one with `losses`, must be
    confirmed. `rows` as in `plan_instance`. Raises NotManaged; StalePlan, with the current plan;
    NothingToApply; ConfirmationRequired; and what `plan_instance` raises.
    """
    require_managed(instance)
    plan = plan_instance(instance, paths, rows)
    if plan.digest != digest:
        raise StalePlan(plan)
    if plan.is_empty:
        raise NothingToApply(f"{instance}: Azure already has the desired state.")
    if plan.losses and not confirm_destructive:
        raise ConfirmationRequired(instance.name, plan.losses)
    operation = Operation(instance=instance, requested_by=actor.user, requested_by_name=actor.name)
    return Prepared(operation, plan)


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
        queue_operation(Prepared(operation, plan_deletion(instance)))
    return operation


@transaction.atomic
def queue_operation(prepared: Prepared) -> None:
    """Store the operation with its steps, and enqueue it after the commit.

    Raises OperationRunning.
    """
    _fill(prepared)
    _insert(prepared.operation)
    _store_steps([prepared])
    transaction.on_commit(partial(enqueue, prepared.operation.pk))


@transaction.atomic
def queue_operations(
    prepared: Sequence[Prepared],
) -> tuple[list[Operation], list[OperationRunning]]:
    """Store many operations with few queries, and enqueue them after the commit.

    Returns those that were stored, and an error for each instance on which an operation is in
    progress, which does not stop the others.
    """
    running = Operation.objects.unfinished_by_instance(
        [each.operation.instance_id for each in prepared]
    )
    free = [each for each in prepared if each.operation.instance_id not in running]
    errors = [OperationRunning(each) for each in running.values()]
    for each in free:
        _fill(each)
    try:
        with transaction.atomic():
            Operation.objects.bulk_create([each.operation for each in free], batch_size=_BATCH)
    except IntegrityError:
        # Another process started one at the same time, or an instance was given twice.
        return _queue_singly(free, errors)
    _store_steps(free)
    operations = [each.operation for each in free]
    transaction.on_commit(partial(enqueue_all, [each.pk for each in operations]))
    return operations, errors


def _queue_singly(
    prepared: Sequence[Prepared], errors: list[OperationRunning]
) -> tuple[list[Operation], list[OperationRunning]]:
    operations = []
    for each in prepared:
        # The failed bulk_create may have marked it as stored.
        each.operation._state.adding = True  # noqa: SLF001
        try:
            queue_operation(each)
            operations.append(each.operation)
        except OperationRunning as error:
            errors.append(error)
    return operations, errors


def _fill(prepared: Prepared) -> None:
    operation, plan = prepared.operation, prepared.plan
    operation.plan = plan.to_json()
    operation.plan_digest = plan.digest
    operation.due_at = timezone.now()
    operation.waiting_for = "a worker"


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


def _store_steps(stored: Sequence[Prepared]) -> None:
    """Store the steps of stored operations, and record their start."""
    OperationStep.objects.bulk_create(
        [step for each in stored for step in _steps(each.operation, each.plan)], batch_size=_BATCH
    )
    AuditEvent.objects.bulk_create(
        [
            operation_event(
                each.operation,
                f"start {each.operation.kind}",
                before=each.plan.before.to_json(),
                after=each.plan.target.to_json(),
            )
            for each in stored
        ],
        batch_size=_BATCH,
    )


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
