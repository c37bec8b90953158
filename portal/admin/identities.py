"""Admin of subscriptions and user-assigned identities."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
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
    """Subscriptions as read from Azure; the tenant decides which tokens are accepted."""

    empty = Empty(
        "No subscriptions yet",
        "A subscription is added when you import its first instance.",
        "portal:import",
        "Import instances",
    )
    list_display = ["display_name", "subscription", "tenant", "instances"]
    search_fields = ["display_name", "subscription_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        """Return the rows, each with its number of instances."""
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows.annotate(instance_count=Count("instances"))

    @display(description="subscription ID")
    def subscription(self, row: Subscription) -> SafeString | str:
        """Return the ID with a copy button."""
        return copyable(row.pk, "subscription ID")

    @display(description="tenant ID")
    def tenant(self, row: Subscription) -> SafeString | str:
        """Return the tenant ID with a copy button."""
        return copyable(row.tenant_id, "tenant ID")

    @display(description="instances", ordering="instance_count")
    def instances(self, row: Subscription) -> int:
        """Return the number of instances."""
        return int(row.instance_count)  # type: ignore[attr-defined]  # annotated above


@admin.register(UserAssignedIdentity)
class UserAssignedIdentityAdmin(RowsAdmin):
    """User-assigned identities that an instance can use."""

    empty = Empty(
        "No user-assigned identities yet",
        "They are imported together with the instances of a subscription.",
        "portal:import",
        "Import instances",
    )
    list_display = ["name", "location", "principal", "client", "used"]
    list_filter = [IdentityLocationFilter]
    search_fields = ["name", "arm_id", "principal_id", "client_id"]
    readonly_fields = ["principal_id", "client_id", "tenant_id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserAssignedIdentity]:
        """Return the rows, each with the number of instances that use it."""
        rows: QuerySet[UserAssignedIdentity] = super().get_queryset(request)
        return rows.annotate(users=Count("used_by"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: UserAssignedIdentity | None = None
    ) -> list[str]:
        """Return the read-only fields; the ARM ID of an existing row is one of them."""
        fields = [str(name) for name in super().get_readonly_fields(request, obj)]
        return ["arm_id", "location", *fields] if obj else fields

    @display(description="principal ID")
    def principal(self, row: UserAssignedIdentity) -> SafeString | str:
        """Return the object ID of its service principal with a copy button."""
        return copyable(row.principal_id, f"principal ID of {row}")

    @display(description="client ID")
    def client(self, row: UserAssignedIdentity) -> SafeString | str:
        """Return the client ID with a copy button."""
        return copyable(row.client_id, f"client ID of {row}")

    @display(description="used by", ordering="users")
    def used(self, row: UserAssignedIdentity) -> str:
        """Return the number of instances that use it."""
        number = int(row.users)  # type: ignore[attr-defined]  # annotated above
        return f"{number} instance{pluralize(number)}" if number else "—"
