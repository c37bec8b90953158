"""The list of upstream templates as somebody types it, valid or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from django import forms
from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from arm.state import TemplateState
from identities.models import SignalRInstance
from upstreams.models import UpstreamTemplate

FIELDS: Final = (
    "hub_pattern",
    "category_pattern",
    "event_pattern",
    "url_template",
    "auth_type",
    "resource",
)
# What Azure means by a template that says no more.
_NEW: Final = dict.fromkeys(FIELDS[:3], "*") | {
    "url_template": "",
    "auth_type": UpstreamTemplate.AuthType.MANAGED_IDENTITY.value,
    "resource": "",
}
_SIGNED: Final = UpstreamTemplate.AuthType.MANAGED_IDENTITY


class TemplateForm(forms.ModelForm[UpstreamTemplate]):
    """One template. Its fields repeat in the page's form, in the order of the templates."""

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
            "resource": "An application's client ID or its Application ID URI.",
        }
        widgets: ClassVar = {
            "hub_pattern": forms.TextInput,
            "category_pattern": forms.TextInput(attrs={"list": "known-categories"}),
            "event_pattern": forms.TextInput(attrs={"list": "known-events"}),
            "url_template": forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false"}),
            "resource": forms.TextInput(attrs={"list": "known-resources", "spellcheck": "false"}),
        }

    def clean(self) -> dict[str, Any]:
        """Forget the resource of a template that is not signed: nothing would use it."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("auth_type") == UpstreamTemplate.AuthType.NONE:
            data["resource"] = ""
        return data


@dataclass(frozen=True, slots=True)
class Draft:
    """The templates in their order: one dictionary of texts for each.

    Those that nobody has typed, because they are wanted already, are not checked again.
    """

    rows: tuple[Mapping[str, str], ...] = ()
    is_typed: bool = True

    @classmethod
    def of(cls, instance: SignalRInstance) -> Self:
        """Return what is wanted of an instance."""
        rows = instance.upstream_templates.all()
        texts = tuple({name: getattr(row, name) for name in FIELDS} for row in rows)
        return cls(texts, is_typed=False)

    @classmethod
    def posted(cls, data: QueryDict) -> Self:
        """Return what a form holds, whose order is that of the page. Raises SuspiciousOperation."""
        columns = [data.getlist(name) for name in FIELDS]
        if len({len(column) for column in columns}) != 1:
            raise SuspiciousOperation("The templates of this form are not complete.")
        return cls(tuple(dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)))

    def with_new(self) -> Self:
        """Return the list with an empty template at its end."""
        return type(self)((*self.rows, _NEW))

    def without(self, index: int) -> Self:
        """Return the list without the template there."""
        return type(self)((*self.rows[:index], *self.rows[index + 1 :]))

    def moved(self, index: int, by: int) -> Self:
        """Return the list with the template there further up or down; its ends stop it."""
        rows = list(self.rows)
        rows.insert(max(0, index + by), rows.pop(index))
        return type(self)(tuple(rows))

    def forms(self, instance: SignalRInstance) -> list[TemplateForm]:
        """Return a form for each template, filled in."""
        return [
            TemplateForm(
                row if self.is_typed else None,
                initial=dict(row),
                instance=UpstreamTemplate(instance=instance),
                auto_id=f"t{index}-%s",
                label_suffix="",
                # A list that is not finished can be arranged and read all the same.
                use_required_attribute=False,
            )
            for index, row in enumerate(self.rows)
        ]

    @property
    def states(self) -> tuple[TemplateState, ...]:
        """The templates as values that can be routed by, whatever was typed."""
        return tuple(map(_state, self.rows))


def document_of(forms_: Sequence[TemplateForm]) -> list[dict[str, Any]]:
    """Return valid forms as the document that `upstreams.template_documents` loads."""
    return [_entry(form.cleaned_data) for form in forms_]


def _entry(data: Mapping[str, str]) -> dict[str, Any]:
    is_signed = data["auth_type"] == _SIGNED
    return {
        "hubPattern": data["hub_pattern"],
        "categoryPattern": data["category_pattern"],
        "eventPattern": data["event_pattern"],
        "urlTemplate": data["url_template"],
        "auth": {"type": _SIGNED.value, "managedIdentity": {"resource": data["resource"]}}
        if is_signed
        else None,
    }


def _state(row: Mapping[str, str]) -> TemplateState:
    is_signed = row["auth_type"] == _SIGNED
    return TemplateState(
        url_template=row["url_template"].strip(),
        hub_pattern=row["hub_pattern"].strip() or "*",
        category_pattern=row["category_pattern"].strip() or "*",
        event_pattern=row["event_pattern"].strip() or "*",
        auth_type="ManagedIdentity" if is_signed else "None",
        resource=row["resource"].strip() or None if is_signed else None,
    )
