"""The Upstream tab: the ordered list of templates, edited, tested and saved as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.utils.cache import patch_vary_headers

from api.conditional import entity_tag
from identities.models import SignalRInstance
from portal.instance.actions import SetServiceMode
from portal.instance.page import InstancePage
from portal.instance.upstream.explanation import Route, explain_forms, route
from portal.instance.upstream.forms import (
    TemplateForm,
    bound_forms,
    saved_forms,
    submitted_rows,
)
from portal.instance.upstream.template_buttons import Rows, TemplateButtons, apply_button
from portal.page import is_fragment, who
from sync.desired.history import Author, changing_desired
from sync.desired.service_mode import settable_modes
from sync.models import DesiredRevision
from upstreams.url_templates.arm_json import replace_templates
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS, DISCONNECTED, MESSAGES, Event

_FOLDER: Final = "portal/instance/upstream"


class UpstreamPage(InstancePage):
    """Upstream templates: where each event goes, and whether and for what it is signed."""

    tab = "upstream"
    template_name = f"{_FOLDER}/page.html"
    permission_to_change = "upstreams.change_upstreamtemplate"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the saved templates, or the route of one event."""
        if is_fragment(request) and request.headers.get("HX-Target") == "route":
            self.template_name = f"{_FOLDER}/test_event_result.html"
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Save the list; or check or rearrange it, which saves nothing."""
        # Requests sent while a person types have no button: they check the list.
        rows, action = submitted_rows(request.POST), request.POST.get("do", "check")
        if action == "save":
            return self._save(rows)
        if action == "check":
            forms = bound_forms(self.instance, rows)
            return self._show_unsaved(forms, fragment="explanations_update")
        edit = apply_button(rows, action)
        forms = bound_forms(self.instance, edit.rows)
        if action == "add":
            forms[-1].fields["hub_pattern"].widget.attrs["autofocus"] = True
        return self._show_unsaved(
            forms, fragment="editor_update", announcement=edit.announcement, focus=edit.focus
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the forms with their explanations, and the route of the tested event."""
        forms: list[TemplateForm] = kwargs.pop("forms", None) or []
        if "version" not in kwargs:
            forms, kwargs["version"] = saved_forms(self.instance), _version(self.instance)
        return super().get_context_data(
            **kwargs,
            entries=[
                (form, explanation, TemplateButtons(explanation.number))
                for form, explanation in zip(forms, explain_forms(forms), strict=True)
            ],
            tested=self._tested_event(),
            route=self._route(forms),
            known_categories=(CONNECTIONS, MESSAGES),
            known_events=(CONNECTED, DISCONNECTED),
            service_modes=settable_modes(self.instance),
            may_set_mode=self.request.user.has_perm(SetServiceMode.permission_to_change),
        )

    def _show_unsaved(
        self, forms: list[TemplateForm], *, fragment: str = "", status: int = 200, **context: Any
    ) -> HttpResponse:
        """Show a list that is not saved; it keeps the version that it was loaded with."""
        if fragment and is_fragment(self.request):
            self.template_name = f"{_FOLDER}/{fragment}.html"
        context = {"version": self.request.POST.get("version", "")} | context
        return self.render_to_response(
            self.get_context_data(forms=forms, is_unsaved=True, **context), status=status
        )

    def _save(self, rows: Rows) -> HttpResponse:
        forms = bound_forms(self.instance, rows)
        if any(form.errors for form in forms):
            problem = "Not saved. Correct the errors shown with the templates."
            return self._show_unsaved(forms, problem=problem, status=422)
        author = Author(who(self.request), "set upstream", self.request.POST.get("comment", ""))
        with changing_desired(self.instance, author):
            # Read again under the lock, so that the second of two concurrent edits is refused.
            row = SignalRInstance.objects.with_desired().get(pk=self.instance.pk)
            if self.request.POST.get("version") != _version(row):
                return self._show_conflict(forms, row)
            replace_templates(row, [form.instance for form in forms])
        messages.success(
            self.request,
            f"Saved {len(forms)} upstream template{pluralize(len(forms))}. Apply the plan to "
            "update Azure.",
        )
        return self.redirect_to_tab()

    def _show_conflict(self, forms: list[TemplateForm], row: SignalRInstance) -> HttpResponse:
        """Show the submitted and the saved templates: saving again replaces the saved ones."""
        saved = saved_forms(row)
        return self._show_unsaved(
            forms,
            version=_version(row),
            saved_templates=[
                (form.state, explanation)
                for form, explanation in zip(saved, explain_forms(saved), strict=True)
            ],
            last=DesiredRevision.objects.last_of_each([row.pk]).get(row.pk),
            status=409,
        )

    def _tested_event(self) -> dict[str, str]:
        """Return the event of the *Test an event* form, from the query or the body."""
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        return {name: data.get(f"try_{name}", "").strip() for name in ("hub", "category", "event")}

    def _route(self, forms: Sequence[TemplateForm]) -> Route | None:
        event = self._tested_event()
        if not all(event.values()):
            return None
        return route([form.state for form in forms], Event(**event))


def _version(instance: SignalRInstance) -> str:
    """Return a tag that changes with the saved templates."""
    return entity_tag([asdict(row.state) for row in instance.upstream_templates.all()])
