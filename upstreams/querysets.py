"""The questions that other rooms ask of templates and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.db.models import Sum

if TYPE_CHECKING:
    from upstreams.models import (  # noqa: F401
        Delivery,
        DeliveryCount,
        UpstreamTemplate,
    )

# Rows deleted in one statement: a bounded lock, however long nobody tidied up.
_BATCH: Final = 5_000


class UpstreamTemplateQuerySet(models.QuerySet["UpstreamTemplate"]):
    """Questions about upstream templates."""

    def signed(self) -> UpstreamTemplateQuerySet:
        """Return those whose requests carry a token."""
        return self.filter(auth_type="ManagedIdentity")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about sampled deliveries."""

    def refused(self) -> DeliveryQuerySet:
        """Return those that no handler saw."""
        return self.filter(outcome="refused")

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows received before `moment`; return how many."""
        oldest = self.filter(received_at__lt=moment).order_by("received_at")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


class DeliveryCountQuerySet(models.QuerySet["DeliveryCount"]):
    """Questions about counted deliveries."""

    def since(self, moment: datetime) -> DeliveryCountQuerySet:
        """Return the counts of the minutes that began at `moment` or later."""
        return self.filter(minute__gte=moment)

    def total(self) -> int:
        """Return how many deliveries these rows count."""
        return self.aggregate(total=Sum("count"))["total"] or 0

    def delete_before(self, moment: datetime) -> int:
        """Delete a batch of the rows of minutes before `moment`; return how many."""
        oldest = self.filter(minute__lt=moment).order_by("minute")
        return self.filter(pk__in=_batch(oldest)).delete()[0]


def _batch(rows: models.QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:_BATCH])
