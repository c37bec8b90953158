"""The Function Apps tab: whether the apps that templates send to accept the tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from arm.errors import ArmError
from portal.instance.function_apps.app_cards import (
    AppCard,
    compare_apps,
    unknown_hosts,
)
from portal.instance.page import InstancePage
from portal.page import who
from sync.components.function_app_targets import set_app_policy
from sync.inventory.function_apps import import_function_apps, refresh_function_app
from upstreams.models import FunctionApp

_Policy = FunctionApp.Policy


class FunctionAppsPage(InstancePage):
    """Expected and current authentication settings of each Function App."""

    tab = "function-apps"
    template_name = "portal/instance/function_apps/page.html"
    permission_to_change = "upstreams.change_functionapp"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Refresh or import Function Apps, or set whether plans may write one."""
        if request.POST.get("do") == "import":
            return self._import()
        actions: dict[str, Callable[[AppCard], None]] = {
            "refresh": self._refresh,
            "manage": lambda app: self._set_policy(app, _Policy.MANAGE),
            "observe": lambda app: self._set_policy(app, _Policy.OBSERVE),
        }
        action = actions.get(request.POST.get("do", ""))
        apps = {str(app.row.pk): app for app in compare_apps(self.instance)}
        app = apps.get(request.POST.get("app", ""))
        if action is None or app is None:
            return HttpResponseBadRequest("Unknown action or Function App.")
        action(app)
        return self.redirect_to_tab()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the apps, and the host names of Function Apps that are not imported."""
        return super().get_context_data(
            apps=compare_apps(self.instance), unknown_hosts=unknown_hosts(self.instance), **kwargs
        )

    def _refresh(self, app: AppCard) -> None:
        try:
            refresh_function_app(app.row)
        except ArmError as error:
            messages.error(self.request, f"{app.row} was not refreshed. {error}")
        else:
            messages.success(self.request, f"{app.row} was refreshed from Azure.")

    def _import(self) -> HttpResponse:
        try:
            problems = import_function_apps(self.instance.subscription)
        except ArmError as error:
            problems = [f"The Function Apps were not imported. {error}"]
        for problem in problems:
            messages.error(self.request, problem)
        if not problems:
            messages.success(self.request, "The Function Apps of the subscription were imported.")
        return self.redirect_to_tab()

    def _set_policy(self, app: AppCard, policy: FunctionApp.Policy) -> None:
        if not set_app_policy(app.row, policy, who=who(self.request)):
            return
        message = (
            f"The plan of {self.instance} now includes the settings of {app.row}."
            if policy == _Policy.MANAGE
            else f"Plans no longer change the settings of {app.row}."
        )
        messages.success(self.request, message)
