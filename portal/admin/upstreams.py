"""Admin of upstream templates, Function Apps and deliveries."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.decorators import display

from portal.admin.base import Empty, PeriodFilter, ReadOnlyAdmin, ValuesFilter
from portal.templatetags.portal import moment, pill
from upstreams.models import (
    Delivery,
    DeliveryCount,
    DeliveryHour,
    FunctionApp,
    UpstreamTemplate,
)
from upstreams.url_templates.redaction import redact

_BY_INSTANCE = ("instance__name", FieldTextFilter)


class ReasonFilter(ValuesFilter):
    """By reason code. The choices come from the counts by the hour, the table with fewest rows."""

    title = "reason"
    parameter_name = "reason"
    source = DeliveryHour
    column = "reason"


class ReceivedFilter(PeriodFilter):
    """By the time of the request."""

    column = "received_at"


class MinuteFilter(PeriodFilter):
    """By the minute of the requests."""

    column = "minute"


@admin.register(UpstreamTemplate)
class UpstreamTemplateAdmin(ReadOnlyAdmin):
    """Upstream templates of all instances, to find one by its resource or instance.

    They are edited on the Upstream tab of their instance.
    """

    empty = Empty("No upstream templates yet", "Add templates on the Upstream tab of an instance.")
    list_display = ["__str__", "instance", "shown_url", "auth_type", "resource"]
    list_filter = ["auth_type", _BY_INSTANCE]
    list_select_related = ["instance"]
    # Not by URL: it can contain keys.
    search_fields = ["instance__name", "resource"]
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

    @display(description="URL template")
    def shown_url(self, row: UpstreamTemplate) -> str:
        """Return the URL template with keys redacted."""
        return redact(row.url_template)


@admin.register(FunctionApp)
class FunctionAppAdmin(ReadOnlyAdmin):
    """Function Apps as of the last refresh; the tab of an instance sets their policy."""

    empty = Empty(
        "No Function Apps yet",
        "They are imported together with the instances of a subscription.",
        "portal:import",
        "Import instances",
    )
    list_display = [
        "name",
        "host_name",
        "shown_policy",
        "unauthenticated_requests",
        "subscription",
        "refreshed",
    ]
    list_filter = ["policy", "subscription"]
    list_select_related = ["subscription"]
    search_fields = ["name", "host_name", "arm_id"]

    @display(description="policy", ordering="policy")
    def shown_policy(self, row: FunctionApp) -> SafeString:
        """Return whether plans may change its settings."""
        return pill(row.policy)

    @display(description="requests without a token")
    def unauthenticated_requests(self, row: FunctionApp) -> str:
        """Return what the app does with requests without a token, as far as is known."""
        if row.missing_since:
            return "no longer exists in Azure"
        if row.problem or row.auth is None:
            return row.problem or "not yet read"
        if not row.auth.is_enabled:
            return "allowed: authentication is off"
        return "allowed" if row.auth.is_open else "refused"

    @display(description="refreshed from Azure", ordering="observed_at")
    def refreshed(self, row: FunctionApp) -> SafeString | str:
        """Return the time of the last refresh."""
        return moment(row.observed_at)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """A sample of the deliveries."""

    empty = Empty(
        "No deliveries yet",
        "A sample of the upstream requests of all instances is kept here for some days.",
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
    list_filter = ["outcome", ReasonFilter, _BY_INSTANCE, ReceivedFilter]
    list_select_related = ["instance"]
    search_fields = ["instance__name", "=connection_id", "=user_id", "=event"]

    @display(description="received", ordering="received_at")
    def received(self, row: Delivery) -> SafeString | str:
        """Return the time of the request."""
        return moment(row.received_at)

    @display(description="instance", ordering="instance__name")
    def of_instance(self, row: Delivery) -> SafeString:
        """Return the instance with a link to its Traffic tab."""
        address = reverse("portal:instance-traffic", args=[row.instance.name])
        return format_html('<a class="list-link" href="{}">{}</a>', address, row.instance)

    @display(description="outcome", ordering="outcome")
    def shown_outcome(self, row: Delivery) -> SafeString:
        """Return the coloured outcome."""
        return pill(row.outcome)


@admin.register(DeliveryCount)
class DeliveryCountAdmin(ReadOnlyAdmin):
    """Counts of all deliveries by minute."""

    empty = Empty("No deliveries yet", "Every upstream request is counted here by minute.")
    list_display = ["minute", "instance", "hub", "category", "event", "outcome", "reason", "count"]
    list_filter = ["outcome", ReasonFilter, _BY_INSTANCE, MinuteFilter]
    list_select_related = ["instance"]
