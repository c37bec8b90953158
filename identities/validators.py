"""Form and model validators of Azure's names and ids."""

from __future__ import annotations

import re
from typing import Final

from django.core.exceptions import ValidationError

# Microsoft.SignalRService/signalR, parameter resourceName of every api-version.
_INSTANCE_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,61}[a-zA-Z0-9]")
# Microsoft.Resources/resourceGroups: word characters, '-', '.', '(' and ')', not ending in '.'.
_RESOURCE_GROUP: Final = re.compile(r"[-\w.()]{0,89}[-\w()]")
_USER_ASSIGNED_ID: Final = re.compile(
    r"/subscriptions/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"/resourceGroups/[-\w.()]{1,90}"
    r"/providers/Microsoft\.ManagedIdentity"
    r"/userAssignedIdentities/[a-z0-9][a-z0-9_-]{2,127}",
    re.IGNORECASE,
)


def validate_instance_name(value: str) -> None:
    """Raise ValidationError unless `value` can name an Azure SignalR Service."""
    if not _INSTANCE_NAME.fullmatch(value):
        raise ValidationError(
            "The name of a SignalR instance has 3 to 63 letters, digits and hyphens, starts with a "
            "letter and does not end with a hyphen.",
            code="instance_name",
        )


def validate_resource_group(value: str) -> None:
    """Raise ValidationError unless `value` can name an Azure resource group."""
    if not _RESOURCE_GROUP.fullmatch(value):
        raise ValidationError(
            "The name of a resource group has 1 to 90 letters, digits, '_', '-', '.', '(' and ')', "
            "and does not end with a dot.",
            code="resource_group",
        )


def validate_user_assigned_id(value: str) -> None:
    """Raise ValidationError unless `value` is the ARM id of a user-assigned identity."""
    if not _USER_ASSIGNED_ID.fullmatch(value):
        raise ValidationError(
            "Enter the full resource ID of the identity: /subscriptions/<id>/resourceGroups/<group>"
            "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>.",
            code="user_assigned_id",
        )
