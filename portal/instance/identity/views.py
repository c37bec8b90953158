"""The Identity tab: which managed identity the instance has, laid out as in the Azure portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from api.conditional import entity_tag
from arm.errors import ArmError
from arm.role_assignments import PRINCIPAL_TYPES
from identities.models import ManagedIdentity, SignalRInstance, Subscription, UserAssignedIdentity
from portal.instance.actions import SetSenders
from portal.instance.identity.forms import IdentityForm, NewIdentityForm
from portal.instance.identity.impact import IdentityImpact, identity_impact
from portal.instance.page import InstancePage
from portal.page import is_fragment, who
from sync.components.senders import Sender, desired_senders
from sync.desired.history import Author, changing_desired
from sync.desired.state import declared_state, observed_state
from sync.inventory.user_assigned_identities import create_identity, read_identities

_Type = ManagedIdentity.Type
# Identities in the list at once; a search narrows it.
_LISTED: Final = 20
# Templates by the id of the element that htmx replaces.
_FRAGMENTS: Final = {
    "impact": "portal/instance/identity/impact.html",
    "found": "portal/instance/identity/user_assigned_results.html",
}
_CONFLICT: Final = (
    "Not saved: someone else changed the identity after you opened this page. The page now shows "
    "the saved identity, with your choice below. Save again to replace it."
)


class IdentityPage(InstancePage):
    """The system-assigned identity or one user-assigned identity, and the effect of a switch."""

    tab = "identity"
    template_name = "portal/instance/identity/page.html"
    permission_to_change = "identities.change_managedidentity"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or the part that htmx requests."""
        fragment = _FRAGMENTS.get(request.headers.get("HX-Target", ""))
        if is_fragment(request) and fragment:
            self.template_name = fragment
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Save the desired identity, or refresh or create user-assigned identities."""
        actions: dict[str, Callable[[], HttpResponseBase]] = {
            "save": self._save,
            "refresh": self._refresh,
            "create": self._create,
        }
        action = actions.get(request.POST.get("do", ""))
        return action() if action else HttpResponseBadRequest("Unknown action.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the desired and the observed identity, the choices and the effect of a choice."""
        identity, data = self.instance.identity, self.request.GET
        is_user_assigned = identity.type == _Type.USER_ASSIGNED
        query = data.get("q", "").strip()
        found = UserAssignedIdentity.objects.matching(query)
        observed = observed_state(self.instance)
        return super().get_context_data(
            identity=identity,
            observed=observed.identity if observed else None,
            is_pending=observed is not None
            and declared_state(self.instance).identity != observed.identity,
            shown_type=data.get("type", identity.type),
            query=query,
            found=found[:_LISTED],
            more=max(0, found.count() - _LISTED),
            impact=self._impact(),
            senders=_senders(self.instance),
            principal_types=PRINCIPAL_TYPES,
            may_set_senders=self.request.user.has_perm(SetSenders.permission_to_change),
            version=_version(self.instance),
            **{
                "kind": data.get("kind") or ("user" if is_user_assigned else "system"),
                "new_form": NewIdentityForm.for_instance(self.instance),
                **kwargs,
            },
        )

    def _impact(self) -> IdentityImpact | None:
        if "type" not in self.request.GET:
            return None
        form = IdentityForm(self.request.GET)
        return identity_impact(self.instance, *form.identity) if form.is_valid() else None

    def _save(self) -> HttpResponse:
        form = IdentityForm(self.request.POST)
        if not form.is_valid():
            return HttpResponseBadRequest(form.errors.as_text())
        kind, user_assigned = form.identity
        author = Author(who(self.request), "set identity", self.request.POST.get("comment", ""))
        try:
            with changing_desired(self.instance, author):
                # Read again under the lock, so that the second of two concurrent edits is refused.
                row = SignalRInstance.objects.with_desired().get(pk=self.instance.pk)
                if self.request.POST.get("version") != _version(row):
                    messages.warning(self.request, _CONFLICT)
                    return self._redirect_to_choice(kind, user_assigned)
                row.identity.become(kind, user_assigned)
        except ValidationError as error:
            messages.error(self.request, " ".join(error.messages))
            return self._redirect_to_choice(kind, user_assigned)
        messages.success(
            self.request, f"Saved the identity: {row.identity}. Apply the plan to update Azure."
        )
        return self.redirect_to_tab()

    def _refresh(self) -> HttpResponse:
        tenant = self.instance.subscription.tenant_id
        problems = read_identities(Subscription.objects.filter(tenant_id=tenant))
        for problem in problems:
            messages.error(self.request, problem)
        if not problems:
            messages.success(self.request, "User-assigned identities were refreshed from Azure.")
        return self._redirect_to_kind("user")

    def _create(self) -> HttpResponseBase:
        form = NewIdentityForm.for_instance(self.instance, self.request.POST)
        created = self._create_in_azure(form) if form.is_valid() else None
        if created is None:
            return self.render_to_response(self.get_context_data(new_form=form, kind="user"))
        messages.success(
            self.request, f"{created} was created in Azure. Save below to use it for this instance."
        )
        return self._redirect_to_choice(_Type.USER_ASSIGNED, created)

    def _create_in_azure(self, form: NewIdentityForm) -> UserAssignedIdentity | None:
        """Create the identity; on an error, add it to the form and return None."""
        data = form.cleaned_data
        try:
            return create_identity(
                data["name"],
                subscription_id=self.instance.subscription_id,
                resource_group=data["resource_group"],
                location=data["location"],
                who=who(self.request),
            )
        except ValidationError as error:
            form.add_error("name", error)
        except ArmError as error:
            form.add_error(None, str(error))
        return None

    def _redirect_to_choice(
        self, kind: _Type, user_assigned: UserAssignedIdentity | None
    ) -> HttpResponse:
        """Redirect to the page with this choice and its effect."""
        query = {"type": kind.value}
        if user_assigned:
            query["chosen"] = str(user_assigned.pk)
        return self._redirect_to_kind("user" if user_assigned else "system", **query)

    def _redirect_to_kind(self, kind: str, **query: str) -> HttpResponse:
        response = self.redirect_to_tab()
        response["Location"] += "?" + urlencode({"kind": kind, **query})
        return response


def _senders(instance: SignalRInstance) -> list[tuple[Sender, bool]]:
    """Return the desired senders, each with whether it may send as last read."""
    reads = instance.observed_senders or ()
    return [
        (each, [each.principal_id, each.principal_type] in reads)
        for each in desired_senders(instance)
    ]


def _version(instance: SignalRInstance) -> str:
    """Return a tag that changes with the desired identity."""
    return entity_tag([instance.identity.type, instance.identity.user_assigned_id])
