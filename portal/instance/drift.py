"""The Drift tab: differences between the desired state and Azure, resolved one by one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize

from portal.instance.page import InstancePage
from portal.page import who
from sync.components.registry import REGISTRY
from sync.desired.accept_drift import accept
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift_origins import origins
from sync.planning.errors import SyncError


class DriftPage(InstancePage):
    """The differences as of the last refresh.

    A POST resolves the selected ones: `plan` opens a plan that restores the desired state, `accept`
    changes the desired state to match Azure.
    """

    tab = "drift"
    template_name = "portal/instance/drift.html"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Plan or accept the selected differences."""
        paths = request.POST.getlist("path")
        if not paths:
            return self._refuse("Select at least one difference.", status=400)
        if request.POST.get("do") != "accept":
            query = urlencode({"path": paths}, doseq=True)
            return HttpResponseRedirect(f"{self.url_of('plan')}?{query}")
        comment = request.POST.get("comment", "").strip()
        try:
            accepted = accept(self.instance, paths, who=who(request), comment=comment)
        except SyncError as error:
            return self._refuse(str(error), status=409)
        number = len(accepted)
        messages.success(request, f"Accepted {number} change{pluralize(number)} from Azure.")
        return self.redirect_to_tab()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add each difference with its origin."""
        observed = observed_state(self.instance)
        changes = REGISTRY.differences(observed, desired_state(self.instance)) if observed else ()
        sources = origins(self.instance, observed, changes) if observed else []
        return super().get_context_data(
            changes=list(zip(changes, sources, strict=True)),
            is_known=observed is not None,
            may_apply=self.request.user.has_perm("sync.add_operation"),
            selected=self.request.POST.getlist("path"),
            comment=self.request.POST.get("comment", ""),
            **kwargs,
        )

    def _refuse(self, message: str, *, status: int) -> HttpResponse:
        """Show the page again with the submitted values and an error message."""
        return self.render_to_response(self.get_context_data(refusal=message), status=status)
