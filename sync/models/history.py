"""The history of the desired state: one revision for each change of an instance."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from arm.instance_state import InstanceState
from identities.models import SignalRInstance


class DesiredRevisionQuerySet(models.QuerySet["DesiredRevision"]):
    """Queries for revisions."""

    def last_of_each(self, instance_ids: Iterable[int]) -> dict[int, DesiredRevision]:
        """Return the last revision of each instance that has one, by the instance's primary key."""
        of_one = self.model.objects.filter(instance_id=OuterRef("instance_id"))
        last = of_one.order_by("-number").values("number")[:1]
        found = self.filter(instance_id__in=list(instance_ids), number=Subquery(last))
        return {revision.instance_id: revision for revision in found}


class DesiredRevision(models.Model):
    """One version of an instance's desired state."""

    instance = models.ForeignKey(
        SignalRInstance, on_delete=models.CASCADE, related_name="revisions"
    )
    number = models.PositiveIntegerField(help_text="Counts from 1 within the instance.")
    state = models.JSONField(help_text="InstanceState as JSON.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the state, in hexadecimal.")
    at = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    action = models.CharField(max_length=48, help_text="The action that led to it.")
    comment = models.CharField(max_length=255, blank=True, help_text="The operator's change note.")

    objects = DesiredRevisionQuerySet.as_manager()

    class Meta:
        ordering = ["instance", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "number"], name="one_revision_of_a_number_per_instance"
            ),
            models.CheckConstraint(
                name="a_revision_says_who_and_what",
                condition=~Q(who="") & ~Q(action=""),
                violation_error_message="A revision has who and action.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance} {self.number}: {self.action}"

    def read_state(self) -> InstanceState:
        """Return the desired state."""
        return InstanceState.from_json(self.state)
