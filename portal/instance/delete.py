"""The two ways to be rid of an instance: out of Signalman alone, or in Azure for good."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal.instance.page import InstancePage
from portal.page import who
from sync.desired.lifecycle import Protected, protect
from sync.desired.removal import remove
from sync.operations.lifecycle import start_delete
from sync.planning.errors import SyncError


class DeletePage(InstancePage):
    """What each of the two means; a POST does the one that `scope` names, confirmed by name."""

    tab = "overview"
    template_name = "portal/instance/delete.html"
    permission_to_change = "identities.delete_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Take it out of Signalman, or start its deletion in Azure."""
        scope = request.POST.get("scope", "")
        try:
            return self._delete_in_azure() if scope == "azure" else self._remove()
        except SyncError as error:
            context = self.get_context_data(refusal=error, refused_scope=scope)
            return self.render_to_response(context, status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what stands in the way of each."""
        user = self.request.user
        return super().get_context_data(
            is_managed=self.instance.policy == self.instance.Policy.MANAGE,
            is_in_azure=self.instance.observed is not None,
            may_set_policy=user.has_perm("identities.change_signalrinstance"),
            running=self.instance.operations.unfinished().first(),
            **kwargs,
        )

    def _remove(self) -> HttpResponse:
        """Raises Protected where the name was not typed, and OperationRunning."""
        name = self.instance.name
        if self.request.POST.get("confirm", "") != name:
            raise Protected(f"Nothing was removed: type the name {name} to confirm.")
        remove(self.instance, who=who(self.request))
        messages.success(self.request, f"{name} is out of Signalman, and stays in Azure as it is.")
        return HttpResponseRedirect(reverse("admin:identities_signalrinstance_changelist"))

    def _delete_in_azure(self) -> HttpResponse:
        user = self.request.user
        operation = start_delete(
            self.instance,
            confirm=self.request.POST.get("confirm", ""),
            requested_by=user if isinstance(user, User) else None,
            requested_by_name=who(self.request),
        )
        messages.success(self.request, "The deletion has begun.")
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))


class ProtectInstance(InstancePage):
    """Protects against deletion in Azure, or does so no more; a POST alone."""

    http_method_names = ["post"]
    tab = "delete"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Set it, and lead back to the page of the deletion."""
        is_protected = request.POST.get("protected") == "on"
        protect(self.instance, who=who(request), is_protected=is_protected)
        words = "is protected" if is_protected else "can be deleted now"
        messages.success(request, f"{self.instance} {words}.")
        return self.back()
