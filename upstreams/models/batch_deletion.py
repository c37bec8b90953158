"""Deletion of old rows in batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models


def delete_batch(rows: models.QuerySet[Any], field: str, moment: datetime, number: int) -> int:
    """Delete at most `number` rows whose `field` is before `moment`, the oldest; return how many.

    The number bounds how long others wait for the rows, and on SQLite for the database. An index on
    the field serves both statements. The second one has no subquery: with outdated statistics,
    PostgreSQL may compare each row of a subquery with each row of the table.
    """
    old = rows.filter(**{f"{field}__lt": moment})
    following = old.order_by(field, "pk").values_list(field, "pk")[number : number + 1].first()
    if following is not None:
        value, pk = following
        is_earlier = models.Q(**{f"{field}__lt": value}) | models.Q(pk__lt=pk)
        old = old.filter(is_earlier, **{f"{field}__lte": value})
    deleted: int = old.delete()[0]
    return deleted
