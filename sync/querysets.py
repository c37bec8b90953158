"""The questions that are asked of operations and of the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from sync.models import AuditEvent, Operation  # noqa: F401

# The states that an operation does not stay in.
UNFINISHED: Final = ("queued", "running")


class AppendOnly(RuntimeError):
    """What was recorded stays as it was recorded."""


class OperationQuerySet(models.QuerySet["Operation"]):
    """Questions about operations."""

    def unfinished(self) -> OperationQuerySet:
        """Return those that are queued or running."""
        return self.filter(state__in=UNFINISHED)

    def due(self, now: datetime) -> OperationQuerySet:
        """Return the unfinished ones whose time has come and that no worker holds."""
        is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        return self.unfinished().filter(is_free, due_at__lte=now)

    def asleep(self, now: datetime, *, since: timedelta) -> OperationQuerySet:
        """Return those of the due ones that were not woken within `since`."""
        long_ago = now - since
        return self.due(now).filter(Q(woken_at__isnull=True) | Q(woken_at__lte=long_ago))


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """The audit trail: added to and read."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be changed.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be deleted.")
