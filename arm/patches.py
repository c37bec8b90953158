"""Bodies of PATCH requests that say only what is to change.

Written by hand on purpose: `azure.mgmt.signalr.models.SignalRResource` adds `publicNetworkAccess`,
`disableLocalAuth` and `disableAadAuth` with their defaults to every body, and so opens a hardened
instance again. Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

from typing import Any

from arm.state import IdentityState, TemplateState


def identity_patch(identity: IdentityState) -> dict[str, Any]:
    """Return the body that gives an instance this identity and nothing else."""
    value: dict[str, Any] = {"type": identity.type}
    if identity.user_assigned_id is not None:
        value["userAssignedIdentities"] = {identity.user_assigned_id: {}}
    return {"identity": value}


def templates_patch(templates: tuple[TemplateState, ...]) -> dict[str, Any]:
    """Return the body that replaces the whole list of upstream templates, in this order.

    ARM has no request for a single template.
    """
    return {"properties": {"upstream": {"templates": [_template(each) for each in templates]}}}


def _template(template: TemplateState) -> dict[str, Any]:
    value: dict[str, Any] = {
        "hubPattern": template.hub_pattern,
        "categoryPattern": template.category_pattern,
        "eventPattern": template.event_pattern,
        "urlTemplate": template.url_template,
    }
    if template.auth_type != "None":
        value["auth"] = {"type": template.auth_type}
        if template.resource is not None:
            value["auth"]["managedIdentity"] = {"resource": template.resource}
    return value
