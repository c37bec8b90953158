"""The questions that other rooms ask of instances and identities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from identities.models import SignalRInstance, UserAssignedIdentity  # noqa: F401
    from identities.vaults import KeyVault, VaultGrant  # noqa: F401


class SignalRInstanceQuerySet(models.QuerySet["SignalRInstance"]):
    """Questions about SignalR instances."""

    def named(self, name: str) -> SignalRInstanceQuerySet:
        """Return the instance of that name; Azure's names differ by more than case."""
        return self.filter(name__iexact=name)

    def on_schedule(self) -> SignalRInstanceQuerySet:
        """Return those that are read and compared without anybody asking."""
        return self.exclude(policy="pause")

    def with_desired(self) -> SignalRInstanceQuerySet:
        """Fetch what the desired state is made of, in a constant number of queries."""
        return self.select_related("subscription", "identity__user_assigned").prefetch_related(
            "upstream_templates"
        )


class UserAssignedIdentityQuerySet(models.QuerySet["UserAssignedIdentity"]):
    """Questions about user-assigned identities."""

    def with_arm_id(self, arm_id: str) -> UserAssignedIdentityQuerySet:
        """Return the identity of that ARM id, in whatever case ARM wrote it."""
        return self.filter(arm_id__iexact=arm_id)

    def matching(self, text: str) -> UserAssignedIdentityQuerySet:
        """Return those of that principal or client ID, or whose name or ARM id holds `text`."""
        try:
            known_as = UUID(text)
        except ValueError:
            return self.filter(arm_id__icontains=text)
        return self.filter(Q(principal_id=known_as) | Q(client_id=known_as))


class KeyVaultQuerySet(models.QuerySet["KeyVault"]):
    """Questions about vaults."""

    def named(self, names: Iterable[str]) -> KeyVaultQuerySet:
        """Return the vaults of these names, in any case."""
        return self.filter(name__in={name.lower() for name in names})


class VaultGrantQuerySet(models.QuerySet["VaultGrant"]):
    """Questions about who may read which vault."""

    def propagating(self, now: datetime) -> VaultGrantQuerySet:
        """Return the role assignments that may not act everywhere yet."""
        return self.filter(acts_from__gt=now)
