"""Operations, which carry plans out and outlive the workers that do it, and the audit trail."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from arm.state import InstanceState
from identities.models import SignalRInstance, Subscription
from observability.context import current_request_id
from sync.errors import UnreadablePlan
from sync.inventory.sync_status import SyncStatus
from sync.planning.plan import Plan
from sync.querysets import (
    AT_WORK,
    UNFINISHED,
    AppendOnly,
    AuditEventQuerySet,
    DesiredRevisionQuerySet,
    OperationQuerySet,
    StatusCountQuerySet,
)


class Operation(models.Model):
    """One long-running unit of work on one instance, and the only record of how far it is.

    Whoever works on it holds a lease and a fence: each claim adds one to `fence`, and every write
    of a worker names the fence that it claimed, so one that was given up for dead changes nothing
    any more. Times are the engine's; a queue only makes them come sooner.
    """

    class Kind(models.TextChoices):
        """What is done."""

        APPLY = "apply", "Apply"
        DELETE = "delete", "Delete"

    class State(models.TextChoices):
        """How far it is."""

        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        # All is written, and does not act everywhere yet.
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
    plan = models.JSONField(help_text="The Plan as JSON, as it was shown.")
    plan_digest = models.CharField(max_length=64)

    attempt = models.PositiveSmallIntegerField(
        default=1, help_text="Of what is being done now; begins at 1 again when that succeeds."
    )
    waiting_for = models.CharField(max_length=255, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it goes on.")
    woken_at = models.DateTimeField(
        null=True, blank=True, help_text="When the tick last put it on the queue."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=128, blank=True)
    fence = models.PositiveIntegerField(default=0)
    continuation = models.TextField(
        blank=True, help_text="Where Azure says how a write gets on. Signed: never shown or logged."
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
        help_text="Of the request that asked.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            # What every tick asks; finished rows, nearly all, are not in it.
            models.Index(fields=["due_at"], name="operations_due", condition=Q(state__in=AT_WORK)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["instance"],
                name="one_unfinished_operation_per_instance",
                condition=Q(state__in=UNFINISHED),
                violation_error_message="Another operation is under way on this instance.",
            ),
            models.CheckConstraint(
                name="an_unfinished_operation_says_what_it_waits_for",
                condition=~Q(state__in=AT_WORK) | (~Q(waiting_for="") & Q(due_at__isnull=False)),
                violation_error_message="Say what it waits for and when it goes on.",
            ),
            models.CheckConstraint(
                name="a_finished_operation_holds_nothing",
                condition=Q(state__in=AT_WORK)
                | Q(finished_at__isnull=False, lease_until__isnull=True, continuation=""),
                violation_error_message="A finished operation has no lease and no continuation.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.instance}"

    @property
    def is_finished(self) -> bool:
        """Whether it stays as it is."""
        return self.state not in AT_WORK

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to write: ended, or waiting for what it wrote to act."""
        return self.state not in UNFINISHED

    @property
    def standing(self) -> str:
        """How it stands, in one line: what it waits for, or how it ended."""
        if self.state == self.State.FAILED:
            return f"failed: {self.error_message}"
        if self.is_finished:
            return self.state
        is_told = self.attempt > 1 or self.state == self.State.PROPAGATING
        attempt = f" (attempt {self.attempt})" if is_told else ""
        if self.state == self.State.PROPAGATING:
            return f"waiting for {self.waiting_for}{attempt}"
        return f"{self.state}, waiting for {self.waiting_for}{attempt}"

    def read_plan(self) -> Plan:
        """Return the plan that it carries out. Raises UnreadablePlan."""
        try:
            return Plan.from_json(self.plan)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnreadablePlan(
                f"The stored plan cannot be read: {error!r}. It was made by another release of "
                "Signalman, or changed by hand. Look at the new plan and apply that."
            ) from error


class OperationStep(models.Model):
    """One write to Azure: the plan's step of the same position, and how far it is."""

    class State(models.TextChoices):
        """How far it is. `SENDING` is written before anything is sent."""

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


class DesiredRevision(models.Model):
    """What was wanted of an instance, from one change of it to the next."""

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="revisions"
    )
    number = models.PositiveIntegerField(help_text="Counts from 1 within the instance.")
    state = models.JSONField(help_text="InstanceState as JSON.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the state, in hexadecimal.")
    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    action = models.CharField(max_length=48, help_text="What was done to come here.")
    comment = models.CharField(
        max_length=255, blank=True, help_text="Why, in the operator's words."
    )

    objects = DesiredRevisionQuerySet.as_manager()

    class Meta:
        ordering = ["instance", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "number"], name="one_revision_of_a_number_per_instance"
            ),
            models.CheckConstraint(
                name="a_revision_says_who_and_what",
                condition=~Q(who="") & ~Q(action=""),
                violation_error_message="Say who did what.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance} {self.number}: {self.action}"

    def read_state(self) -> InstanceState:
        """Return what was wanted."""
        return InstanceState.from_json(self.state)


class StatusCount(models.Model):
    """How many instances of a subscription stood how, from `at` until the next count."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="status_counts"
    )
    at = models.DateTimeField(default=timezone.now)
    synced = models.PositiveIntegerField(default=0)
    out_of_sync = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    paused = models.PositiveIntegerField(default=0)

    objects = StatusCountQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subscription", "-at"], name="status_count_by_age")]

    def __str__(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in self.numbers.items() if number)

    @property
    def numbers(self) -> dict[str, int]:
        """The counts, by the name of the status."""
        names = ("synced", "out_of_sync", "missing", "unknown", "paused")
        return {name: getattr(self, name) for name in names}


class InstanceStatus(models.Model):
    """How an instance stood when it was last compared: what lists filter and count by.

    Whether it agrees is a comparison of two trees, and no question to a database. Kept by
    `sync.inventory.status_rows`.
    """

    instance = models.OneToOneField(
        SignalRInstance, on_delete=models.CASCADE, primary_key=True, related_name="standing"
    )
    status = models.CharField(max_length=16, choices=SyncStatus, db_index=True)
    since = models.DateTimeField(help_text="When it came to stand so.")

    class Meta:
        verbose_name_plural = "instance statuses"

    def __str__(self) -> str:
        return f"{self.instance}: {self.status}"


class AuditEvent(models.Model):
    """Who changed what, from what to what. Only ever added to, and outlives what it is about."""

    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    object = models.CharField(max_length=512, help_text="The ARM id, or the name of what changed.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # Not a foreign key: this row stays when that one goes.
    operation_id = models.UUIDField(null=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True, default=current_request_id)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["object", "-at"], name="audit_of_an_object")]
        constraints = [
            models.CheckConstraint(
                name="an_audit_event_says_who",
                condition=~Q(who=""),
                violation_error_message="Say who did it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.who}: {self.action} {self.object}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a new event. Raises AppendOnly for a recorded one."""
        if not self._state.adding:
            raise AppendOnly("An audit event cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be deleted.")
