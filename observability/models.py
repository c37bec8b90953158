"""Metric values that all processes share."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models, transaction

from observability.counters import Series
from observability.increments import increment


class MetricValueQuerySet(models.QuerySet["MetricValue"]):
    """Metric values by series."""

    @transaction.atomic
    def add(self, counts: Mapping[Series, float]) -> None:
        """Add to counters: all of them or, on an error, none."""
        rows: dict[str, tuple[str, list[str], str, float]] = {}
        # In one order everywhere: two processes must not wait for each other's rows.
        for series in sorted(counts):
            before = rows[series.key][-1] if series.key in rows else 0
            number = before + counts[series]
            rows[series.key] = (series.name, list(series.labels), series.key, number)
        columns = ("name", "labels", "key", "value")
        increment(self.model, columns, ("key",), rows.values())

    @transaction.atomic
    def set_latest(self, moments: Mapping[Series, float]) -> None:
        """Keep the later of each given moment and the stored one. Seconds since the epoch."""
        self._ensure(moments)
        for series in sorted(moments):
            self.filter(key=series.key, value__lt=moments[series]).update(value=moments[series])

    def _ensure(self, needed: Mapping[Series, float]) -> None:
        keys = [series.key for series in needed]
        known = set(self.filter(key__in=keys).values_list("key", flat=True))
        self.bulk_create(
            (
                self.model(name=series.name, labels=list(series.labels), key=series.key)
                for series in sorted(needed)
                if series.key not in known
            ),
            ignore_conflicts=True,
        )


class MetricValue(models.Model):
    """One stored number, identified by its name and label values.

    Either a counter, or the latest of some moments in seconds since the epoch: the app that
    registered the metric knows which.
    """

    name = models.CharField(max_length=64)
    labels = models.JSONField(default=list, help_text="Label values, in the metric's own order.")
    # JSON equality differs between databases: rows are found by this text.
    key = models.CharField(max_length=255, unique=True)
    value = models.FloatField(default=0)

    objects = MetricValueQuerySet.as_manager()

    class Meta:
        # The table's first name. Renaming it would break the processes of a rolling upgrade.
        db_table = "figures_figure"

    def __str__(self) -> str:
        return f"{self.key} {self.value:g}"
