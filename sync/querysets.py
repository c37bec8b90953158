"""The questions that are asked of operations and of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from django.db import models
from django.db.models import OuterRef, Q, Subquery

if TYPE_CHECKING:
    from sync.models import (  # noqa: F401
        AuditEvent,
        DesiredRevision,
        Operation,
        StatusCount,
    )

# The states in which an operation has something to write yet: one at a time for an instance.
UNFINISHED: Final = ("queued", "running")
# The states that an operation does not stay in: a worker comes back to it.
AT_WORK: Final = (*UNFINISHED, "propagating")


# Rows deleted in one statement: a bounded lock, however long nobody tidied up.
_BATCH: Final = 1_000


class AppendOnly(RuntimeError):
    """What was recorded stays as it was recorded."""


class OperationQuerySet(models.QuerySet["Operation"]):
    """Questions about operations."""

    def unfinished(self) -> OperationQuerySet:
        """Return those that are queued or running."""
        return self.filter(state__in=UNFINISHED)

    def at_work(self) -> OperationQuerySet:
        """Return those that have not ended: unfinished, or waiting for what they wrote to act."""
        return self.filter(state__in=AT_WORK)

    def due(self, now: datetime) -> OperationQuerySet:
        """Return those at work whose time has come and that no worker holds."""
        is_free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        return self.at_work().filter(is_free, due_at__lte=now)

    def asleep(self, now: datetime, *, since: timedelta) -> OperationQuerySet:
        """Return those of the due ones that were not woken within `since`."""
        long_ago = now - since
        return self.due(now).filter(Q(woken_at__isnull=True) | Q(woken_at__lte=long_ago))

    def delete_finished_before(self, moment: datetime) -> int:
        """Delete a batch of those that ended before `moment`, with their steps; return how many."""
        oldest = self.filter(finished_at__lt=moment).order_by("finished_at")
        keys = list(oldest.values_list("pk", flat=True)[:_BATCH])
        self.filter(pk__in=keys).delete()
        return len(keys)


class StatusCountQuerySet(models.QuerySet["StatusCount"]):
    """How the fleet stood."""

    def at(self, moment: datetime) -> StatusCountQuerySet:
        """Return, for each subscription, the count that held at `moment`."""
        of_one = self.model.objects.filter(subscription=OuterRef("subscription"), at__lte=moment)
        return self.filter(pk=Subquery(of_one.order_by("-at", "-pk").values("pk")[:1]))

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of those that held no more at `moment`; return how many."""
        oldest = self.filter(at__lt=moment).exclude(pk__in=self.at(moment).values("pk"))
        keys = list(oldest.order_by("at").values_list("pk", flat=True)[:_BATCH])
        self.filter(pk__in=keys).delete()
        return len(keys)


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

    def about(self, name: str) -> AuditEventQuerySet:
        """Return the events of the object of that ARM id, or of the resource of that name."""
        return self.filter(Q(object__iexact=name) | Q(object__iendswith=f"/{name}"))

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be changed.")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly("An audit event cannot be deleted.")
