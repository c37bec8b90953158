"""The document of an instance: defaults, and changes by writes. Pure functions.

A PATCH merges property by property; arrays are replaced, but feature flags that it does not name
stay. From recordings: unset patterns come back as "*", unset auth as null, a removed identity as no
key at all, templates that were never set as null and cleared ones as []. The errors for an invalid
identity are ours: no recording has one.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Collection
from typing import Any

from localazure.arm.errors import InvalidIdentity, InvalidParameter, LocationFixed
from localazure.arm.resources import Resources
from localazure.arm.signalr.network_access import Document, blank_acls, merged_acls
from localazure.arm.signalr.shape import READ_ONLY, TYPE

CREATED = {"provisioningState": "Succeeded", "externalIP": "203.0.113.10", "version": "1.0"}
CREATING = {"provisioningState": "Creating", "externalIP": None, "version": "1.0-preview"}
SUCCEEDED = {"provisioningState": "Succeeded"}
UPDATING = {"provisioningState": "Updating"}

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,61}[a-zA-Z0-9]")
_URL_TEMPLATE = re.compile(r"(https?://|\{@Microsoft\.KeyVault\().+", re.DOTALL)
_IDENTITY_TYPES = ("None", "SystemAssigned", "UserAssigned")
_AUTH_TYPES = ("None", "ManagedIdentity")
_BOOLEANS = {"true": "True", "false": "False"}
# A SKU's tier and size follow from its name.
_SKUS = {
    "free_f1": ("Free", "F1"),
    "standard_s1": ("Standard", "S1"),
    "premium_p1": ("Premium", "P1"),
    "premium_p2": ("Premium", "P2"),
}
_TRACES = "EnableLiveTrace"
_FEATURES = {
    "ServiceMode": "Default",
    "EnableConnectivityLogs": "False",
    "EnableMessagingLogs": "False",
    _TRACES: "False",
}


def is_valid_name(name: str) -> bool:
    """Return whether an instance may have this name (pattern and length of the swagger)."""
    return bool(_NAME.fullmatch(name))


def blank(arm_id: str, location: str, *, traces: bool = True) -> Document:
    """Return an instance with the service's defaults; `traces` enables live traces."""
    name = arm_id.rsplit("/", 1)[-1]
    return {
        "sku": {"name": "Standard_S1", "tier": "Standard", "size": "S1", "capacity": 1},
        "kind": "SignalR",
        "location": location,
        "tags": None,
        "id": arm_id,
        "name": name,
        "type": TYPE,
        "properties": CREATED
        | {
            "hostName": f"{name.lower()}.service.signalr.net",
            "publicPort": 443,
            "serverPort": 443,
            "privateEndpointConnections": [],
            "sharedPrivateLinkResources": [],
            "tls": {"clientCertEnabled": False},
            "hostNamePrefix": name,
            "features": [
                {"flag": flag, "value": value, "properties": {}}
                for flag, value in _FEATURES.items()
                if traces or flag != _TRACES
            ],
            "liveTraceConfiguration": None,
            "resourceLogConfiguration": None,
            "cors": {"allowedOrigins": ["*"]},
            "serverless": {"connectionTimeoutInSeconds": 30, "keepAliveIntervalInSeconds": 15},
            "upstream": {"templates": None},
            "networkACLs": blank_acls(traces=traces),
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "disableAadAuth": False,
            "regionEndpointEnabled": "Enabled",
            "resourceStopped": "false",
        },
    }


def has_traces(document: Document) -> bool:
    """Return whether an instance has live traces."""
    return any(one["flag"] == _TRACES for one in document["properties"].get("features") or [])


def merged(
    current: Document,
    change: Document,
    resources: Resources,
    tenant_id: str,
    connections: Collection[str] = (),
) -> Document:
    """Return `current` after `change` was written to it.

    `connections` are the names of the instance's private endpoint connections. Raises
    InvalidParameter or InvalidIdentity where the service refuses the change.
    """
    _check_location(current, change.get("location"))
    document = copy.deepcopy(current)
    for name in ("tags", "kind"):
        if change.get(name) is not None:
            document[name] = change[name]
    if change.get("sku") is not None:
        document["sku"] = sku(change["sku"], document["sku"])
    if change.get("identity") is not None:
        held = document.pop("identity", None)
        identity = _identity(change["identity"], held, resources, tenant_id)
        document |= {"identity": identity} if identity else {}
    properties = document["properties"]
    for name, value in (change.get("properties") or {}).items():
        if value is None or name in READ_ONLY:
            continue
        if name == "networkACLs":
            properties[name] = merged_acls(properties.get(name) or {}, value, connections)
        else:
            properties[name] = _property(name, value, properties)
    return document


