"""The portal's pages on instances and identities."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline

from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    """Subscriptions whose instances are managed."""

    list_display = ["display_name", "subscription_id", "tenant_id"]


@admin.register(UserAssignedIdentity)
class UserAssignedIdentityAdmin(ModelAdmin):
    """Identities that an instance can be given."""

    list_display = ["name", "location", "principal_id", "client_id"]
    search_fields = ["name", "arm_id", "principal_id", "client_id"]
    readonly_fields = ["principal_id", "client_id", "tenant_id"]


class ManagedIdentityInline(StackedInline):
    """The one identity of an instance."""

    model = ManagedIdentity
    can_delete = False
    autocomplete_fields = ["user_assigned"]
    readonly_fields = ["principal_id", "tenant_id"]


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
    readonly_fields = ["provisioning_state", "host_name", "observed_at", "azure_modified_at"]
    inlines = [ManagedIdentityInline]

    @classmethod
    def register_inline(cls, inline: type[InlineModelAdmin[Any, Any]]) -> None:
        """Show `inline` on an instance's page: how a room above this one adds its part."""
        cls.inlines = [*cls.inlines, inline]

    def get_inlines(
        self, request: HttpRequest, obj: SignalRInstance | None
    ) -> list[type[InlineModelAdmin[Any, Any]]]:
        """Return none for a new instance: saving it makes the identity's row."""
        return list(super().get_inlines(request, obj)) if obj else []
