"""Operations, which apply plans and survive the workers that run them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from identities.models import SignalRInstance
from observability.correlation_ids import current_request_id
from sync.planning.errors import UnreadablePlan
from sync.planning.plan import Plan

# States in which an operation still has something to write: at most one operation per instance.
UNFINISHED: Final = ("queued", "running")
# States that an operation does not stay in: a worker comes back to it.
ACTIVE: Final = (*UNFINISHED, "propagating")

# Rows deleted in one statement, so that the lock is bounded.
_BATCH: Final = 1_000


class OperationQuerySet(models.QuerySet["Operation"]):
    """Queries for operations."""

    def unfinished(self) -> OperationQuerySet:
        """Return the operations that are queued or running."""
        return self.filter(state__in=UNFINISHED)

    def unfinished_by_instance(self, instance_ids: Collection[int]) -> dict[int, Operation]:
        """Return the unfinished operations of these instances by the instance's key."""
        found: dict[int, Operation] = {}
        keys = list(instance_ids)
        # In batches: SQLite limits the number of parameters.
        for start in range(0, len(keys), _BATCH):
            rows = self.unfinished().filter(instance__in=keys[start : start + _BATCH])
            found |= {row.instance_id: row for row in rows.select_related("instance")}
        return found

    def active(self) -> OperationQuerySet:
        """Return the operations that have not ended: unfinished or propagating."""
        return self.filter(state__in=ACTIVE)

    def due(self, now: datetime) -> OperationQuerySet:
        """Return the active operations that are due and that no worker owns."""
        is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        return self.active().filter(is_free, due_at__lte=now)

    def not_enqueued_since(self, moment: datetime) -> OperationQuerySet:
        """Return the operations that were last enqueued at `moment` or earlier, or never."""
        return self.filter(Q(enqueued_at__isnull=True) | Q(enqueued_at__lte=moment))

    def delete_finished_before(self, moment: datetime) -> int:
        """Delete a batch of operations that ended before `moment`; return how many."""
        oldest = self.filter(finished_at__lt=moment).order_by("finished_at")
        keys = list(oldest.values_list("pk", flat=True)[:_BATCH])
        self.filter(pk__in=keys).delete()
        return len(keys)


class Operation(models.Model):
    """A long-running unit of work on one instance, and the only record of its progress.

    The worker that owns it has a lease and a fence: each claim adds one to `fence`, and every write
    of a worker names the fence that it claimed, so that a worker that was presumed dead changes
    nothing. `due_at` decides when the next stage runs; the queue only makes it prompt.
    """

    class Kind(models.TextChoices):
        """The kind of work."""

        APPLY = "apply", "Apply"
        DELETE = "delete", "Delete"

    class State(models.TextChoices):
        """The state of the operation."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        # Everything is written, and may not be in effect everywhere yet.
        PROPAGATING = "propagating", "Waiting for propagation"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="operations"
    )
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.APPLY)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    plan = models.JSONField(help_text="The plan as JSON, as it was shown.")
    plan_digest = models.CharField(max_length=64)

    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="The attempt of the current stage, from 1."
    )
    waiting_for = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When the next stage is due.")
    enqueued_at = models.DateTimeField(
        null=True, blank=True, help_text="When the tick last enqueued it."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=128, blank=True)
    fence = models.PositiveIntegerField(default=0)
    continuation = models.TextField(
        blank=True,
        help_text="The signed URL at which Azure reports progress: never shown or logged.",
    )
    cancel_requested = models.BooleanField(default=False)

    error_code = models.CharField(max_length=128, blank=True)
    error_message = models.TextField(blank=True)

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150)
    request_id = models.CharField(
        max_length=64,
        blank=True,
        default=current_request_id,
        help_text="The id of the request that started it.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            # For the query of the scheduled task; finished rows, nearly all, are not in it.
            models.Index(fields=["due_at"], name="operations_due", condition=Q(state__in=ACTIVE)),
            # Lists show the newest first.
            models.Index(fields=["created_at"], name="operations_by_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                name="one_unfinished_operation_per_instance",
                condition=Q(state__in=UNFINISHED),
                violation_error_message="Another operation is in progress on this instance.",
            ),
            models.CheckConstraint(
                name="an_unfinished_operation_says_what_it_waits_for",
                condition=~Q(state__in=ACTIVE) | (~Q(waiting_for="") & Q(due_at__isnull=False)),
                violation_error_message="An active operation has waiting_for and due_at.",
            ),
            models.CheckConstraint(
                name="a_finished_operation_holds_nothing",
                condition=Q(state__in=ACTIVE)
                | Q(finished_at__isnull=False, lease_until__isnull=True, continuation=""),
                violation_error_message="A finished operation has no lease and no continuation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.instance}"

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.state not in ACTIVE

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to write: it has ended or is propagating."""
        return self.state not in UNFINISHED

    @property
    def status_text(self) -> str:
        """The status in one line: what it waits for, or how it ended."""
        if self.state == self.State.FAILED:
            return f"failed: {self.error_message}"
        if self.is_finished:
            return self.state
        is_shown = self.attempt > 1 or self.state == self.State.PROPAGATING
        attempt = f" (attempt {self.attempt})" if is_shown else ""
        if self.state == self.State.PROPAGATING:
            return f"waiting for {self.waiting_for}{attempt}"
        return f"{self.state}, waiting for {self.waiting_for}{attempt}"

    def read_plan(self) -> Plan:
        """Return the plan that it applies. Raises UnreadablePlan."""
        try:
            return Plan.from_json(self.plan)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnreadablePlan(
                f"The stored plan cannot be read: {error!r}. Another release stored it, "
                "or it was edited. Review the new plan, then apply it."
            ) from error


class OperationStep(models.Model):
    """One write to Azure: the plan's step of the same position, and its progress."""

    class State(models.TextChoices):
        """The progress of the step. `SENDING` is stored before anything is sent."""

        PENDING = "pending", "Pending"
        SENDING = "sending", "Sending"
        POLLING = "polling", "Azure is working on it"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=255)
    changes = models.JSONField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["operation", "position"], name="one_step_at_a_position"
            ),
        ]

    def __str__(self) -> str:
        return self.title
