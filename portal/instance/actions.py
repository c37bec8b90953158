"""What is done to an instance by one button, from whatever tab it stands on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from identities.models import SignalRInstance
from portal.instance.page import TABS, InstancePage
from portal.page import who
from sync.desired.management_policy import set_policy
from sync.inventory.drift import drift_of


class InstanceAction(InstancePage):
    """A POST alone; it leads back to the tab that `back` names."""

    http_method_names = ["post"]
    tab = "overview"

    def back(self, tab: str | None = None) -> HttpResponseRedirect:
        """Lead back to where the button is."""
        asked_for = self.request.POST.get("back", "")
        known = {*(each.name for each in TABS), "delete"}
        return super().back(tab or (asked_for if asked_for in known else None))


class RefreshInstance(InstanceAction):
    """Read the instance from Azure."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Ask Azure now, and say how the instance stands."""
        report = drift_of([self.instance])
        for sentence in report.errors:
            messages.error(request, sentence)
        if not report.errors:
            (entry,) = report.entries
            messages.success(request, f"Azure was read: {entry.status.label.lower()}.")
        return self.back()


class SetPolicy(InstanceAction):
    """Say what Signalman may do with the instance."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Give it another policy."""
        asked_for = request.POST.get("policy", "")
        if asked_for not in SignalRInstance.Policy.values:
            messages.error(request, f"The policy is observe, manage or pause, not {asked_for!r}.")
            return self.back()
        policy = SignalRInstance.Policy(asked_for)
        set_policy(self.instance, policy, who=who(request))
        messages.success(request, f"{self.instance}: {policy.label}.")
        return self.back()
