"""The tab that sets which one identity an instance has, as Azure's own portal lays it out."""

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
from identities.models import ManagedIdentity, SignalRInstance, Subscription, UserAssignedIdentity
from portal.instance.identity.forms import ChoiceForm, NewIdentityForm
from portal.instance.identity.impact import consequences
from portal.instance.page import InstancePage
from portal.page import is_fragment, who
from sync.desired.history import Author, wanting
from sync.desired.state import observed_state, row_state
from sync.inventory.user_assigned_identities import make_identity, read_identities

_Type = ManagedIdentity.Type
# Identities listed at once; a search narrows them down.
_LISTED: Final = 20
_FRAGMENTS: Final = {
    "consequences": "portal/instance/identity/impact.html",
    "found": "portal/instance/identity/search_results.html",
}
_NOT_BOTH: Final = "Choose one user-assigned identity, or one of the others."
_CHANGED_MEANWHILE: Final = (
    "Somebody else changed the identity after you looked: nothing was saved. This is how it stands "
    "now, with your choice below; save it again if it is still right."
)


class IdentityPage(InstancePage):
    """System assigned or user assigned: one or the other, and what a switch does."""

    tab = "identity"
    template_name = "portal/instance/identity/page.html"
    permission_to_change = "identities.change_managedidentity"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or the part of it that htmx asks for."""
        part = _FRAGMENTS.get(request.headers.get("HX-Target", ""))
        if is_fragment(request) and part:
            self.template_name = part
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Want another identity, or ask Azure about user-assigned ones."""
        verbs: dict[str, Callable[[], HttpResponseBase]] = {
            "save": self._save,
            "read": self._read,
            "create": self._create,
        }
        verb = verbs.get(request.POST.get("do", ""))
        return verb() if verb else HttpResponseBadRequest("There is no such button.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is wanted, what Azure has, what can be chosen, and what a choice leads to."""
        identity, asked = self.instance.identity, self.request.GET
        wants_borrowed = identity.type == _Type.USER_ASSIGNED
        kind = asked.get("kind") or ("user" if wants_borrowed else "system")
        query = asked.get("q", "").strip()
        found = UserAssignedIdentity.objects.matching(query)
        observed = observed_state(self.instance)
        return super().get_context_data(
            identity=identity,
            observed=observed.identity if observed else None,
            is_pending=observed is not None
            and row_state(self.instance).identity != observed.identity,
            shown_type=asked.get("type", identity.type),
            query=query,
            found=found[:_LISTED],
            more=max(0, found.count() - _LISTED),
            consequences=self._consequences(),
            version=_version(self.instance),
            **{"kind": kind, "new_form": NewIdentityForm.beside(self.instance), **kwargs},
        )

    def _consequences(self) -> Any:
        if "type" not in self.request.GET:
            return None
        form = ChoiceForm(self.request.GET)
        return consequences(self.instance, *form.wanted) if form.is_valid() else None

    def _save(self) -> HttpResponse:
        form = ChoiceForm(self.request.POST)
        if not form.is_valid():
            return HttpResponseBadRequest(
                "Choose one user-assigned identity, or one of the others."
            )
        kind, borrowed = form.wanted
        author = Author(who(self.request), "set identity", self.request.POST.get("comment", ""))
        try:
            with wanting(self.instance, author):
                # Read again under the lock: of two who saw the same, the second is told.
                row = SignalRInstance.objects.with_desired().get(pk=self.instance.pk)
                if self.request.POST.get("version") != _version(row):
                    messages.warning(self.request, _CHANGED_MEANWHILE)
                    return self._to(kind, borrowed)
                row.identity.become(kind, borrowed)
        except ValidationError as error:
            messages.error(self.request, " ".join(error.messages))
            return self._to(kind, borrowed)
        messages.success(
            self.request,
            f"{row} is to have the identity {row.identity}. Azure is sent nothing before you apply "
            "the plan.",
        )
        return self.back()

    def _read(self) -> HttpResponse:
        subscription = self.instance.subscription
        of_tenant = Subscription.objects.filter(tenant_id=subscription.tenant_id)
        for problem in (problems := read_identities(of_tenant)):
            messages.error(self.request, problem)
        if not problems:
            messages.success(self.request, "The user-assigned identities were read from Azure.")
        return self._to_kind("user")

    def _create(self) -> HttpResponseBase:
        form = NewIdentityForm.beside(self.instance, self.request.POST)
        made = self._made(form) if form.is_valid() else None
        if made is None:
            return self.render_to_response(self.get_context_data(new_form=form, kind="user"))
        messages.success(self.request, f"Azure made {made}. It is used once it is saved below.")
        return self._to(_Type.USER_ASSIGNED, made)

    def _made(self, form: NewIdentityForm) -> UserAssignedIdentity | None:
        """Let Azure make it; where it does not, the form says why."""
        place = form.cleaned_data
        try:
            return make_identity(
                place["name"],
                subscription_id=self.instance.subscription_id,
                resource_group=place["resource_group"],
                location=place["location"],
                who=who(self.request),
            )
        except ValidationError as error:
            form.add_error("name", error)
        except ArmError as error:
            form.add_error(None, str(error))
        return None

    def _to(self, kind: _Type, borrowed: UserAssignedIdentity | None) -> HttpResponse:
        """Answer with the page that shows this choice."""
        query = {"type": kind.value}
        if borrowed:
            query["chosen"] = str(borrowed.pk)
        return self._to_kind("user" if borrowed else "system", **query)

    def _to_kind(self, kind: str, **query: str) -> HttpResponse:
        response = self.back()
        response["Location"] += "?" + urlencode({"kind": kind, **query})
        return response


def _version(instance: SignalRInstance) -> str:
    """Return what differs once somebody else has changed the wanted identity."""
    return entity_tag([instance.identity.type, instance.identity.user_assigned_id])
