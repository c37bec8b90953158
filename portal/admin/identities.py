"""Subscriptions, and the identities that instances can be given."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from identities.models import Subscription, UserAssignedIdentity
from portal.admin.base import Empty, ReadOnlyAdmin, RowsAdmin, ValuesFilter
from portal.templatetags.portal import copyable


class IdentityLocationFilter(ValuesFilter):
    """By location."""

    title = "location"
    parameter_name = "location"
    source = UserAssignedIdentity
    column = "location"


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Subscriptions as Azure answered them: their tenant decides whose tokens are accepted."""

    empty = Empty(
        "No subscription is known",
        "A subscription comes with the first of its instances that is imported.",
        "portal:import",
        "Import instances",
    )
    list_display = ["display_name", "subscription", "tenant", "instances"]
    search_fields = ["display_name", "subscription_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Return the rows, each with how many instances it holds."""
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows.annotate(held=Count("instances"))

    @display(description="subscription id")
    def subscription(self, row: Subscription) -> SafeString | str:
        """Return its id, to be copied."""
        return copyable(row.pk, "subscription id")

    @display(description="tenant id")
    def tenant(self, row: Subscription) -> SafeString | str:
        """Return the tenant, to be copied."""
        return copyable(row.tenant_id, "tenant id")

    @display(description="instances", ordering="held")
    def instances(self, row: Subscription) -> int:
        """Return how many are known here."""
        return int(row.held)  # type: ignore[attr-defined]  # annotated above


@admin.register(UserAssignedIdentity)
class UserAssignedIdentityAdmin(RowsAdmin):
    """Identities that an instance can be given."""

    empty = Empty(
        "No user-assigned identity is known",
        "An import reads those of a subscription beside its instances.",
        "portal:import",
        "Import instances",
    )
    list_display = ["name", "location", "principal", "client", "used"]
    list_filter = [IdentityLocationFilter]
    search_fields = ["name", "arm_id", "principal_id", "client_id"]
    readonly_fields = ["principal_id", "client_id", "tenant_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserAssignedIdentity]:
        """Return the rows, each with how many instances want it."""
        rows: QuerySet[UserAssignedIdentity] = super().get_queryset(request)
        return rows.annotate(users=Count("used_by"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: UserAssignedIdentity | None = None
    ) -> list[str]:
        """Return, of a known identity, which one it is too: instances that have it would switch."""
        fields = [str(name) for name in super().get_readonly_fields(request, obj)]
        return ["arm_id", "location", *fields] if obj else fields

    @display(description="principal id")
    def principal(self, row: UserAssignedIdentity) -> SafeString | str:
        """Return the object id of its service principal, to be copied."""
        return copyable(row.principal_id, f"principal id of {row}")

    @display(description="client id")
    def client(self, row: UserAssignedIdentity) -> SafeString | str:
        """Return its application id, to be copied."""
        return copyable(row.client_id, f"client id of {row}")

    @display(description="wanted by", ordering="users")
    def used(self, row: UserAssignedIdentity) -> str:
        """Return how many instances want it."""
        number = int(row.users)  # type: ignore[attr-defined]  # annotated above
        return f"{number} instance{'' if number == 1 else 's'}" if number else "—"
