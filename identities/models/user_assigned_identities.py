"""User-assigned managed identities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from identities.validators import validate_user_assigned_id


class UserAssignedIdentityQuerySet(models.QuerySet["UserAssignedIdentity"]):
    """Queries of user-assigned identities."""

    def with_arm_id(self, arm_id: str) -> UserAssignedIdentityQuerySet:
        """Return the identity of that ARM id, ignoring case."""
        return self.filter(arm_id__iexact=arm_id)

    def by_arm_id(self, arm_ids: Iterable[str]) -> dict[str, UserAssignedIdentity]:
        """Return the identities of these ARM ids, in any case, by their lower-case ARM id."""
        keys = {arm_id.lower() for arm_id in arm_ids}
        rows = self.annotate(key=Lower("arm_id")).filter(key__in=keys)
        return {row.arm_id.lower(): row for row in rows}

    def matching(self, text: str) -> UserAssignedIdentityQuerySet:
        """Return those with that principal or client ID, or whose ARM id contains `text`."""
        try:
            known_as = UUID(text)
        except ValueError:
            return self.filter(arm_id__icontains=text)
        return self.filter(Q(principal_id=known_as) | Q(client_id=known_as))


class UserAssignedIdentity(models.Model):
    """A Microsoft.ManagedIdentity/userAssignedIdentities resource, as last observed."""

    arm_id = models.CharField("ARM ID", max_length=512, validators=[validate_user_assigned_id])
    name = models.CharField(max_length=128, editable=False)
    location = models.CharField(max_length=64, blank=True)
    tenant_id = models.UUIDField(null=True, blank=True)
    principal_id = models.UUIDField(
        null=True, blank=True, help_text="Object ID of its service principal: a token's oid."
    )
    client_id = models.UUIDField(null=True, blank=True, help_text="A token's appid.")

    objects = UserAssignedIdentityQuerySet.as_manager()

    class Meta:
        ordering = ["name", "arm_id"]
        verbose_name_plural = "user-assigned identities"
        constraints = [
            # ARM returns ids in varying case.
            models.UniqueConstraint(
                Lower("arm_id"),
                name="one_row_per_user_assigned_identity",
                violation_error_message="This identity is already in Signalman.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the name from the ARM id."""
        self.name = self.arm_id.rsplit("/", 1)[-1]
        super().save(*args, **kwargs)
