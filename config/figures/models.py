"""Figures that all processes share."""

from __future__ import annotations

from django.db import models

from config.figures.querysets import FigureQuerySet


class Figure(models.Model):
    """One number by its name and the values of its labels.

    Either a count that only grows, or the latest of some moments in seconds since the epoch: which
    one it is, `config.figures.catalogue` says.
    """

    name = models.CharField(max_length=64)
    labels = models.JSONField(default=list, help_text="The values, in the catalogue's order.")
    # JSON has no order that databases agree on: this is what a row is found by.
    key = models.CharField(max_length=255, unique=True)
    value = models.FloatField(default=0)

    objects = FigureQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.key} {self.value:g}"
