"""The Plan tab: shows the plan of the instance and applies it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal.instance.page import InstancePage
from portal.page import actor_of
from sync.components.registry import REGISTRY
from sync.errors import NeverRead, OperationRunning
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import counts, summary
from sync.operations.start import start_apply
from sync.planning.errors import SyncError


class PlanPage(InstancePage):
    """The plan as of the last refresh. A POST applies the plan that was shown.

    With one or more `path` parameters in the query, the plan has only the changes at these paths.
    """

    tab = "plan"
    template_name = "portal/instance/plan.html"
    permission_to_change = "sync.add_operation"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Start an operation that applies the plan with the submitted digest."""
        try:
            operation = start_apply(
                self.instance,
                digest=request.POST.get("digest", ""),
                actor=actor_of(request),
                paths=self._paths,
                confirm_destructive=request.POST.get("confirm", "") == self.instance.name,
            )
        except SyncError as error:
            context = self.get_context_data(refusal=error)
            return self.render_to_response(context, status=409)
        messages.success(request, "The apply was started.")
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the plan or why there is none, and whether it can be applied now."""
        user = self.request.user
        return super().get_context_data(
            **self._planned(),
            paths=self._paths,
            is_managed=self.instance.policy == self.instance.Policy.MANAGE,
            may_set_policy=user.has_perm("identities.change_signalrinstance"),
            running=self.instance.operations.unfinished().first(),
            is_taken_over=isinstance(kwargs.get("refusal"), OperationRunning),
            **kwargs,
        )

    def _planned(self) -> dict[str, Any]:
        try:
            plan = plan_instance(self.instance, self._paths)
        except SyncError as error:
            return {"problem": error, "is_unread": isinstance(error, NeverRead)}
        return {
            "plan": plan,
            "steps": [(step, REGISTRY.explain(plan, step)) for step in plan.steps],
            "summary": summary(plan),
            "counts": counts(plan),
            "is_destructive": bool(plan.losses),
            "losses": plan.losses,
        }

    @property
    def _paths(self) -> list[str]:
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        return data.getlist("path")
