"""The tab of upstream templates: an ordered list that is read, tried and saved as a whole."""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from api.conditional import entity_tag
from identities.models import SignalRInstance
from portal.instance.page import InstancePage
from portal.instance.upstream.explanation import Route, read, route
from portal.instance.upstream.forms import Draft, TemplateForm, document_of
from portal.page import is_fragment, who
from sync.desired.history import Author, wanting
from sync.models import DesiredRevision
from upstreams.patterns import CONNECTED, CONNECTIONS, DISCONNECTED, MESSAGES, Event
from upstreams.template_documents import dump_templates, load_templates

# What a button of one template does: its name and the template's index.
_ONE: Final = re.compile(r"(?P<verb>up|down|remove)-(?P<index>\d{1,4})")
_EDITOR: Final = "portal/instance/upstream/editor_update.html"
_READINGS: Final = "portal/instance/upstream/explanations_update.html"
_ROUTE: Final = "portal/instance/upstream/route.html"


class UpstreamPage(InstancePage):
    """Where each event goes, whether it is signed, and for what."""

    tab = "upstream"
    template_name = "portal/instance/upstream/page.html"
    permission_to_change = "upstreams.change_upstreamtemplate"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what is wanted, or where one event goes by it."""
        if is_fragment(request) and request.headers.get("HX-Target") == "route":
            self.template_name = _ROUTE
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Save the list, or show it anew as a button has arranged it: that saves nothing."""
        # What is sent while somebody types comes from no button, and has the list read.
        draft, verb = Draft.posted(request.POST), request.POST.get("do", "check")
        if verb == "save":
            return self._save(draft)
        if verb == "check":
            return self._show(draft, fragment=_READINGS)
        changed, says, focus = _arranged(draft, verb)
        forms = changed.forms(self.instance)
        if verb == "add":
            forms[-1].fields["hub_pattern"].widget.attrs["autofocus"] = True
        return self._show(changed, fragment=_EDITOR, forms=forms, says=says, focus=focus)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the list, what it means, and where the tried event goes."""
        draft: Draft = kwargs.pop("draft", None) or Draft.of(self.instance)
        forms: list[TemplateForm] = kwargs.pop("forms", None) or draft.forms(self.instance)
        return super().get_context_data(
            **{"version": _version(self.instance), **kwargs},
            entries=list(zip(forms, read(draft.states, forms), strict=True)),
            tried=self._tried(),
            route=self._route(draft),
            known_categories=(CONNECTIONS, MESSAGES),
            known_events=(CONNECTED, DISCONNECTED),
        )

    def _show(self, draft: Draft, *, fragment: str, **context: Any) -> HttpResponse:
        if is_fragment(self.request):
            self.template_name = fragment
        # A list that somebody is at work on keeps the version that he began with.
        version = self.request.POST.get("version", "")
        return self.render_to_response(
            self.get_context_data(draft=draft, version=version, is_edited=True, **context)
        )

    def _save(self, draft: Draft) -> HttpResponse:
        forms = draft.forms(self.instance)
        if any(form.errors for form in forms):
            problem = "Nothing was saved: see what is said beside the templates."
            return self._again(draft, forms, problem)
        author = Author(who(self.request), "set upstream", self.request.POST.get("comment", ""))
        try:
            with wanting(self.instance, author):
                # Read again under the lock: of two who saw the same, the second is told.
                row = SignalRInstance.objects.with_desired().get(pk=self.instance.pk)
                if self.request.POST.get("version") != _version(row):
                    return self._conflict(draft, row)
                load_templates(row, document_of(forms))
        except ValidationError as error:
            return self._again(draft, forms, " ".join(error.messages))
        messages.success(
            self.request,
            f"{row} is to have {len(forms)} upstream template{'' if len(forms) == 1 else 's'}. "
            "Azure is sent nothing before you apply the plan.",
        )
        return self.back()

    def _again(self, draft: Draft, forms: list[TemplateForm], problem: str) -> HttpResponse:
        version = self.request.POST.get("version", "")
        context = self.get_context_data(
            draft=draft, forms=forms, version=version, problem=problem, is_edited=True
        )
        return self.render_to_response(context, status=422)

    def _conflict(self, draft: Draft, row: SignalRInstance) -> HttpResponse:
        """Show both lists: the typed one can be saved over the other, or be given up."""
        theirs = Draft.of(row)
        last = DesiredRevision.objects.last_of_each([row.pk]).get(row.pk)
        context = self.get_context_data(
            draft=draft,
            version=_version(row),
            is_edited=True,
            theirs=list(zip(theirs.states, read(theirs.states, theirs.forms(row)), strict=True)),
            last=last,
        )
        return self.render_to_response(context, status=409)

    def _tried(self) -> dict[str, str]:
        """Return the event that somebody tries, from the address or the form."""
        asked = self.request.POST if self.request.method == "POST" else self.request.GET
        names = ("hub", "category", "event")
        return {name: asked.get(f"try_{name}", "").strip() for name in names}

    def _route(self, draft: Draft) -> Route | None:
        tried = self._tried()
        if not all(tried.values()):
            return None
        return route(draft.states, Event(**tried))


def _arranged(draft: Draft, verb: str) -> tuple[Draft, str, str]:
    """Return the list as a button leaves it, what to say of it, and what gets the focus."""
    if verb == "add":
        return draft.with_new(), f"Template {len(draft.rows) + 1} was added.", ""
    if verb == "arrange":
        return draft, "The order was changed. Save it to keep it.", ""
    found = _ONE.fullmatch(verb)
    if found is None or int(found["index"]) >= len(draft.rows):
        raise SuspiciousOperation("There is no such button.")
    index = int(found["index"])
    if found["verb"] == "remove":
        return draft.without(index), f"Template {index + 1} was removed.", "add"
    by = -1 if found["verb"] == "up" else 1
    place = min(max(0, index + by), len(draft.rows) - 1)
    says = f"Template {index + 1} is now number {place + 1} of {len(draft.rows)}."
    return draft.moved(index, by), says, f"{_still_movable(found['verb'], place, draft)}-{place}"


def _still_movable(verb: str, place: int, draft: Draft) -> str:
    """Return the button that a template at `place` has, after it was moved by the other one."""
    if place == 0:
        return "down"
    return "up" if place == len(draft.rows) - 1 else verb


def _version(instance: SignalRInstance) -> str:
    return entity_tag(dump_templates(instance))
