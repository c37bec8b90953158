"""The form of the Upstream tab: one `TemplateForm` for each template, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from arm.instance_state import ANY, TemplateState
from identities.models import SignalRInstance
from upstreams.models import UpstreamTemplate

_SIGNED: Final = UpstreamTemplate.AuthType.MANAGED_IDENTITY
FIELDS: Final = (
    "hub_pattern",
    "category_pattern",
    "event_pattern",
    "url_template",
    "auth_type",
    "resource",
)
NEW_ROW: Final[Mapping[str, str]] = {
    "hub_pattern": ANY,
    "category_pattern": ANY,
    "event_pattern": ANY,
    "url_template": "",
    "auth_type": _SIGNED.value,
    "resource": "",
}


class TemplateForm(forms.ModelForm[UpstreamTemplate]):
    """One template. All templates use the same field names; their order is that of the page."""

    class Meta:
        model = UpstreamTemplate
        fields = FIELDS
        labels: ClassVar = {
            "hub_pattern": "Hubs",
            "category_pattern": "Categories",
            "event_pattern": "Events",
            "auth_type": "Authentication",
            "resource": "Resource (audience in the issued token)",
        }
        help_texts: ClassVar = {
            "url_template": "Can contain {hub}, {category}, {event} and Key Vault references.",
            "resource": "The client ID or the Application ID URI of an application.",
        }
        widgets: ClassVar = {
            "hub_pattern": forms.TextInput,
            "category_pattern": forms.TextInput(attrs={"list": "known-categories"}),
            "event_pattern": forms.TextInput(attrs={"list": "known-events"}),
            "url_template": forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
            "resource": forms.TextInput(attrs={"list": "known-resources", "spellcheck": "false"}),
        }

    def clean(self) -> dict[str, Any]:
        """Clear the resource of a template without authentication."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("auth_type") == UpstreamTemplate.AuthType.NONE:
            data["resource"] = ""
        return data

    @property
    def state(self) -> TemplateState:
        """The template as entered, valid or not; an empty pattern matches anything."""
        entered = {name: str(self[name].value() or "").strip() for name in FIELDS}
        is_signed = entered["auth_type"] == _SIGNED
        return TemplateState(
            url_template=entered["url_template"],
            hub_pattern=entered["hub_pattern"] or ANY,
            category_pattern=entered["category_pattern"] or ANY,
            event_pattern=entered["event_pattern"] or ANY,
            auth_type="ManagedIdentity" if is_signed else "None",
            resource=entered["resource"] or None if is_signed else None,
        )


def saved_forms(instance: SignalRInstance) -> list[TemplateForm]:
    """Return an unbound form for each saved template: saved templates are not validated again."""
    rows = instance.upstream_templates.all()
    return [TemplateForm(instance=row, **_options(number)) for number, row in enumerate(rows, 1)]


def bound_forms(instance: SignalRInstance, rows: Iterable[Mapping[str, str]]) -> list[TemplateForm]:
    """Return a bound form for each submitted row."""
    return [
        TemplateForm(row, instance=UpstreamTemplate(instance=instance), **_options(number))
        for number, row in enumerate(rows, 1)
    ]


def submitted_rows(data: QueryDict) -> list[Mapping[str, str]]:
    """Return the submitted templates in the order of the page. Raises SuspiciousOperation."""
    columns = [data.getlist(name) for name in FIELDS]
    if len({len(column) for column in columns}) != 1:
        raise SuspiciousOperation("A template in this form is incomplete.")
    return [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]


def _options(number: int) -> dict[str, Any]:
    return {
        "auto_id": f"template-{number}-%s",
        "label_suffix": "",
        # Browsers would otherwise refuse to send an incomplete list that is only reordered.
        "use_required_attribute": False,
    }
