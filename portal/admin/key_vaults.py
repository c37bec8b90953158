"""Vaults that URL templates name, their secrets, and who may read them."""

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
    """The secrets of a vault that templates name."""

    model = VaultSecret
    extra = 0
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False


@admin.register(KeyVault)
class KeyVaultAdmin(ReadOnlyAdmin):
    """Vaults that URL templates name."""

    empty = Empty(
        "No key vault is known",
        "A vault comes here when an upstream template names one of its secrets.",
    )
    list_display = ["name", "uses_rbac", "problem", "observed_at"]
    list_filter = ["uses_rbac"]
    search_fields = ["name", "arm_id"]
    inlines = [VaultSecretInline]


@admin.register(VaultGrant)
class VaultGrantAdmin(ReadOnlyAdmin):
    """Which identity may read which vault, of all instances."""

    empty = Empty("No grant is known", "A plan grants what upstream templates need to be read.")
    list_display = ["instance", "vault", "principal_id", "mechanism", "standing", "observed_at"]
    list_filter = ["mechanism"]
    list_select_related = ["instance", "vault"]
    search_fields = ["instance__name", "vault__name", "principal_id"]

    @display(description="Standing")
    def standing(self, row: VaultGrant) -> str:
        """Say whether it acts."""
        return row.standing(timezone.now())
