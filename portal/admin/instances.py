"""Admin of instances: the list of the fleet, and the form of an instance."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from identities.models import SignalRInstance
from portal.admin.base import Empty, RowsAdmin
from portal.admin.instance_filters import (
    GroupFilter,
    IdentityTypeFilter,
    LocationFilter,
    StatusFilter,
    WorstLinkFilter,
)
from portal.admin.instance_inlines import (
    ManagedIdentityInline,
    RequestRequirementsInline,
    UpstreamTemplateInline,
    VaultGrantInline,
)
from portal.instance.overview.chain_view import outcome_pill
from portal.page import who
from portal.pages.fleet_plan import plan_page, refresh_chosen
from portal.templatetags.portal import age, pill
from sync.desired.form_edits import record_edit
from sync.models import Operation, SyncStatus


@admin.register(SignalRInstance)
class SignalRInstanceAdmin(RowsAdmin):
    """Instances. The name links to the pages of the instance; the form edits everything else."""

    empty = Empty(
        "No instances yet",
        "Import instances from Azure. Importing only reads from Azure.",
        "portal:import",
        "Import instances",
    )
    list_display = [
        "named",
        "shown_sync_status",
        "worst_link",
        "health",
        "identity_type",
        "shown_policy",
        "location",
        "resource_group",
        "subscription",
    ]
    list_display_links = None
    list_filter = [
        StatusFilter,
        WorstLinkFilter,
        IdentityTypeFilter,
        "policy",
        "subscription",
        GroupFilter,
        LocationFilter,
    ]
    list_select_related = ["subscription", "identity__user_assigned", "sync_status"]
    list_before_template = "portal/admin/instances_header.html"  # type: ignore[assignment]  # unfold: None
    search_fields = ["name", "resource_group"]
    readonly_fields = [
        "sku",
        "service_mode",
        "desired_service_mode",
        "provisioning_state",
        "host_name",
        "observed_at",
        "azure_modified_at",
    ]
    inlines = [
        ManagedIdentityInline,
        VaultGrantInline,
        UpstreamTemplateInline,
        RequestRequirementsInline,
    ]
    actions = ["refresh", "plan", "apply"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignalRInstance]:
        """Return the rows, each with whether an operation is running."""
        rows: QuerySet[SignalRInstance] = super().get_queryset(request)
        running = Operation.objects.active().filter(instance=OuterRef("pk"))
        return rows.annotate(is_busy=Exists(running))

    def get_actions(self, request: HttpRequest) -> Any:
        """Return the actions without the bulk deletion."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_apply_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may start operations."""
        return request.user.has_perm("sync.add_operation")

    @admin.action(description="Refresh from Azure", permissions=["change"])
    def refresh(self, request: HttpRequest, rows: QuerySet[SignalRInstance]) -> None:
        """Refresh the selected instances."""
        refresh_chosen(request, rows)

    @admin.action(description="Plan", permissions=["view"])
    def plan(self, request: HttpRequest, rows: QuerySet[SignalRInstance]) -> HttpResponse | None:
        """Show the plans of the selected instances."""
        return plan_page(request, rows)

    @admin.action(description="Plan and apply", permissions=["apply"])
    def apply(self, request: HttpRequest, rows: QuerySet[SignalRInstance]) -> HttpResponse | None:
        """Show the plans of the selected instances with a button that applies them."""
        return plan_page(request, rows, offers_apply=True)

    @display(description="name", ordering="name")
    def named(self, row: SignalRInstance) -> SafeString:
        """Return the name with a link to the pages of the instance."""
        address = reverse("portal:instance-overview", args=[row.name])
        return format_html('<a class="list-link" href="{}">{}</a>', address, row)

    @display(description="sync status", ordering="sync_status__status")
    def shown_sync_status(self, row: SignalRInstance) -> SafeString:
        """Return the sync status as of the last comparison."""
        stored = getattr(row, "sync_status", None)
        return pill(SyncStatus(stored.status) if stored else SyncStatus.UNKNOWN)

    @display(description="worst link", ordering="sync_status__worst_outcome")
    def worst_link(self, row: SignalRInstance) -> SafeString:
        """Return the worst link of the chain as of the last diagnosis, with its time."""
        stored = getattr(row, "sync_status", None)
        if stored is None or stored.diagnosed_at is None:
            return pill("not checked yet")
        found = outcome_pill(stored.worst_link, stored.worst_outcome)
        return format_html("{}<br>{}", found, age(stored.diagnosed_at))

    @display(description="health", ordering="provisioning_state")
    def health(self, row: SignalRInstance) -> SafeString | str:
        """Return the health: the provisioning state, or that an operation is running."""
        if row.is_busy:  # type: ignore[attr-defined]  # annotated above
            return pill("Progressing")
        if not row.provisioning_state:
            return "—"
        if row.provisioning_state in row.FAILED_STATES:
            return pill("Degraded")
        return pill("Healthy" if row.provisioning_state == "Succeeded" else "Progressing")

    @display(description="identity", ordering="identity__type")
    def identity_type(self, row: SignalRInstance) -> str:
        """Return the type of the desired identity."""
        return row.identity.get_type_display()

    @display(description="policy", ordering="policy")
    def shown_policy(self, row: SignalRInstance) -> SafeString:
        """Return what Signalman may do with it."""
        return pill(row.policy)

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
        """Save the inlines and record the edit, in the transaction of the admin view."""
        super().save_related(request, form, formsets, change)
        inlines = [each for formset in formsets for each in formset if each.has_changed()]
        record_edit(
            form.instance,
            who(request),
            fields=_edits(form) if change else {},
            rows=[(each.instance, _edits(each)) for each in inlines],
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Redirect to the page that offers removal and deletion."""
        instance = self.get_object(request, object_id)
        if not self.has_view_permission(request, instance):
            raise PermissionDenied
        if instance is None:
            return HttpResponseRedirect(reverse("admin:identities_signalrinstance_changelist"))
        return HttpResponseRedirect(reverse("portal:instance-delete", args=[instance.name]))


def _edits(form: ModelForm[Any]) -> dict[str, tuple[Any, Any]]:
    """Return the changed fields of a valid form with their values before and after."""
    return {name: (form[name].initial, form.cleaned_data[name]) for name in form.changed_data}
