"""The contents of a subscription: resource providers, locations, and resources of every type.

Shapes: Microsoft's REST reference for Microsoft.Resources. Providers are always registered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider

Document = dict[str, Any]

VERSIONS = (
    "2015-11-01",
    "2016-06-01",
    "2016-09-01",
    "2017-05-10",
    "2018-02-01",
    "2018-05-01",
    "2019-05-01",
    "2019-06-01",
    "2019-07-01",
    "2019-10-01",
    "2019-11-01",
    "2020-01-01",
    "2020-06-01",
    "2020-08-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
)
# name: (display name, geography, longitude, latitude)
LOCATIONS = {
    "eastus": ("East US", "United States", "-79.8164", "37.3719"),
    "eastus2": ("East US 2", "United States", "-78.3889", "36.6681"),
    "westus": ("West US", "United States", "-122.417", "37.783"),
    "westus2": ("West US 2", "United States", "-119.852", "47.233"),
    "centralus": ("Central US", "United States", "-93.6208", "41.5908"),
    "westcentralus": ("West Central US", "United States", "-110.234", "40.89"),
    "northeurope": ("North Europe", "Europe", "-6.2597", "53.3478"),
    "westeurope": ("West Europe", "Europe", "4.9", "52.3667"),
    "uksouth": ("UK South", "United Kingdom", "-0.799", "50.941"),
    "francecentral": ("France Central", "France", "2.373", "46.3772"),
    "germanywestcentral": ("Germany West Central", "Germany", "8.682127", "50.110924"),
    "switzerlandnorth": ("Switzerland North", "Switzerland", "8.564572", "47.451542"),
    "southeastasia": ("Southeast Asia", "Asia Pacific", "103.833", "1.283"),
    "japaneast": ("Japan East", "Japan", "139.77", "35.68"),
    "australiaeast": ("Australia East", "Australia", "151.2094", "-33.86"),
}
# /subscriptions/{}/resourceGroups/{}/providers/{}/{}/{}
_PARTS = 9
_CONDITION = re.compile(
    r"\s*(resourceType|name|location|resourceGroup|tagName|tagValue)\s+eq\s+'([^']*)'\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_SHOWN = ("id", "name", "type", "kind", "location", "tags", "sku", "identity")

providers = Provider("Microsoft.Resources/providers", VERSIONS)
resources = Provider("Microsoft.Resources/resources", VERSIONS)


@providers.serves("GET", f"{SUBSCRIPTION}/locations", action="")
def list_locations(call: Call) -> Response:
    """List the locations in which resources can be created."""
    scope = f"/subscriptions/{call.parameters['subscription']}"
    return call.json({"value": [_location(scope, name) for name in LOCATIONS]})


@providers.serves("GET", "/providers", action="")
@providers.serves("GET", f"{SUBSCRIPTION}/providers", action="")
def list_providers(call: Call) -> Response:
    """List the resource providers with their types and api-versions."""
    names = sorted({_namespace(provider) for provider in _served(call)})
    return call.json({"value": [_provider(call, name) for name in names]})


@providers.serves("GET", "/providers/{namespace}", action="")
@providers.serves("GET", f"{SUBSCRIPTION}/providers/{{namespace}}", action="")
def get_provider(call: Call) -> Response:
    """Read one resource provider."""
    return call.json(_provider(call, call.parameters["namespace"]))


@providers.serves("POST", f"{SUBSCRIPTION}/providers/{{namespace}}/register", action="")
def register_provider(call: Call) -> Response:
    """Return the provider; all of them are always registered."""
    return call.json(_provider(call, call.parameters["namespace"]))


@resources.serves("GET", f"{SUBSCRIPTION}/resources", action="read")
@resources.serves("GET", f"{GROUP}/resources", action="read")
def list_resources(call: Call) -> Response:
    """List resources of every type; `$filter` narrows them by type, name, location or tag."""
    scope = call.path.rpartition("/")[0]
    found = _filtered(call.request.query_params.get("$filter", ""), _resources(call, scope))
    summaries = [Resource(_summary(one)) for one in found]
    return call.page(summaries)


def _resources(call: Call, scope: str) -> Iterator[Resource]:
    """Yield the resources of resource groups under the scope, without those under others."""
    for one in call.world.resources.under(scope):
        parts = one.id.split("/")
        if len(parts) == _PARTS and parts[3].lower() == "resourcegroups":
            yield one


def _filtered(text: str, found: Iterable[Resource]) -> Iterator[Resource]:
    conditions = [_condition(part) for part in _AND.split(text)] if text else []
    for one in found:
        if all(_matches(one, name, value) for name, value in conditions):
            yield one


def _condition(text: str) -> tuple[str, str]:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise errors.InvalidParameter(f"The filter '{text}' is not supported.")
    return found[1].lower(), found[2]


def _matches(one: Resource, name: str, value: str) -> bool:
    tags: dict[str, str] = one.document.get("tags") or {}
    if name == "tagname":
        return value in tags
    if name == "tagvalue":
        return value in tags.values()
    _, _, below = one.id.lower().partition("/resourcegroups/")
    actual = {
        "resourcetype": one.type,
        "name": one.name,
        "location": str(one.document.get("location", "")).replace(" ", ""),
        "resourcegroup": below.partition("/")[0],
    }
    return actual[name].lower() == value.lower()


def _summary(one: Resource) -> Document:
    return {name: one.document[name] for name in _SHOWN if one.document.get(name) is not None}


def _provider(call: Call, namespace: str) -> Document:
    types = [one for one in _served(call) if _namespace(one).lower() == namespace.lower()]
    if not types:
        raise InvalidNamespace(f"The resource namespace '{namespace}' is invalid.")
    name = _namespace(types[0])
    subscription = call.parameters.get("subscription")
    scope = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "id": f"{scope}/providers/{name}",
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": one.type.partition("/")[2],
                "locations": [display for display, *_ in LOCATIONS.values()],
                "apiVersions": sorted(one.api_versions, reverse=True),
                "capabilities": "None",
            }
            for one in types
        ],
        "registrationState": "Registered",
    }


class InvalidNamespace(errors.GatewayError):
    """No resource provider has this namespace."""

    status = 404
    code = "InvalidResourceNamespace"


def _served(call: Call) -> tuple[Provider, ...]:
    served: tuple[Provider, ...] = call.request.app.state.providers
    return served


def _namespace(provider: Provider) -> str:
    return provider.type.partition("/")[0]


def _location(scope: str, name: str) -> Document:
    display, geography, longitude, latitude = LOCATIONS[name]
    return {
        "id": f"{scope}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": f"({geography}) {display}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": geography,
            "geographyGroup": geography,
            "longitude": longitude,
            "latitude": latitude,
            "physicalLocation": "",
            "pairedRegion": [],
        },
    }
