"""Adding to figures from many processes at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import F

from config.figures.counters import Kind

if TYPE_CHECKING:
    from config.figures.models import Figure  # noqa: F401


class FigureQuerySet(models.QuerySet["Figure"]):
    """Figures by kind."""

    @transaction.atomic
    def add(self, counts: Mapping[Kind, float]) -> None:
        """Add to counts, all of them or, on an error, none."""
        self._ensure(counts)
        # In one order everywhere: two processes must not wait for each other's rows.
        for kind in sorted(counts):
            self.filter(key=kind.key).update(value=F("value") + counts[kind])

    @transaction.atomic
    def note(self, moments: Mapping[Kind, float]) -> None:
        """Keep the later of each moment and the one that is known."""
        self._ensure(moments)
        for kind in sorted(moments):
            self.filter(key=kind.key, value__lt=moments[kind]).update(value=moments[kind])

    def _ensure(self, kinds: Mapping[Kind, float]) -> None:
        known = set(self.filter(key__in=[kind.key for kind in kinds]).values_list("key", flat=True))
        self.bulk_create(
            (
                self.model(name=kind.name, labels=list(kind.labels), key=kind.key)
                for kind in sorted(kinds)
                if kind.key not in known
            ),
            ignore_conflicts=True,
        )
