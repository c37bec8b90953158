"""Actions on an instance by a form of a tab: refresh, set the policy and the service mode."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from arm.errors import ArmError
from diagnosis.chain.worst_links import diagnose_and_store
from identities.models import SignalRInstance
from portal.instance.page import TABS, InstancePage
from portal.page import who
from sync.components.senders import Sender
from sync.desired.management_policy import set_policy
from sync.desired.senders import change_senders, own_sender
from sync.desired.service_mode import set_service_mode
from sync.inventory.drift import drift_of


class InstanceAction(InstancePage):
    """A POST that redirects to the tab in the form's `back` field."""

    http_method_names = ["post"]
    tab = "overview"

    def redirect_to_tab(self, tab: str | None = None) -> HttpResponseRedirect:
        """Redirect to the tab that has the button."""
        source = self.request.POST.get("back", "")
        known = {*(each.name for each in TABS), "delete"}
        return super().redirect_to_tab(tab or (source if source in known else None))


class RefreshInstance(InstanceAction):
    """Refresh the instance from Azure."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Refresh and diagnose the instance, and show its sync status."""
        report = drift_of([self.instance])
        for error in report.errors:
            messages.error(request, error)
        if not report.errors:
            (entry,) = report.entries
            diagnose_and_store(SignalRInstance.objects.with_desired().get(pk=self.instance.pk))
            messages.success(request, f"Refreshed from Azure. Sync status: {entry.status.label}.")
        return self.redirect_to_tab()


class SetPolicy(InstanceAction):
    """Set the policy of the instance."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Set the policy."""
        value = request.POST.get("policy", "")
        if value not in SignalRInstance.Policy.values:
            messages.error(request, f"Unknown policy {value!r}: use observe, manage or pause.")
            return self.redirect_to_tab()
        policy = SignalRInstance.Policy(value)
        set_policy(self.instance, policy, who=who(request))
        messages.success(
            request, f"The policy of {self.instance} is now {policy.value.capitalize()}."
        )
        return self.redirect_to_tab()


class SetServiceMode(InstanceAction):
    """Set the desired service mode of the instance."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Set the mode; an empty one is not managed."""
        mode, comment = request.POST.get("mode", ""), request.POST.get("comment", "").strip()
        try:
            set_service_mode(self.instance, mode, who=who(request), comment=comment)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return self.redirect_to_tab()
        if mode:
            messages.success(
                request, f"Saved the service mode: {mode}. Apply the plan to update Azure."
            )
        else:
            messages.success(request, f"The service mode of {self.instance} is not managed.")
        return self.redirect_to_tab()


class SetSenders(InstanceAction):
    """Add or remove a principal that plans let send to the instance."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Add the principal in the form or Signalman's own, or remove one."""
        try:
            is_changed = self._change(request)
        except (ArmError, ValidationError) as error:
            texts = error.messages if isinstance(error, ValidationError) else [str(error)]
            messages.error(request, " ".join(texts))
        else:
            text = "Saved the senders. Apply the plan to assign missing roles."
            messages.success(request, text if is_changed else "The senders did not change.")
        return self.redirect_to_tab()

    def _change(self, request: HttpRequest) -> bool:
        data, name = request.POST, who(request)
        if "remove" in data:
            return change_senders(self.instance, remove=[data["remove"]], who=name)
        if data.get("do") == "add-own":
            return change_senders(self.instance, add=[own_sender()], who=name)
        sender = Sender(data.get("principal_id", ""), data.get("principal_type", ""))
        return change_senders(self.instance, add=[sender], who=name)
