"""The forms of an instance's identity."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from identities.names import validate_resource_group


class ChoiceForm(forms.Form):
    """Which identity is to be: none, the instance's own, or one user-assigned."""

    type = forms.ChoiceField(choices=ManagedIdentity.Type)
    chosen = forms.ModelChoiceField(UserAssignedIdentity.objects, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a user-assigned identity without its type, and the type without one."""
        data: dict[str, Any] = super().clean() or {}
        if "type" in data and "chosen" in data:
            is_borrowed = data["type"] == ManagedIdentity.Type.USER_ASSIGNED
            if is_borrowed != (data["chosen"] is not None):
                raise ValidationError("Choose one user-assigned identity, or one of the others.")
        return data

    @property
    def wanted(self) -> tuple[ManagedIdentity.Type, UserAssignedIdentity | None]:
        """The type and the user-assigned identity of a valid form."""
        return ManagedIdentity.Type(self.cleaned_data["type"]), self.cleaned_data["chosen"]


class NewIdentityForm(forms.Form):
    """A user-assigned identity that Azure is to make."""

    name = forms.CharField(
        max_length=128, help_text="3 to 128 letters, digits, hyphens and underscores."
    )
    resource_group = forms.CharField(max_length=90, validators=[validate_resource_group])
    location = forms.CharField(max_length=64)

    # Beside the instance's own, unless somebody writes otherwise.
    _FROM_INSTANCE: ClassVar = ("resource_group", "location")

    @classmethod
    def beside(cls, instance: SignalRInstance, data: Any = None) -> NewIdentityForm:
        """Return the form, which proposes where the instance is."""
        initial = {name: getattr(instance, name) for name in cls._FROM_INSTANCE}
        return cls(data, initial=initial, auto_id="new-%s", label_suffix="")
