"""The page that removes an instance from Signalman or deletes it in Azure."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal.instance.page import InstancePage
from portal.page import actor_of, who
from sync.desired.deletion_protection import Protected, protect
from sync.desired.remove_instance import remove
from sync.operations.start import start_delete
from sync.planning.errors import SyncError


class DeletePage(InstancePage):
    """Both choices with their consequences. A POST carries out `scope`, confirmed by the name."""

    tab = "overview"
    template_name = "portal/instance/delete.html"
    permission_to_change = "identities.delete_signalrinstance"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Remove the instance from Signalman, or start its deletion in Azure."""
        scope = request.POST.get("scope", "")
        try:
            return self._delete_in_azure() if scope == "azure" else self._remove()
        except SyncError as error:
            context = self.get_context_data(refusal=error, refused_scope=scope)
            return self.render_to_response(context, status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what prevents each of the two."""
        user = self.request.user
        return super().get_context_data(
            is_managed=self.instance.policy == self.instance.Policy.MANAGE,
            is_in_azure=self.instance.observed is not None,
            may_set_policy=user.has_perm("identities.change_signalrinstance"),
            running=self.instance.operations.unfinished().first(),
            **kwargs,
        )

    def _remove(self) -> HttpResponse:
        """Remove the instance from Signalman. Raises Protected without confirmation."""
        name = self.instance.name
        if self.request.POST.get("confirm", "") != name:
            raise Protected(f"Not removed. Type the name {name} to confirm.")
        remove(self.instance, who=who(self.request))
        messages.success(
            self.request, f"{name} was removed from Signalman. It still exists in Azure."
        )
        return HttpResponseRedirect(reverse("admin:identities_signalrinstance_changelist"))

    def _delete_in_azure(self) -> HttpResponse:
        operation = start_delete(
            self.instance,
            confirm=self.request.POST.get("confirm", ""),
            actor=actor_of(self.request),
        )
        messages.success(self.request, "The deletion was started.")
        return HttpResponseRedirect(reverse("portal:operation", args=[operation.pk]))


class ProtectInstance(InstancePage):
    """Turn deletion protection in Azure on or off."""

    http_method_names = ["post"]
    tab = "delete"

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Set the protection and redirect to the deletion page."""
        is_protected = request.POST.get("protected") == "on"
        protect(self.instance, who=who(request), is_protected=is_protected)
        state = "on" if is_protected else "off"
        messages.success(request, f"Deletion protection of {self.instance} is now {state}.")
        return self.redirect_to_tab()
