"""The page that imports instances: of all subscriptions, one, a resource group, or one instance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse

from arm.client import list_subscriptions
from arm.errors import ArmError
from identities.models import Subscription
from identities.validators import validate_instance_name, validate_resource_group
from portal.page import PortalPage, who
from sync.azure_client import arm_settings
from sync.inventory.create_and_update_instances import ImportReport
from sync.inventory.import_subscription import import_subscription


class ImportForm(forms.Form):
    """Which instances to import: those of a subscription, a resource group, or one instance."""

    subscription = forms.UUIDField(
        required=False,
        label="Subscription ID",
        help_text="Leave empty to import from every subscription that the credential can read.",
        error_messages={"invalid": "Enter a subscription ID, which is a GUID."},
    )
    resource_group = forms.CharField(
        required=False, max_length=90, validators=[validate_resource_group], label="Resource group"
    )
    name = forms.CharField(
        required=False, max_length=63, validators=[validate_instance_name], label="Instance"
    )
    accept = forms.BooleanField(
        required=False,
        label="Accept the current state for instances that are already imported",
        help_text="Replaces their desired state with a new revision.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a resource group without its subscription."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("resource_group") and not data.get("subscription") and not self.errors:
            raise ValidationError("Enter the subscription of the resource group.")
        return data


class ImportPage(PortalPage):
    """The import form. A POST reads from Azure, never writes to it, and shows the result."""

    title = "Import instances"
    template_name = "portal/import_instances.html"
    permission_to_change = "identities.add_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Import, and show new, changed, missing and unreadable instances."""
        form = ImportForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400)
        report, errors = import_selected(form.cleaned_data, who=who(request))
        return self.render_to_response(
            self.get_context_data(form=form, report=report, errors=errors)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form and the known subscriptions."""
        kwargs.setdefault("form", ImportForm())
        return super().get_context_data(subscriptions=Subscription.objects.all(), **kwargs)


def import_selected(selection: dict[str, Any], *, who: str) -> tuple[ImportReport, list[str]]:
    """Import what the form selects; return the report and a message for each error."""
    report, errors = ImportReport(), []
    try:
        for subscription_id in _subscriptions(selection):
            try:
                report += import_subscription(
                    subscription_id,
                    resource_group=selection["resource_group"] or None,
                    name=selection["name"] or None,
                    accept=selection["accept"],
                    who=who,
                )
            except ArmError as error:
                errors.append(f"Subscription {subscription_id}: {error}")
    except (ArmError, ImproperlyConfigured) as error:
        errors.append(str(error))
    errors += report.unreadable
    if selection["name"] and not errors and report == ImportReport():
        errors.append(f"No instance named {selection['name']!r} was found in Azure.")
    return report, errors


def _subscriptions(selection: dict[str, Any]) -> list[UUID]:
    """Return the IDs of the subscriptions to read. Raises ArmError."""
    if selection["subscription"]:
        return [selection["subscription"]]
    return [each.subscription_id for each in list_subscriptions(arm_settings())]
