"""The questions that are asked of operations and of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.db import models
from django.db.models import OuterRef, Q, Subquery

if TYPE_CHECKING:
    from sync.models import AuditEvent, DesiredRevision, Operation  # noqa: F401

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


class DesiredRevisionQuerySet(models.QuerySet["DesiredRevision"]):
    """What was wanted, and when."""

    def last_of_each(self, instance_ids: Iterable[int]) -> dict[int, DesiredRevision]:
        """Return the last revision of each instance that has one, by the instance's key."""
        of_one = self.model.objects.filter(instance_id=OuterRef("instance_id"))
        last = of_one.order_by("-number").values("number")[:1]
        found = self.filter(instance_id__in=list(instance_ids), number=Subquery(last))
        return {revision.instance_id: revision for revision in found}


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """The audit trail: added to and read."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be changed.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be deleted.")
