"""The provider's catalogue: operations, SKUs, usage limits and name availability.

Shapes: the swagger's examples (Azure/azure-rest-api-specs, specification/signalr). The numbers of
units are those of Microsoft's pricing page.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from localazure.arm.routing import SUBSCRIPTION, Call, Provider
from localazure.arm.signalr import instance_document
from localazure.arm.signalr.shape import HEADERS, NAMESPACE, TYPE, VERSIONS

Document = dict[str, Any]

_LOCATION = f"{SUBSCRIPTION}/providers/{NAMESPACE}/locations/{{location}}"
# SKU name: (tier, numbers of units)
_UNITS = {
    "Free_F1": ("Free", [1]),
    "Standard_S1": ("Standard", [*range(1, 11), *range(20, 101, 10)]),
    "Premium_P1": ("Premium", [*range(1, 11), *range(20, 101, 10)]),
    "Premium_P2": ("Premium", list(range(100, 1001, 100))),
}
_USAGE_LIMITS = {
    "FreeTierInstances": "Free Tier Service Instances",
    "SignalRTotalUnits": "Total SignalR Service Units",
}
_LIMITS = {"FreeTierInstances": 1, "SignalRTotalUnits": 1000}
_OPERATIONS = (
    ("SignalR", "read", "View SignalR's settings and configurations"),
    ("SignalR", "write", "Modify SignalR's settings and configurations"),
    ("SignalR", "delete", "Delete SignalR resource"),
    ("SignalR", "listKeys/action", "View the value of SignalR access keys"),
    ("SignalR", "regenerateKey/action", "Change the value of SignalR access keys"),
    ("SignalR", "restart/action", "Restart a SignalR resource"),
)

operations = Provider(f"{NAMESPACE}/operations", VERSIONS, headers=HEADERS)
locations = Provider(f"{NAMESPACE}/locations", VERSIONS, headers=HEADERS)


def skus(tier: str | None = None) -> list[Document]:
    """Return the SKUs of a tier, or all of them, with the units that each can have."""
    return [
        {
            "resourceType": TYPE,
            "sku": {"name": name, "tier": its_tier},
            "capacity": {
                "minimum": units[0],
                "maximum": units[-1],
                "default": units[0],
                "allowedValues": units,
                "scaleType": "Manual" if len(units) > 1 else "None",
            },
        }
        for name, (its_tier, units) in _UNITS.items()
        if tier in (None, its_tier)
    ]


@operations.serves("GET", f"/providers/{NAMESPACE}/operations", action="")
def list_operations(call: Call) -> Response:
    """List the operations that a role can allow."""
    return call.json(
        {
            "value": [
                {
                    "name": f"{NAMESPACE}/{resource}/{action}",
                    "isDataAction": False,
                    "display": {
                        "provider": NAMESPACE,
                        "resource": resource,
                        "operation": action.partition("/")[0].capitalize(),
                        "description": description,
                    },
                    "properties": {},
                }
                for resource, action, description in _OPERATIONS
            ],
            "nextLink": None,
        }
    )


@locations.serves("GET", f"{_LOCATION}/usages", action="usages/read")
def list_usages(call: Call) -> Response:
    """List how many instances and units of a location are in use."""
    location = instance_document.normalised(call.parameters["location"])
    scope = f"/subscriptions/{call.parameters['subscription']}"
    placed = [
        one.document["sku"]
        for one in call.world.resources.of_type(TYPE, scope)
        if instance_document.normalised(one.document["location"]) == location
    ]
    used = {
        "FreeTierInstances": sum(sku["tier"] == "Free" for sku in placed),
        "SignalRTotalUnits": sum(sku.get("capacity") or 1 for sku in placed),
    }
    return call.json({"value": [_usage(call, name, value) for name, value in used.items()]})


@locations.serves("POST", f"{_LOCATION}/checkNameAvailability", action="checkNameAvailability/read")
def check_name(call: Call) -> Response:
    """Return whether a name is available in all of Azure."""
    name = call.content({"type": str, "name": str}).get("name") or ""
    if not instance_document.is_valid_name(name):
        return _unavailable(call, "Invalid", f"The name '{name}' is not a valid name.")
    if is_taken(call, name):
        message = "The name is already taken. Please try a different name."
        return _unavailable(call, "AlreadyExists", message)
    return call.json({"nameAvailable": True, "reason": None, "message": None})


def is_taken(call: Call, name: str) -> bool:
    """Return whether an instance in any subscription has this name."""
    return call.world.resources.named(TYPE, name) is not None


def _unavailable(call: Call, reason: str, message: str) -> Response:
    return call.json({"nameAvailable": False, "reason": reason, "message": message})


def _usage(call: Call, name: str, value: int) -> Document:
    return {
        "id": f"{call.path}/{name}",
        "currentValue": value,
        "limit": _LIMITS[name],
        "name": {"value": name, "localizedValue": _USAGE_LIMITS[name]},
        "unit": "Count",
    }
