"""Deletion of old rows in batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction


def delete_batch(rows: models.QuerySet[Any], field: str, moment: datetime, number: int) -> int:
    """Delete at most `number` rows whose `field` is before `moment`, the oldest; return how many.

    One statement in a transaction of its own, which an index on the field serves: the number
    bounds how long others wait for the rows, and on SQLite for the database.
    """
    oldest = rows.filter(**{f"{field}__lt": moment}).order_by(field).values("pk")[:number]
    with transaction.atomic(savepoint=False):
        deleted: int = rows.model.objects.filter(pk__in=oldest).delete()[0]
    return deleted
