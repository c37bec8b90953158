"""Key vaults that URL templates reference, grants on them and their secrets, as last observed.

Written by `sync` only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models.functions import Lower

from arm.instance_state import GrantMechanism


class KeyVaultQuerySet(models.QuerySet["KeyVault"]):
    """Queries of vaults."""

    def named(self, names: Iterable[str]) -> KeyVaultQuerySet:
        """Return the vaults of these names, ignoring case."""
        return self.filter(name__in={name.lower() for name in names})


class VaultGrantQuerySet(models.QuerySet["VaultGrant"]):
    """Queries of grants."""

    def propagating(self, now: datetime) -> VaultGrantQuerySet:
        """Return the role assignments that may not be in effect yet."""
        return self.filter(acts_from__gt=now)


class KeyVault(models.Model):
    """A vault that URL templates reference, as last observed.

    A row without an ARM id is of a vault that was not found: it may be in another subscription, or
    Signalman's credential may not read it.
    """

    name = models.CharField(max_length=24, unique=True, help_text="Must be unique in Azure.")
    arm_id = models.CharField("ARM ID", max_length=512, blank=True)
    vault_uri = models.CharField("vault URI", max_length=255, blank=True)
    tenant_id = models.UUIDField(null=True, blank=True)
    uses_rbac = models.BooleanField(
        "uses Azure RBAC", null=True, help_text="If not, the vault uses access policies."
    )
    network = models.JSONField(
        null=True, blank=True, help_text="VaultNetwork as JSON; null: never read."
    )
    problem = models.TextField(blank=True, help_text="Why its grants could not be read.")
    observed_at = models.DateTimeField()

    objects = KeyVaultQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="vault_name_in_lower_case",
                condition=models.Q(name=Lower("name")),
                violation_error_message="The name of a vault is stored in lower case.",
            ),
            models.CheckConstraint(
                name="a_found_vault_says_how_it_lets_in",
                condition=models.Q(arm_id="")
                | models.Q(uses_rbac__isnull=False, tenant_id__isnull=False),
                violation_error_message="A vault that was found has a permission model and tenant.",
            ),
            models.CheckConstraint(
                name="a_vault_not_found_says_why",
                condition=~models.Q(arm_id="", problem=""),
                violation_error_message="A vault that was not found has a reason.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subscription_id(self) -> str:
        """The vault's subscription. Raises ValueError for a vault that was not found."""
        if not self.arm_id:
            raise ValueError(f"{self} was not found in any subscription.")
        return self.arm_id.split("/")[2]

    @property
    def mechanism(self) -> GrantMechanism | None:
        """The mechanism of its grants; None where the vault could not be read."""
        if self.problem:
            return None
        return "role_assignment" if self.uses_rbac else "access_policy"


class VaultGrant(models.Model):
    """Permission of an instance's identity to read a vault's secrets, as last observed."""

    class Mechanism(models.TextChoices):
        """The mechanism of a grant."""

        ACCESS_POLICY = "access_policy", "Access policy"
        ROLE_ASSIGNMENT = "role_assignment", "Role assignment"

    instance = models.ForeignKey(
        "identities.SignalRInstance", on_delete=models.CASCADE, related_name="vault_grants"
    )
    vault = models.ForeignKey(KeyVault, on_delete=models.CASCADE, related_name="grants")
    principal_id = models.UUIDField()
    mechanism = models.CharField(max_length=16, choices=Mechanism)
    granted_at = models.DateTimeField(
        null=True, blank=True, help_text="Known for role assignments only."
    )
    acts_from = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The latest time at which it takes effect; empty: immediately.",
    )
    observed_at = models.DateTimeField()

    objects = VaultGrantQuerySet.as_manager()

    class Meta:
        ordering = ["instance", "vault"]
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "vault", "principal_id"],
                name="one_grant_for_a_principal_of_an_instance",
                violation_error_message="This grant is already in Signalman.",
            ),
            models.CheckConstraint(
                name="grant_mechanism_is_one_of_two",
                condition=models.Q(mechanism__in=["access_policy", "role_assignment"]),
                violation_error_message="A grant is an access policy or a role assignment.",
            ),
            models.CheckConstraint(
                name="an_access_policy_acts_from_the_start",
                condition=models.Q(mechanism="role_assignment") | models.Q(acts_from__isnull=True),
                violation_error_message="Only a role assignment takes time to propagate.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance}: {self.vault}"

    def is_propagating(self, now: datetime) -> bool:
        """Return whether it may not be in effect yet (propagation, not a failure)."""
        return self.acts_from is not None and now < self.acts_from

    def status(self, now: datetime) -> str:
        """Return its status in one line: in effect, or propagating and until when."""
        if self.acts_from is None or not self.is_propagating(now):
            return "in effect"
        return f"propagating, until {self.acts_from:%Y-%m-%d %H:%M} UTC at the latest"


class VaultSecret(models.Model):
    """A secret that URL templates reference, as last observed; its value is never read."""

    class State(models.TextChoices):
        """The state of the secret, from its attributes."""

        PRESENT = "present", "Present"
        ABSENT = "absent", "Absent"
        UNUSABLE = "unusable", "Disabled"
        OUTDATED = "outdated", "Expired or not valid yet"
        UNKNOWN = "unknown", "Signalman may not read its properties"

    vault = models.ForeignKey(KeyVault, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=127)
    state = models.CharField(max_length=8, choices=State)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["vault", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["vault", "name"],
                name="one_row_per_secret",
                violation_error_message="This secret is already in Signalman.",
            ),
            models.CheckConstraint(
                name="secret_state_is_known",
                condition=models.Q(
                    state__in=["present", "absent", "unusable", "outdated", "unknown"]
                ),
                violation_error_message=(
                    "The state is present, absent, unusable, outdated or unknown."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vault}/{self.name}"
