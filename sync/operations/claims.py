"""Claims: one worker at a time owns an operation, and one that lost its claim writes nothing."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, JSONField, Value
from django.db.models.functions import Coalesce

from arm.instance_state import ABSENT
from sync.models import Operation, OperationStep
from sync.planning.errors import UnreadablePlan
from sync.planning.plan import Plan
from sync.record_audit import record_event
from upstreams.url_templates.redaction import redacted

log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another worker has taken the operation over, or it was deleted. Discard the results."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed operation, at the time `now` of its stage.

    The methods write under the claim's fence and raise ClaimLost if there is a newer claim.
    `expires` is the end of the lease on the monotonic clock, in seconds.
    """

    operation: Operation
    plan: Plan
    steps: tuple[OperationStep, ...]
    now: datetime
    expires: float = math.inf

    @property
    def current_step(self) -> OperationStep | None:
        """The first step that is not done, or None after the last."""
        return next((step for step in self.steps if step.state != step.State.DONE), None)

    def require_lease(self) -> None:
        """Raise ClaimLost unless this claim is the newest one and its lease has not ended.

        Called immediately before a write is sent: a worker that was suspended since it claimed the
        operation sends nothing.
        """
        newest = Operation.objects.active().filter(pk=self.operation.pk, fence=self.operation.fence)
        if not newest.exists():
            raise ClaimLost(f"Operation {self.operation.pk} was claimed by another worker.")
        # Last, so that the time the query took counts too.
        if time.monotonic() >= self.expires:
            raise ClaimLost(f"The lease of operation {self.operation.pk} has ended.")

    def reread(self) -> Claim:
        """Return the claim with its rows as they are stored. Raises ClaimLost."""
        found = _claimed(self.operation.pk, self.operation.fence, self.now, self.expires)
        if found is None:
            raise ClaimLost(f"Operation {self.operation.pk} was claimed by another worker.")
        return found

    def record(self, step: OperationStep | None = None, **values: Any) -> None:
        """Write `values` to the operation and `step` as it is in memory; keep the claim."""
        with transaction.atomic():
            fence = self.operation.fence
            held = Operation.objects.active().filter(pk=self.operation.pk, fence=fence)
            if held.update(fence=fence, **values) != 1:
                raise ClaimLost(f"Operation {self.operation.pk} was claimed by another worker.")
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
        """Give up the claim until `due_at`, and return that."""
        self.record(
            step, due_at=due_at, waiting_for=waiting_for, lease_until=None, lease_owner="", **values
        )
        return due_at

    def finish(
        self, state: Operation.State, step: OperationStep | None = None, **values: Any
    ) -> None:
        """End the operation, and redact keys in the URLs of its plan."""
        self.record(
            step,
            plan=redacted_plan(self.operation),
            state=state,
            finished_at=self.now,
            waiting_for="",
            due_at=None,
            lease_until=None,
            lease_owner="",
            continuation="",
            **values,
        )

    def audit_write(self, step: OperationStep, qualification: str = "") -> None:
        """Record the write of a step in the audit trail, with the values before and after."""
        before, after = (
            state.to_json().get(step.kind)
            for state in self.plan.states[step.position : step.position + 2]
        )
        action = f"write {step.kind}{qualification and f', {qualification}'}"
        record_event(self.operation, action, before=before, after=after)


def claim(operation_id: UUID, now: datetime) -> Claim | None:
    """Claim a due operation for one stage; return None if it is not due or already claimed.

    By compare-and-set, so that only one worker gets it. A lease that ended without a release counts
    as an attempt: whatever killed that worker may kill the next. An operation whose plan cannot be
    read ends here as failed. If the database fails meanwhile, nothing is claimed.
    """
    expires = time.monotonic() + settings.SIGNALMAN_LEASE_SECONDS
    found = Operation.objects.due(now).filter(pk=operation_id).first()
    if found is None:
        return None
    with transaction.atomic():
        taken = _take(found, now)
        return _claimed(operation_id, found.fence + 1, now, expires) if taken else None


def _take(found: Operation, now: datetime) -> int:
    return (
        Operation.objects.due(now)
        .filter(pk=found.pk, fence=found.fence)
        .update(
            state=_state_of_work(found),
            fence=F("fence") + 1,
            attempt=F("attempt") + (1 if found.lease_owner else 0),
            started_at=Coalesce("started_at", now),
            lease_until=now + timedelta(seconds=settings.SIGNALMAN_LEASE_SECONDS),
            lease_owner=_worker_name(),
            # The message arrived. If this lease ends, the scheduled task enqueues it again.
            enqueued_at=None,
        )
    )


def _state_of_work(found: Operation) -> str:
    """Return the state while a worker owns it; propagating does not block the instance."""
    is_waiting = found.state == Operation.State.PROPAGATING
    return found.state if is_waiting else Operation.State.RUNNING


def _claimed(operation_id: UUID, fence: int, now: datetime, expires: float) -> Claim | None:
    related = ("instance__subscription", "instance__identity__user_assigned")
    operation = (
        Operation.objects.select_related(*related).filter(pk=operation_id, fence=fence).first()
    )
    if operation is None:
        return None
    steps = tuple(operation.steps.all())
    try:
        return Claim(operation, operation.read_plan(), steps, now, expires)
    except UnreadablePlan as error:
        _abandon(Claim(operation, Plan(str(operation.instance), ABSENT), steps, now), error)
        return None


@transaction.atomic
def _abandon(claim: Claim, error: UnreadablePlan) -> None:
    """End an operation whose plan cannot be read: every worker would fail."""
    operation, step = claim.operation, claim.current_step
    if step is not None and step.state != step.State.PENDING:
        if step.state == step.State.SENDING:
            record_event(operation, f"write {step.kind}, unconfirmed")
        step.state, step.finished_at = step.State.FAILED, claim.now
    claim.finish(
        Operation.State.FAILED, step, error_code="UnreadablePlan", error_message=str(error)
    )
    log.warning("Operation %s on %s failed: %s", operation.pk, operation.instance, error)


def redacted_plan(operation: Operation) -> Any:
    """Return the operation's plan without keys in URLs, as a value to store."""
    # None would be stored as SQL's NULL, which the column does not allow.
    return Value(None, JSONField()) if operation.plan is None else redacted(operation.plan)


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{threading.current_thread().name}"[:128]
