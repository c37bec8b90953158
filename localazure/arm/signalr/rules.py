"""What becomes of an instance when somebody writes to it. Values in, values out.

A PATCH merges property by property; arrays are replaced, but feature flags that it does not name
stay. Known from recordings: unset patterns come back as "*", unset auth as null, a removed
identity as no key at all, never-set templates as null and cleared ones as []. How the service
answers a wrong identity is not known: refusing is ours.
"""

from __future__ import annotations

import copy
import re
import uuid
from typing import Any

from localazure.arm.errors import InvalidIdentity, InvalidParameter, LocationFixed
from localazure.arm.resources import Resources
from localazure.arm.signalr.shape import READ_ONLY, TYPE

Document = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,61}[a-zA-Z0-9]")
_URL_TEMPLATE = re.compile(r"(https?://|\{@Microsoft\.KeyVault\().+", re.DOTALL)
_IDENTITY_TYPES = ("None", "SystemAssigned", "UserAssigned")
_AUTH_TYPES = ("None", "ManagedIdentity")


def is_valid_name(name: str) -> bool:
    """Tell whether an instance may have this name (pattern and length of the swagger)."""
    return bool(_NAME.fullmatch(name))


def blank(arm_id: str, location: str) -> Document:
    """Return an instance of which nothing was asked."""
    name = arm_id.rsplit("/", 1)[-1]
    flags = {"ServiceMode": "Default", "EnableConnectivityLogs": "True"}
    return {
        "sku": {"name": "Standard_S1", "tier": "Standard", "size": "S1", "capacity": 1},
        "kind": "SignalR",
        "location": location,
        "tags": {},
        "id": arm_id,
        "name": name,
        "type": TYPE,
        "properties": {
            "provisioningState": "Succeeded",
            "externalIP": "203.0.113.10",
            "hostName": f"{name.lower()}.service.signalr.net",
            "publicPort": 443,
            "serverPort": 443,
            "version": "1.0",
            "privateEndpointConnections": [],
            "sharedPrivateLinkResources": [],
            "hostNamePrefix": name,
            "tls": {"clientCertEnabled": False},
            "features": [
                {"flag": flag, "value": value, "properties": {}} for flag, value in flags.items()
            ],
            "liveTraceConfiguration": None,
            "resourceLogConfiguration": None,
            "cors": {"allowedOrigins": ["*"]},
            "serverless": {"connectionTimeoutInSeconds": 30},
            "upstream": {"templates": None},
            "networkACLs": {
                "defaultAction": "Deny",
                "publicNetwork": {
                    "allow": ["ServerConnection", "ClientConnection", "RESTAPI", "Trace"],
                    "deny": None,
                },
                "privateEndpoints": [],
            },
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": False,
            "disableAadAuth": False,
            "regionEndpointEnabled": "Enabled",
            "resourceStopped": "false",
        },
    }


def merged(current: Document, change: Document, resources: Resources, tenant_id: str) -> Document:
    """Return `current` after `change` was written to it.

    Raises InvalidParameter or InvalidIdentity where the service refuses the change.
    """
    _check_location(current, change.get("location"))
    document = copy.deepcopy(current)
    for name in ("tags", "sku", "kind"):
        if change.get(name) is not None:
            document[name] = change[name]
    if change.get("identity") is not None:
        held = document.pop("identity", None)
        identity = _identity(change["identity"], held, resources, tenant_id)
        document |= {"identity": identity} if identity else {}
    for name, value in (change.get("properties") or {}).items():
        if value is not None and name not in READ_ONLY:
            document["properties"][name] = _property(name, value, document["properties"])
    return document


def newly_assigned(before: Document, after: Document) -> list[str]:
    """Return the ids of user-assigned identities that a change brings in."""
    held = {arm_id.lower() for arm_id in _assigned(before)}
    return [arm_id for arm_id in _assigned(after) if arm_id.lower() not in held]


def _assigned(document: Document) -> Document:
    return (document.get("identity") or {}).get("userAssignedIdentities") or {}


def _check_location(current: Document, asked: str | None) -> None:
    held: str = current["location"]
    if asked is not None and _plain(asked) != _plain(held):
        raise LocationFixed(current["name"], held, asked)


def _plain(location: str) -> str:
    # "West Europe" and "westeurope" are one place.
    return location.replace(" ", "").lower()


def _property(name: str, value: Any, current: Document) -> Any:
    if name == "upstream":
        templates = value.get("templates")
        return {"templates": templates and [_template(template) for template in templates]}
    if name == "features":
        flags = {flag.get("flag"): flag for flag in [*current["features"], *value]}
        if None in flags:
            raise InvalidParameter("A feature needs its flag.")
        return [{"properties": {}} | flag for flag in flags.values()]
    if name == "serverless":
        _check_timeout(value.get("connectionTimeoutInSeconds"))
    return value


def _check_timeout(seconds: int | None) -> None:
    if seconds is not None and not 1 <= seconds <= 120:  # noqa: PLR2004 (the swagger's bounds)
        raise InvalidParameter("connectionTimeoutInSeconds has to be from 1 to 120.")


def _template(template: Document) -> Document:
    url, auth = template.get("urlTemplate"), template.get("auth")
    if not url or not _URL_TEMPLATE.fullmatch(url):
        raise InvalidParameter(f"The upstream URL template '{url}' is not a valid address.")
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
    asked: Document, held: Document | None, resources: Resources, tenant_id: str
) -> Document | None:
    kind, users = asked.get("type"), asked.get("userAssignedIdentities")
    if kind not in _IDENTITY_TYPES:
        raise InvalidIdentity(
            f"The identity type '{kind}' is invalid. Use one of: {', '.join(_IDENTITY_TYPES)}."
        )
    if kind == "UserAssigned":
        return {"type": kind, "userAssignedIdentities": _user_assigned(users, resources)}
    if users:
        raise InvalidIdentity(f"The identity type '{kind}' takes no userAssignedIdentities.")
    if kind == "None":
        return None
    if held is not None and held["type"] == kind:
        return held
    return {"type": kind, "principalId": str(uuid.uuid4()), "tenantId": tenant_id}


def _user_assigned(users: Any, resources: Resources) -> Document:
    if not isinstance(users, dict) or len(users) != 1:
        raise InvalidIdentity("An instance takes exactly one user-assigned identity.")
    (arm_id,) = users
    found = resources.get(arm_id)
    if found is None or "/userassignedidentities/" not in arm_id.lower():
        raise InvalidIdentity(f"The user-assigned identity '{arm_id}' was not found.")
    properties = found.document["properties"]
    return {arm_id: {"principalId": properties["principalId"], "clientId": properties["clientId"]}}
