"""Tenants, subscriptions and resource groups (Microsoft.Resources)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from localazure.arm import errors, roles
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.schema import ANYTHING

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
_VERSIONS = (
    "2016-06-01",
    "2018-02-01",
    "2019-06-01",
    "2020-01-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
    "2024-11-01",
)
_GROUP_SHAPE = {"location": str, "tags": ANYTHING, "properties": ANYTHING}

subscriptions = Provider(SUBSCRIPTION_TYPE, _VERSIONS)
groups = Provider("Microsoft.Resources/subscriptions/resourceGroups", _VERSIONS)


def subscription(subscription_id: str, tenant_id: str, display_name: str) -> Resource:
    """Return the resource that a subscription is."""
    return Resource(
        {
            "id": f"/subscriptions/{subscription_id}",
            "subscriptionId": subscription_id,
            "tenantId": tenant_id,
            "displayName": display_name,
            "state": "Enabled",
            "managedByTenants": [],
            "authorizationSource": "RoleBased",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
            "type": SUBSCRIPTION_TYPE,
        }
    )


def group(subscription_id: str, name: str, location: str) -> Resource:
    """Return the resource that a resource group is."""
    return Resource(
        {
            "id": f"/subscriptions/{subscription_id}/resourceGroups/{name}",
            "name": name,
            "type": GROUP_TYPE,
            "location": location,
            "properties": {"provisioningState": "Succeeded"},
        }
    )


@subscriptions.serves("GET", "/subscriptions", action="")
def list_subscriptions(call: Call) -> Response:
    """List those in which the caller holds a role."""
    resources = call.world.resources
    return call.page(
        one
        for one in resources.of_type(SUBSCRIPTION_TYPE)
        if roles.roles_of(resources, call.principal.object_id, one.id)
    )


@subscriptions.serves("GET", SUBSCRIPTION, action="read")
def get_subscription(call: Call) -> Response:
    """Read one subscription."""
    found = call.world.resources.get(call.path)
    if found is None:
        raise errors.SubscriptionNotFound(call.parameters["subscription"])
    return JSONResponse(found.document)


@subscriptions.serves("GET", "/tenants", action="")
def list_tenants(call: Call) -> Response:
    """List the home tenant."""
    tenant_id = call.world.directory.tenant_id
    tenant = {
        "id": f"/tenants/{tenant_id}",
        "tenantId": tenant_id,
        "displayName": "Contoso (Local Azure)",
        "tenantCategory": "Home",
    }
    return JSONResponse({"value": [tenant]})


@groups.serves("GET", SUBSCRIPTION + "/resourceGroups", action="read")
def list_groups(call: Call) -> Response:
    """List the subscription's resource groups."""
    return call.page(call.world.resources.of_type(GROUP_TYPE, call.path))


@groups.serves("GET", GROUP, action="read")
def get_group(call: Call) -> Response:
    """Read one resource group."""
    call.require_group()
    return JSONResponse(call.resource(call.path).document)


@groups.serves("PUT", GROUP, action="write")
def put_group(call: Call) -> Response:
    """Create a resource group, or leave the one that is there."""
    found = call.world.resources.get(call.path)
    if found is not None:
        return JSONResponse(found.document)
    location = call.content(_GROUP_SHAPE).get("location")
    if not location:
        raise errors.InvalidParameter("A resource group needs a location.")
    made = group(call.parameters["subscription"], call.parameters["group"], location)
    call.world.resources.put(made)
    return JSONResponse(made.document, status_code=201)
