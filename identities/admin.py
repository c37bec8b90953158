"""The portal's pages on instances and identities."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import display

from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)
from identities.signals import instance_edited, instance_removed
from identities.vaults import KeyVault, VaultGrant, VaultSecret


class ReadOnlyAdmin(ModelAdmin):
    """Rows to be looked at here, and not to be changed."""

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions as Azure answered them: their tenant decides whose tokens are accepted."""

    list_display = ["display_name", "subscription_id", "tenant_id"]


@admin.register(UserAssignedIdentity)
class UserAssignedIdentityAdmin(ModelAdmin):
    """Identities that an instance can be given."""

    list_display = ["name", "location", "principal_id", "client_id"]
    search_fields = ["name", "arm_id", "principal_id", "client_id"]
    readonly_fields = ["principal_id", "client_id", "tenant_id"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: UserAssignedIdentity | None = None
    ) -> list[str]:
        """Return, of a known identity, which one it is too: instances that have it would switch."""
        fields = [str(name) for name in super().get_readonly_fields(request, obj)]
        return ["arm_id", "location", *fields] if obj else fields


class ManagedIdentityInline(StackedInline):
    """The one identity of an instance."""

    model = ManagedIdentity
    can_delete = False
    autocomplete_fields = ["user_assigned"]
    readonly_fields = ["principal_id", "tenant_id"]


class VaultGrantInline(TabularInline):
    """Which vaults the identity may read, as Azure last answered."""

    model = VaultGrant
    extra = 0
    can_delete = False
    fields = ["vault", "principal_id", "mechanism", "standing"]
    readonly_fields = ["standing"]

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no: a plan grants."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    @display(description="Standing")
    def standing(self, row: VaultGrant) -> str:
        """Say whether it acts."""
        return row.standing(timezone.now())


@admin.register(SignalRInstance)
class SignalRInstanceAdmin(ModelAdmin):
    """SignalR instances, each with its identity and what the rooms above add to it."""

    list_display = [
        "name",
        "resource_group",
        "location",
        "identity",
        "policy",
        "provisioning_state",
    ]
    list_filter = ["policy", "subscription", "identity__type", "location"]
    list_select_related = ["identity__user_assigned"]
    search_fields = ["name", "resource_group"]
    readonly_fields = [
        "sku",
        "service_mode",
        "provisioning_state",
        "host_name",
        "observed_at",
        "azure_modified_at",
    ]
    inlines = [ManagedIdentityInline, VaultGrantInline]

    @classmethod
    def register_inline(cls, inline: type[InlineModelAdmin[Any, Any]]) -> None:
        """Show `inline` on an instance's page: how a room above this one adds its part."""
        cls.inlines = [*cls.inlines, inline]

    def get_readonly_fields(
        self, request: HttpRequest, obj: SignalRInstance | None = None
    ) -> list[str]:
        """Return, of a known instance, what it is found by in Azure as well."""
        fields = [str(name) for name in super().get_readonly_fields(request, obj)]
        return ["name", "subscription", "resource_group", "location", *fields] if obj else fields

    def get_inlines(
        self, request: HttpRequest, obj: SignalRInstance | None
    ) -> list[type[InlineModelAdmin[Any, Any]]]:
        """Return none for a new instance: saving it makes the identity's row."""
        return list(super().get_inlines(request, obj)) if obj else []

    def save_related(
        self, request: HttpRequest, form: ModelForm[SignalRInstance], formsets: Any, change: bool
    ) -> None:
        """Save the rows around the instance, then say who edited it; one transaction holds all."""
        super().save_related(request, form, formsets, change)
        around = [each for formset in formsets for each in formset if each.has_changed()]
        instance_edited.send(
            SignalRInstance,
            instance=form.instance,
            who=_name_of(request),
            fields=_edits(form) if change else {},
            rows=[(each.instance, _edits(each)) for each in around],
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let what hangs on an instance go with it: such rows cannot be deleted by themselves."""
        deleted, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: SignalRInstance) -> None:
        """Take the instance out of Signalman, and say who did; Azure is not asked."""
        with transaction.atomic():
            instance_removed.send(SignalRInstance, instance=obj, who=_name_of(request))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SignalRInstance]) -> None:
        """Take several out of Signalman: all of them or none."""
        with transaction.atomic():
            for instance in queryset:
                self.delete_model(request, instance)


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

    list_display = ["name", "uses_rbac", "problem", "observed_at"]
    list_filter = ["uses_rbac"]
    search_fields = ["name", "arm_id"]
    inlines = [VaultSecretInline]


@admin.register(VaultGrant)
class VaultGrantAdmin(ReadOnlyAdmin):
    """Which identity may read which vault, of all instances."""

    list_display = ["instance", "vault", "principal_id", "mechanism", "standing", "observed_at"]
    list_filter = ["mechanism", "vault"]
    list_select_related = ["instance", "vault"]
    search_fields = ["instance__name", "vault__name", "principal_id"]

    @display(description="Standing")
    def standing(self, row: VaultGrant) -> str:
        """Say whether it acts."""
        return row.standing(timezone.now())


def _edits(form: ModelForm[Any]) -> dict[str, tuple[Any, Any]]:
    """Return the fields that a valid form changes, each with its value before and after."""
    return {name: (form[name].initial, form.cleaned_data[name]) for name in form.changed_data}


def _name_of(request: HttpRequest) -> str:
    return request.user.get_username()
