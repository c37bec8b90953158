"""Holding an operation: one worker at a time, and nothing written by one that lost its hold."""

from __future__ import annotations

import logging
import os
import socket
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from arm.state import ABSENT
from sync.audit import record_event
from sync.errors import UnreadablePlan
from sync.models import Operation, OperationStep
from sync.planning.plan import Plan
from upstreams.redaction import redacted

log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another worker took the operation over, or it is gone: what this one found is void."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed operation, at the time `now` of its stage.

    The methods write under the claim's fence and raise ClaimLost where that is not the last one.
    """

    operation: Operation
    plan: Plan
    steps: tuple[OperationStep, ...]
    now: datetime

    @property
    def current_step(self) -> OperationStep | None:
        """The first step that is not done, or None after the last."""
        return next((step for step in self.steps if step.state != step.State.DONE), None)

    def record(self, step: OperationStep | None = None, **values: Any) -> None:
        """Write `values` to the operation, and `step` as it is in memory, and keep the hold."""
        with transaction.atomic():
            fence = self.operation.fence
            held = Operation.objects.at_work().filter(pk=self.operation.pk, fence=fence)
            if held.update(fence=fence, **values) != 1:
                raise ClaimLost(f"Operation {self.operation.pk} is held by another worker.")
            if step is not None:
                step.save(update_fields=["state", "started_at", "finished_at"])

    def release(
        self,
        step: OperationStep | None = None,
        *,
        due_at: datetime,
        waiting_for: str,
        **values: Any,
    ) -> datetime:
        """Let go until `due_at`, and return that."""
        self.record(
            step, due_at=due_at, waiting_for=waiting_for, lease_until=None, lease_owner="", **values
        )
        return due_at

    def finish(
        self, state: Operation.State, step: OperationStep | None = None, **values: Any
    ) -> None:
        """End the operation, and keep no key of its plan that stands in clear in an address."""
        self.record(
            step,
            plan=redacted(self.operation.plan),
            state=state,
            finished_at=self.now,
            waiting_for="",
            due_at=None,
            lease_until=None,
            lease_owner="",
            continuation="",
            **values,
        )


def claim(operation_id: UUID, now: datetime) -> Claim | None:
    """Take hold of a due operation for one stage, or return None where there is nothing to take.

    By compare-and-set, so of any number of workers one gets it. A hold that ran out without having
    been let go counts as an attempt: whatever killed that worker may kill the next. An operation
    whose plan cannot be read ends here as failed.
    """
    found = Operation.objects.due(now).filter(pk=operation_id).first()
    if found is None:
        return None
    taken = (
        Operation.objects.due(now)
        .filter(pk=operation_id, fence=found.fence)
        .update(
            state=_state_of_work(found),
            fence=F("fence") + 1,
            attempt=F("attempt") + (1 if found.lease_owner else 0),
            started_at=Coalesce("started_at", now),
            lease_until=now + timedelta(seconds=settings.SIGNALMAN_LEASE_SECONDS),
            lease_owner=_worker_name(),
            # The message has come. Should this hold run out, the next tick wakes the operation.
            woken_at=None,
        )
    )
    return _held(operation_id, found.fence + 1, now) if taken else None


def _state_of_work(found: Operation) -> str:
    """Return the state in which a worker has it: one that only waits holds its instance no more."""
    is_waiting = found.state == Operation.State.PROPAGATING
    return found.state if is_waiting else Operation.State.RUNNING


def _held(operation_id: UUID, fence: int, now: datetime) -> Claim | None:
    related = ("instance__subscription", "instance__identity__user_assigned")
    operation = (
        Operation.objects.select_related(*related).filter(pk=operation_id, fence=fence).first()
    )
    if operation is None:
        return None
    steps = tuple(operation.steps.all())
    try:
        return Claim(operation, operation.read_plan(), steps, now)
    except UnreadablePlan as error:
        _abandon(Claim(operation, Plan(str(operation.instance), ABSENT), steps, now), error)
        return None


@transaction.atomic
def _abandon(claim: Claim, error: UnreadablePlan) -> None:
    """End an operation that no worker can carry on: the next would fail at the same place."""
    operation, step = claim.operation, claim.current_step
    if step is not None and step.state != step.State.PENDING:
        if step.state == step.State.SENDING:
            record_event(operation, f"write {step.kind}, unconfirmed")
        step.state, step.finished_at = step.State.FAILED, claim.now
    claim.finish(
        Operation.State.FAILED, step, error_code="UnreadablePlan", error_message=str(error)
    )
    log.warning("Operation %s on %s failed: %s", operation.pk, operation.instance, error)


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"[:128]
