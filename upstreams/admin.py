"""The portal's pages on upstream templates and deliveries."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import StackedInline, TabularInline

from identities.admin import ReadOnlyAdmin, SignalRInstanceAdmin
from upstreams.demands import ReceiverDemands
from upstreams.models import Delivery, DeliveryCount, FunctionApp, UpstreamTemplate


class UpstreamTemplateInline(TabularInline):
    """An instance's templates, in the order in which Azure tries them."""

    model = UpstreamTemplate
    extra = 0
    ordering_field = "position"  # type: ignore[assignment]  # unfold's own is an untyped None
    hide_ordering_field = True
    fields = [
        "hub_pattern",
        "category_pattern",
        "event_pattern",
        "url_template",
        "auth_type",
        "resource",
        "position",
    ]


SignalRInstanceAdmin.register_inline(UpstreamTemplateInline)


class ReceiverDemandsInline(StackedInline):
    """What an instance's requests must prove beside their token."""

    model = ReceiverDemands
    can_delete = False
    readonly_fields = ["url_secret_set_at"]


SignalRInstanceAdmin.register_inline(ReceiverDemandsInline)


@admin.register(UpstreamTemplate)
class UpstreamTemplateAdmin(ReadOnlyAdmin):
    """Upstream templates of all instances, to find one by its address.

    They are edited on their instance's page, where their order is.
    """

    list_display = ["__str__", "instance", "url_template", "auth_type", "resource"]
    list_filter = ["auth_type", "instance"]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "url_template", "resource"]


@admin.register(FunctionApp)
class FunctionAppAdmin(ReadOnlyAdmin):
    """Function Apps as Azure last answered them; `manage.py function_apps` sets their policy."""

    list_display = ["name", "host_name", "policy", "subscription", "observed_at"]
    list_filter = ["policy", "subscription"]
    list_select_related = ["subscription"]
    search_fields = ["name", "host_name", "arm_id"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """A sample of what the receiver took and refused."""

    list_display = [
        "received_at",
        "instance",
        "hub",
        "category",
        "event",
        "outcome",
        "reason",
        "status",
        "duration_ms",
    ]
    list_filter = ["outcome", "reason", "instance"]
    list_select_related = ["instance"]
    search_fields = ["=connection_id", "=user_id", "=event"]
    date_hierarchy = "received_at"
    show_full_result_count = False


@admin.register(DeliveryCount)
class DeliveryCountAdmin(ReadOnlyAdmin):
    """Every delivery, counted by minute."""

    list_display = ["minute", "instance", "hub", "category", "event", "outcome", "reason", "count"]
    list_filter = ["outcome", "reason", "instance"]
    list_select_related = ["instance"]
    date_hierarchy = "minute"
    show_full_result_count = False