def newly_assigned(before: Document, after: Document) -> list[str]:
    """Return the ids of user-assigned identities that a change adds."""
    held = {arm_id.lower() for arm_id in _assigned(before)}
    return [arm_id for arm_id in _assigned(after) if arm_id.lower() not in held]


def sku(change: Document, current: Document) -> Document:
    """Return a SKU with its tier and size, which follow from its name. Raises InvalidParameter."""
    name = change.get("name") or current["name"]
    if name.lower() not in _SKUS:
        raise InvalidParameter(f"The SKU '{name}' is invalid.")
    tier, size = _SKUS[name.lower()]
    capacity = change.get("capacity") or (current["capacity"] if tier != "Free" else 1)
    return {"name": name, "tier": tier, "size": size, "capacity": capacity}


def _assigned(document: Document) -> Document:
    return (document.get("identity") or {}).get("userAssignedIdentities") or {}


def _check_location(current: Document, requested: str | None) -> None:
    """Refuse another location. Clients send the location in any form, or as empty text."""
    held: str = current["location"]
    if requested and normalised(requested) != normalised(held):
        raise LocationFixed(current["name"], held, requested)


def normalised(location: str) -> str:
    """Return a location's name as ARM compares it: "West Europe" is "westeurope"."""
    return location.replace(" ", "").lower()


def _property(name: str, value: Any, current: Document) -> Any:
    if name == "upstream":
        templates = value.get("templates")
        return {"templates": templates and [_template(template) for template in templates]}
    if name == "features":
        return _features(current.get("features") or [], value)
    if name == "serverless":
        _check_timeout(value.get("connectionTimeoutInSeconds"))
        return (current.get("serverless") or {}) | value
    if name == "cors":
        return {"allowedOrigins": value.get("allowedOrigins") or ["*"]}
    return value


def _features(current: list[Document], change: list[Document]) -> list[Document]:
    flags = {flag["flag"]: flag for flag in current}
    for feature in change:
        flag, value = feature.get("flag"), feature.get("value")
        if not flag or value is None:
            raise InvalidParameter("A feature must have a flag and a value.")
        value = _BOOLEANS.get(value.lower(), value)
        flags[flag] = {"properties": {}} | feature | {"value": value}
    return [
        {"flag": one["flag"], "value": one["value"], "properties": one.get("properties") or {}}
        for one in flags.values()
    ]


def _check_timeout(seconds: int | None) -> None:
    if seconds is not None and not 1 <= seconds <= 120:  # noqa: PLR2004 (the swagger's bounds)
        raise InvalidParameter("connectionTimeoutInSeconds must be from 1 to 120.")


def _template(template: Document) -> Document:
    url, auth = template.get("urlTemplate"), template.get("auth")
    if not url or not _URL_TEMPLATE.fullmatch(url):
        raise InvalidParameter(f"The upstream URL template '{url}' is not a valid URL.")
    if auth is not None and auth.get("type") not in _AUTH_TYPES:
        raise InvalidParameter(f"The upstream auth type '{auth.get('type')}' is invalid.")
    return {
        "hubPattern": template.get("hubPattern") or "*",
        "eventPattern": template.get("eventPattern") or "*",
        "categoryPattern": template.get("categoryPattern") or "*",
        "urlTemplate": url,
        "auth": auth,
    }


def _identity(
    requested: Document, held: Document | None, resources: Resources, tenant_id: str
) -> Document | None:
    kind, users = requested.get("type"), requested.get("userAssignedIdentities")
    if kind not in _IDENTITY_TYPES:
        raise InvalidIdentity(
            f"The identity type '{kind}' is invalid. Use one of: {', '.join(_IDENTITY_TYPES)}."
        )
    if kind == "UserAssigned":
        return {"type": kind, "userAssignedIdentities": _user_assigned(users, resources)}
    if users:
        raise InvalidIdentity(f"The identity type '{kind}' does not allow userAssignedIdentities.")
    if kind == "None":
        return None
    if held is not None and held["type"] == kind:
        return held
    return {"type": kind, "principalId": str(uuid.uuid4()), "tenantId": tenant_id}


def _user_assigned(users: Any, resources: Resources) -> Document:
    if not isinstance(users, dict) or len(users) != 1:
        raise InvalidIdentity("An instance must have exactly one user-assigned identity.")
    (arm_id,) = users
    found = resources.get(arm_id)
    if found is None or "/userassignedidentities/" not in arm_id.lower():
        raise InvalidIdentity(f"The user-assigned identity '{arm_id}' was not found.")
    properties = found.document["properties"]
    return {arm_id: {"principalId": properties["principalId"], "clientId": properties["clientId"]}}
