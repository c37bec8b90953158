"""The forms of the Identity tab."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from identities.validators import validate_resource_group


class IdentityForm(forms.Form):
    """The desired identity: none, system-assigned, or one user-assigned."""

    type = forms.ChoiceField(choices=ManagedIdentity.Type)
    chosen = forms.ModelChoiceField(UserAssignedIdentity.objects, required=False)

    def clean(self) -> dict[str, Any]:
        """Require a user-assigned identity for that type, and for no other."""
        data: dict[str, Any] = super().clean() or {}
        if "type" in data and "chosen" in data:
            is_user_assigned = data["type"] == ManagedIdentity.Type.USER_ASSIGNED
            if is_user_assigned != (data["chosen"] is not None):
                raise ValidationError(
                    "Choose a user-assigned identity, the system-assigned identity, or none."
                )
        return data

    @property
    def identity(self) -> tuple[ManagedIdentity.Type, UserAssignedIdentity | None]:
        """The type and the user-assigned identity of a valid form."""
        return ManagedIdentity.Type(self.cleaned_data["type"]), self.cleaned_data["chosen"]


class NewIdentityForm(forms.Form):
    """A user-assigned identity to create in Azure."""

    name = forms.CharField(
        max_length=128, help_text="3 to 128 letters, digits, hyphens and underscores."
    )
    resource_group = forms.CharField(max_length=90, validators=[validate_resource_group])
    location = forms.CharField(max_length=64)

    # Defaults to those of the instance.
    _FROM_INSTANCE: ClassVar = ("resource_group", "location")

    @classmethod
    def for_instance(cls, instance: SignalRInstance, data: Any = None) -> NewIdentityForm:
        """Return the form with the resource group and location of the instance filled in."""
        initial = {name: getattr(instance, name) for name in cls._FROM_INSTANCE}
        return cls(data, initial=initial, auto_id="new-%s", label_suffix="")
