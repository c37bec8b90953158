"""Bodies of PUT and PATCH requests, with nothing but the intended change.

Written by hand: `azure.mgmt.signalr.models.SignalRResource` adds `publicNetworkAccess`,
`disableLocalAuth` and `disableAadAuth` with their defaults to every body, which weakens a hardened
instance. Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

from typing import Any, Final

from arm.instance_state import ExistenceState, IdentityState, TemplateState

TYPE: Final = "Microsoft.SignalRService/SignalR"

# Source: ResourceSku and FeatureFlags of that api-version. The modes Classic and PredefinedOnly are
# for existing instances and for Microsoft's own use. Upstream works in Serverless mode only.
SKUS: Final = ("Free_F1", "Standard_S1", "Premium_P1")
SERVERLESS: Final = "Serverless"
DEFAULT: Final = "Default"
CLASSIC: Final = "Classic"
# The modes of new instances, and those that an existing one can be changed to.
SERVICE_MODES: Final = (SERVERLESS, DEFAULT)
SETTABLE_SERVICE_MODES: Final = (*SERVICE_MODES, CLASSIC)


def creation_body(existence: ExistenceState) -> dict[str, Any]:
    """Return the body of the PUT that creates an instance of one unit."""
    return {
        "location": existence.location,
        "sku": {"name": existence.sku, "capacity": 1},
        **service_mode_patch(existence.service_mode),
    }


def service_mode_patch(mode: str) -> dict[str, Any]:
    """Return the body that changes the service mode of an instance and nothing else.

    "FeatureFlags that are not included in the parameters for the update operation will not be
    modified." Source: the api-version's `properties.features`.
    """
    return {"properties": {"features": [{"flag": "ServiceMode", "value": mode}]}}


def identity_patch(identity: IdentityState) -> dict[str, Any]:
    """Return the body that changes the identity of an instance and nothing else."""
    value: dict[str, Any] = {"type": identity.type}
    if identity.user_assigned_id is not None:
        value["userAssignedIdentities"] = {identity.user_assigned_id: {}}
    return {"identity": value}


def templates_patch(templates: tuple[TemplateState, ...]) -> dict[str, Any]:
    """Return the body that replaces the whole list of upstream templates, in this order.

    ARM has no operation for a single template.
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
