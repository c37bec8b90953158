"""What is to be read from Azure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from identities.names import validate_instance_name, validate_resource_group


class ImportForm(forms.Form):
    """A subscription, narrowed down to a resource group or one instance."""

    subscription = forms.UUIDField(
        required=False,
        label="Subscription id",
        help_text="Empty: every subscription that Signalman's credential can see.",
        error_messages={"invalid": "A subscription id is a GUID, such as the one in its ARM id."},
    )
    resource_group = forms.CharField(
        required=False, max_length=90, validators=[validate_resource_group], label="Resource group"
    )
    name = forms.CharField(
        required=False, max_length=63, validators=[validate_instance_name], label="Instance"
    )
    accept = forms.BooleanField(
        required=False,
        label="Accept what Azure has, of known instances too",
        help_text="What was wanted of them is replaced, on record.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a group or an instance of no subscription: nobody means all of these."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("resource_group") and not given.get("subscription") and not self.errors:
            raise ValidationError("Say in which subscription the resource group is.")
        return given
