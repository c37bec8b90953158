"""App Service plans (Microsoft.Web/serverfarms)."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.versions import ApiVersions
from localazure.arm.web.default_values import PUBLISHED
from localazure.arm.web.site_document import TYPE as SITE
from localazure.arm.web.site_document import displayed

TYPE = "Microsoft.Web/serverfarms"
_ONE = f"{GROUP}/providers/{TYPE}/{{name}}"
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "location", "kind"), str),
    **dict.fromkeys(("tags", "sku", "properties", "extendedLocation", "identity"), ANYTHING),
}
_SINCE = (
    *("elasticScaleEnabled", "kubeEnvironmentProfile", "zoneRedundant", "migrateToVMSS"),
    *("vnetConnectionsUsed", "vnetConnectionsMax", "createdTime"),
)
_NULLS = (
    *("workerTierName", "adminSiteName", "hostingEnvironment", "hostingEnvironmentProfile"),
    *("adminRuntimeSiteName", "siteMode", "hostingEnvironmentId", "spotExpirationTime"),
    *("freeOfferExpirationTime", "tags", "webSiteId", "existingServerFarmIds"),
    *("kubeEnvironmentProfile", "migrateToVMSS"),
)
_VALUES: dict[str, Any] = {
    "workerSize": "Default",
    "workerSizeId": 0,
    "numberOfWorkers": 1,
    "currentWorkerSize": "Default",
    "currentWorkerSizeId": 0,
    "currentNumberOfWorkers": 1,
    "status": "Ready",
    "planName": "VirtualDedicatedPlan",
    "computeMode": "Dedicated",
    "perSiteScaling": False,
    "elasticScaleEnabled": False,
    "maximumElasticWorkerCount": 1,
    "isSpot": False,
    "reserved": False,
    "isXenon": False,
    "hyperV": False,
    "targetWorkerCount": 0,
    "targetWorkerSizeId": 0,
    "provisioningState": "Succeeded",
    "zoneRedundant": False,
    "vnetConnectionsUsed": 0,
    "vnetConnectionsMax": 2,
    "azBalancing": False,
}
_WORKERS = {"B": 3, "S": 10, "P": 30, "Y": 0, "F": 1, "D": 1}
_TIERS = {"F": "Free", "D": "Shared", "B": "Basic", "S": "Standard", "P": "Premium", "Y": "Dynamic"}

plans = Provider(
    TYPE,
    ApiVersions(
        PUBLISHED,
        since={f"properties.{name}": "2021-01-15" for name in _SINCE},
        until={"properties.azBalancing": "2020-12-01"},
    ),
)
plans.serves_reads()


@plans.serves("PUT", _ONE, action="write")
@plans.serves("PATCH", _ONE, action="write")
def write_plan(call: Call) -> Response:
    """Create a plan, or write its size and properties."""
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is None and not body.get("location"):
        raise errors.InvalidParameter("A plan requires a location.")
    made = found or _plan(call, body)
    given = {
        name: value for name, value in (body.get("properties") or {}).items() if value is not None
    }
    made.document["properties"] |= given
    if body.get("tags") is not None:
        made.document["tags"] = body["tags"]
    if body.get("sku"):
        made.document["sku"] = _sku(body["sku"])
    call.world.resources.put(made)
    return call.json(made.document)


@plans.serves("DELETE", _ONE, action="delete")
def delete_plan(call: Call) -> Response:
    """Delete a plan without sites: 200, or 204 where there is none. Raises Conflict."""
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    for site in call.world.resources.of_type(SITE):
        if str(site.document["properties"]["serverFarmId"]).lower() == found.id.lower():
            raise errors.Conflict(
                f"Server farm '{found.name}' cannot be deleted because it has web app(s) "
                f"{site.name} assigned to it."
            )
    call.world.resources.remove(found.id)
    return Response(status_code=200)


def _plan(call: Call, body: dict[str, Any]) -> Resource:
    named = call.parameters
    group = f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
    arm_id, location = f"{group}/providers/{TYPE}/{named['name']}", displayed(body["location"])
    number = int(hashlib.sha256(arm_id.lower().encode()).hexdigest()[:4], 16)
    kind = body.get("kind") or "app"
    sku = _sku(body.get("sku") or {"name": "B1"})
    return Resource(
        {
            "id": arm_id,
            "name": named["name"],
            "type": TYPE,
            "kind": kind,
            "location": location,
            "properties": {
                "serverFarmId": number,
                "name": named["name"],
                **_VALUES,
                **dict.fromkeys(_NULLS),
                "webSpace": f"{named['group']}-{location.replace(' ', '')}webspace",
                "subscription": named["subscription"],
                "maximumNumberOfWorkers": _WORKERS.get(sku["family"][:1], 10),
                "geoRegion": location,
                "numberOfSites": 0,
                "kind": kind,
                "resourceGroup": named["group"],
                "mdmId": f"waws-prod-am2-545_{number}",
            },
            "sku": sku,
        }
    )


def _sku(given: dict[str, Any]) -> dict[str, Any]:
    name = str(given.get("name") or "B1")
    family = given.get("family") or name.rstrip("0123456789v") or name[:1]
    return {
        "name": name,
        "tier": _TIERS.get(name[:1], str(given.get("tier") or name)),
        "size": given.get("size") or name,
        "family": family,
        "capacity": given.get("capacity") or 1,
    }
