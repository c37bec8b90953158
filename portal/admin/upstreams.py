"""Upstream templates of the whole fleet, Function Apps, and deliveries."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.decorators import display

from portal.admin.base import Empty, ReadOnlyAdmin, ValuesFilter
from portal.templatetags.portal import moment, pill
from upstreams.models import Delivery, DeliveryCount, FunctionApp, UpstreamTemplate
from upstreams.redaction import redact

_BY_INSTANCE = ("instance__name", FieldTextFilter)


class ReasonFilter(ValuesFilter):
    """By reason; the counts have every reason, and are fewer than the deliveries."""

    title = "reason"
    parameter_name = "reason"
    source = DeliveryCount
    column = "reason"


@admin.register(UpstreamTemplate)
class UpstreamTemplateAdmin(ReadOnlyAdmin):
    """Upstream templates of all instances, to find one by its address.

    They are edited on their instance's page, where their order is.
    """

    empty = Empty("No upstream template is wanted", "They are set on the page of an instance.")
    list_display = ["__str__", "instance", "shown_url", "auth_type", "resource"]
    list_filter = ["auth_type", _BY_INSTANCE]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "url_template", "resource"]
    fields = [
        "instance",
        "position",
        "hub_pattern",
        "category_pattern",
        "event_pattern",
        "shown_url",
        "auth_type",
        "resource",
    ]

    @display(description="URL template", ordering="url_template")
    def shown_url(self, row: UpstreamTemplate) -> str:
        """Return where its events go, without keys that stand in clear in it."""
        return redact(row.url_template)


@admin.register(FunctionApp)
class FunctionAppAdmin(ReadOnlyAdmin):
    """Function Apps as Azure last answered them; the pages of instances set their policy."""

    empty = Empty(
        "No Function App is known",
        "An import reads those of a subscription beside its instances.",
        "portal:import",
        "Import instances",
    )
    list_display = ["name", "host_name", "shown_policy", "door", "subscription", "read"]
    list_filter = ["policy", "subscription"]
    list_select_related = ["subscription"]
    search_fields = ["name", "host_name", "arm_id"]

    @display(description="policy", ordering="policy")
    def shown_policy(self, row: FunctionApp) -> SafeString:
        """Return whether plans may write it."""
        return pill(row.policy)

    @display(description="requests without a token")
    def door(self, row: FunctionApp) -> str:
        """Say whom it lets in, as far as is known."""
        if row.missing_since:
            return "gone from Azure"
        if row.problem or row.auth is None:
            return row.problem or "not read yet"
        return "refused" if row.auth.is_enabled else "let in: authentication is off"

    @display(description="read from Azure", ordering="observed_at")
    def read(self, row: FunctionApp) -> SafeString | str:
        """Return when Azure was last asked."""
        return moment(row.observed_at)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """A sample of what the receiver took and refused."""

    empty = Empty(
        "Nothing was received yet",
        "Of the upstream requests of all instances a sample is kept here for some days.",
    )
    list_display = [
        "received",
        "of_instance",
        "hub",
        "category",
        "event",
        "shown_outcome",
        "reason",
        "status",
        "duration_ms",
    ]
    list_filter = ["outcome", ReasonFilter, _BY_INSTANCE]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "=connection_id", "=user_id", "=event"]
    date_hierarchy = "received_at"

    @display(description="received", ordering="received_at")
    def received(self, row: Delivery) -> SafeString | str:
        """Return when it came."""
        return moment(row.received_at)

    @display(description="instance", ordering="instance__name")
    def of_instance(self, row: Delivery) -> SafeString:
        """Return the instance, as the way to its traffic."""
        address = reverse("portal:instance-traffic", args=[row.instance.name])
        return format_html('<a class="list-link" href="{}">{}</a>', address, row.instance)

    @display(description="outcome", ordering="outcome")
    def shown_outcome(self, row: Delivery) -> SafeString:
        """Return the outcome in its colour."""
        return pill(row.outcome)


@admin.register(DeliveryCount)
class DeliveryCountAdmin(ReadOnlyAdmin):
    """Every delivery, counted by minute."""

    empty = Empty("Nothing was received yet", "Every upstream request is counted here by minute.")
    list_display = ["minute", "instance", "hub", "category", "event", "outcome", "reason", "count"]
    list_filter = ["outcome", ReasonFilter, _BY_INSTANCE]
    list_select_related = ["instance"]
    date_hierarchy = "minute"
