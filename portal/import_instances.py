"""The page that takes in what Azure has: all of it, a subscription, a group, or one instance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpRequest, HttpResponse

from arm.client import list_subscriptions
from arm.errors import ArmError
from identities.models import Subscription
from identities.names import validate_instance_name, validate_resource_group
from portal.page import PortalPage, who
from sync.azure_client import arm_settings
from sync.inventory.import_instances import import_subscription
from sync.inventory.instance_list import ImportReport


class ImportForm(forms.Form):
    """A subscription, narrowed down to a resource group or one instance."""

    subscription = forms.UUIDField(
        required=False,
        label="Subscription id",
        help_text="Empty: every subscription that Signalman's credential can see.",
        error_messages={"invalid": "A subscription id is a GUID, such as the one in its ARM id."},
    )
    resource_group = forms.CharField(
        required=False, max_length=90, validators=[validate_resource_group], label="Resource group"
    )
    name = forms.CharField(
        required=False, max_length=63, validators=[validate_instance_name], label="Instance"
    )
    accept = forms.BooleanField(
        required=False,
        label="Accept what Azure has, of known instances too",
        help_text="What was wanted of them is replaced, on record.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a group or an instance of no subscription: nobody means all of these."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("resource_group") and not given.get("subscription") and not self.errors:
            raise ValidationError("Say in which subscription the resource group is.")
        return given


class ImportPage(PortalPage):
    """A form; a POST reads Azure and shows what came of it. Nothing is written to Azure."""

    title = "Import instances"
    template_name = "portal/import_instances.html"
    permission_to_change = "identities.add_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Import, and say what is new, what changed and what could not be read."""
        form = ImportForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=400)
        report, errors = import_chosen(form.cleaned_data, who=who(request))
        return self.render_to_response(
            self.get_context_data(form=form, report=report, errors=errors)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the form, and the subscriptions that are known already."""
        kwargs.setdefault("form", ImportForm())
        return super().get_context_data(subscriptions=Subscription.objects.all(), **kwargs)


def import_chosen(chosen: dict[str, Any], *, who: str) -> tuple[ImportReport, list[str]]:
    """Import what the form chose; return what became of it and a sentence for each failure."""
    report, errors = ImportReport(), []
    try:
        for subscription_id in _subscriptions(chosen):
            try:
                report += import_subscription(
                    subscription_id,
                    resource_group=chosen["resource_group"] or None,
                    name=chosen["name"] or None,
                    accept=chosen["accept"],
                    who=who,
                )
            except ArmError as error:
                errors.append(f"Subscription {subscription_id}: {error}")
    except (ArmError, ImproperlyConfigured) as error:
        errors.append(str(error))
    errors += report.unreadable
    if chosen["name"] and not errors and report == ImportReport():
        errors.append(f"Azure shows no instance {chosen['name']!r} there.")
    return report, errors


def _subscriptions(chosen: dict[str, Any]) -> list[UUID]:
    """Return those to read. Raises ArmError."""
    if chosen["subscription"]:
        return [chosen["subscription"]]
    return [each.subscription_id for each in list_subscriptions(arm_settings())]
