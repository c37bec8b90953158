"""Reservations of Azure's rate limits, for all processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, transaction


class RequestBudgetQuerySet(models.QuerySet["RequestBudget"]):
    """Queries for request budgets."""

    @contextmanager
    def locked(self, key: str) -> Iterator[RequestBudget]:
        """Lock the budget of that name, which is created if there is none; save it at the end."""
        with transaction.atomic():
            row, _ = self.select_for_update().get_or_create(key=key)
            yield row
            row.save(update_fields=["booked"])


class RequestBudget(models.Model):
    """The reserved requests of one kind to one subscription.

    `sync.operations.arm_budget` names and calculates them.
    """

    key = models.CharField(max_length=64, primary_key=True)
    booked = models.FloatField(
        default=0.0,
        help_text="The time until which requests are reserved, in seconds since 1970.",
    )

    objects = RequestBudgetQuerySet.as_manager()

    def __str__(self) -> str:
        return self.key
