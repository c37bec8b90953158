"""Admin of key vaults, their referenced secrets, and grants."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.decorators import display

from identities.models import KeyVault, VaultGrant, VaultSecret
from portal.admin.base import Empty, ReadOnlyAdmin


class VaultSecretInline(TabularInline):
    """The referenced secrets of a key vault."""

    model = VaultSecret
    extra = 0
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False


@admin.register(KeyVault)
class KeyVaultAdmin(ReadOnlyAdmin):
    """Key vaults that URL templates reference."""

    empty = Empty(
        "No key vaults yet",
        "A key vault is added when an upstream template references one of its secrets.",
    )
    list_display = ["name", "uses_rbac", "problem", "observed_at"]
    list_filter = ["uses_rbac"]
    search_fields = ["name", "arm_id"]
    inlines = [VaultSecretInline]


@admin.register(VaultGrant)
class VaultGrantAdmin(ReadOnlyAdmin):
    """Access of managed identities to key vaults, of all instances."""

    empty = Empty(
        "No grants yet", "Plans grant access to the key vaults that upstream templates reference."
    )
    list_display = ["instance", "vault", "principal_id", "mechanism", "grant_status", "observed_at"]
    list_filter = ["mechanism"]
    list_select_related = ["instance", "vault"]
    search_fields = ["instance__name", "vault__name", "principal_id"]

    @display(description="Status")
    def grant_status(self, row: VaultGrant) -> str:
        """Return whether the grant is in effect."""
        return row.status(timezone.now())
