"""The page that takes in what Azure has: all of it, a subscription, a group, or one instance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from arm.client import list_subscriptions
from arm.errors import ArmError
from identities.models import Subscription
from portal.importing_forms import ImportForm
from portal.pages import PortalPage, who
from sync.azure import arm_settings
from sync.importing import import_subscription
from sync.listing import ImportReport


class ImportPage(PortalPage):
    """A form; a POST reads Azure and shows what came of it. Nothing is written to Azure."""

    title = "Import instances"
    template_name = "portal/import.html"
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
