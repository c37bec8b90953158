"""Tenants and subscriptions (Microsoft.Resources)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.guard import roles_of
from localazure.arm.resources import Resource
from localazure.arm.routing import SUBSCRIPTION, Call, Provider

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
API_VERSIONS = (
    *("2014-04-01-preview", "2014-04-01", "2015-01-01", "2015-11-01", "2016-02-01", "2016-06-01"),
    *("2016-07-01", "2016-09-01", "2017-05-10", "2018-01-01", "2018-02-01", "2018-05-01"),
    *("2019-03-01", "2019-05-01", "2019-05-10", "2019-06-01", "2019-07-01", "2019-08-01"),
    *("2019-10-01", "2019-11-01", "2020-01-01", "2020-06-01", "2020-08-01", "2020-10-01"),
    *("2021-01-01", "2021-04-01", "2022-01-01", "2022-06-01", "2022-09-01", "2022-12-01"),
    *("2023-07-01", "2024-03-01", "2024-07-01", "2024-11-01", "2025-03-01", "2025-04-01"),
)

subscriptions = Provider(SUBSCRIPTION_TYPE, API_VERSIONS)


def subscription(subscription_id: str, tenant_id: str, display_name: str) -> Resource:
    """Return a subscription."""
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


@subscriptions.serves("GET", "/subscriptions", action="")
def list_subscriptions(call: Call) -> Response:
    """List the subscriptions in which the caller has a role."""
    resources = call.world.resources
    return call.page(
        one
        for one in resources.of_type(SUBSCRIPTION_TYPE)
        if roles_of(call.world, call.principal.object_id, one.id)
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
