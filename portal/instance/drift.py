"""The tab of what differs between what is wanted and what Azure has, to decide change by change."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from portal.instance.page import InstancePage
from portal.page import who
from sync.desired.accept_drift import accept
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift_origins import origins
from sync.planning.errors import SyncError
from sync.planning.partial_plan import differences


class DriftPage(InstancePage):
    """The differences as of Azure's last answer.

    A POST decides on those that are chosen: `ours` leads to the plan with them, `theirs` wants what
    Azure has.
    """

    tab = "drift"
    template_name = "portal/instance/drift.html"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Take the one side or the other."""
        paths = request.POST.getlist("path")
        if not paths:
            return self._again("Choose at least one of the changes first.", status=400)
        if request.POST.get("side") != "theirs":
            query = urlencode({"path": paths}, doseq=True)
            return HttpResponseRedirect(f"{self.address('plan')}?{query}")
        comment = request.POST.get("comment", "").strip()
        try:
            accepted = accept(self.instance, paths, who=who(request), comment=comment)
        except SyncError as error:
            return self._again(str(error), status=409)
        number = len(accepted)
        messages.success(request, f"Accepted: {number} change{'' if number == 1 else 's'}.")
        return self.back()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add each difference with where it comes from."""
        observed = observed_state(self.instance)
        changes = differences(observed, desired_state(self.instance)) if observed else ()
        began = origins(self.instance, observed, changes) if observed else []
        return super().get_context_data(
            changes=list(zip(changes, began, strict=True)),
            is_known=observed is not None,
            may_apply=self.request.user.has_perm("sync.add_operation"),
            chosen=self.request.POST.getlist("path"),
            comment=self.request.POST.get("comment", ""),
            **kwargs,
        )

    def _again(self, sentence: str, *, status: int) -> HttpResponse:
        """Show the page with what was typed, and why it was not done."""
        return self.render_to_response(self.get_context_data(refusal=sentence), status=status)
