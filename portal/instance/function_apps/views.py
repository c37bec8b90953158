"""The tab of Function Apps: whether those that templates point at let the tokens in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

from arm.errors import ArmError
from portal.instance.function_apps.comparison import App, apps_of, unknown_hosts
from portal.instance.page import InstancePage
from portal.page import who
from sync.inventory.function_apps import import_function_apps, refresh_function_app, set_app_policy
from upstreams.models import FunctionApp

_Policy = FunctionApp.Policy


class FunctionAppsPage(InstancePage):
    """What was read of each app, what the tokens need, and who makes the two agree."""

    tab = "function-apps"
    template_name = "portal/instance/function_apps/page.html"
    permission_to_change = "upstreams.change_functionapp"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Ask Azure anew, or let plans write an app's authentication, or no more."""
        if request.POST.get("do") == "import":
            return self._import()
        verbs: dict[str, Callable[[App], None]] = {
            "read": self._read,
            "agree": lambda app: self._manage(app, _Policy.MANAGE),
            "observe": lambda app: self._manage(app, _Policy.OBSERVE),
        }
        verb = verbs.get(request.POST.get("do", ""))
        apps = {str(app.row.pk): app for app in apps_of(self.instance)}
        app = apps.get(request.POST.get("app", ""))
        if verb is None or app is None:
            return HttpResponseBadRequest("There is no such button.")
        verb(app)
        return self.back()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the apps, and the hosts of apps that nobody knows."""
        return super().get_context_data(
            apps=apps_of(self.instance), unknown_hosts=unknown_hosts(self.instance), **kwargs
        )

    def _read(self, app: App) -> None:
        try:
            refresh_function_app(app.row)
        except ArmError as error:
            messages.error(self.request, f"{app.row} was not read. {error}")
        else:
            messages.success(self.request, f"The authentication of {app.row} was read from Azure.")

    def _import(self) -> HttpResponse:
        try:
            problems = import_function_apps(self.instance.subscription)
        except ArmError as error:
            problems = [f"The Function Apps were not read. {error}"]
        for problem in problems:
            messages.error(self.request, problem)
        if not problems:
            messages.success(self.request, "The subscription's Function Apps were read from Azure.")
        return self.back()

    def _manage(self, app: App, policy: FunctionApp.Policy) -> None:
        if not set_app_policy(app.row, policy, who=who(self.request)):
            return
        said = (
            f"The plan of {self.instance} makes {app.row} agree, once you apply it."
            if policy == _Policy.MANAGE
            else f"No plan writes the authentication of {app.row} any more."
        )
        messages.success(self.request, said)
