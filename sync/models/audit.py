"""The audit trail: who changed what, with the values before and after."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone

from observability.correlation_ids import current_request_id


class AppendOnly(RuntimeError):
    """A recorded audit event was to be changed or deleted."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Queries for audit events."""

    def about(self, name: str) -> AuditEventQuerySet:
        """Return the events of the object of that ARM id, or of the resource of that name."""
        return self.filter(Q(object__iexact=name) | Q(object__iendswith=f"/{name}"))

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be changed.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be deleted.")


class AuditEvent(models.Model):
    """One change: who made it, and the values before and after. Never changed or deleted."""

    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    action = models.CharField(max_length=64)
    object = models.CharField(max_length=512, help_text="The ARM id or name of what changed.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # Not a foreign key: this row outlives the operation.
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
                violation_error_message="An audit event has who.",
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
