"""Microsoft.SignalRService's api-versions, and the shape of requests.

Sources: Azure/azure-rest-api-specs (specification/signalr), the models of azure-mgmt-signalr 0.3.0
to 2.0.0b3, and Microsoft's recordings of azure-cli and azure-service-operator. Properties that
Local Azure only stores are ANYTHING.
"""

from __future__ import annotations

from localazure.arm.async_operations.responses import RESOURCE, SIGNED, Addresses
from localazure.arm.schema import ANYTHING
from localazure.arm.versions import ApiVersions

TYPE = "Microsoft.SignalRService/SignalR"
NAMESPACE = "Microsoft.SignalRService"
# Added to a response by the service's own front end.
HEADERS = {"Server": "Kestrel", "x-rp-server-mvid": "5d1c3f6e-2a4b-4c8d-9e10-6f7a8b9c0d1e"}

PUBLISHED = (
    "2018-03-01-preview",
    "2018-10-01",
    "2020-05-01",
    "2020-07-01-preview",
    "2021-04-01-preview",
    "2021-06-01-preview",
    "2021-09-01-preview",
    "2021-10-01",
    "2022-02-01",
    "2022-08-01-preview",
    "2023-02-01",
    "2023-03-01-preview",
    "2023-06-01-preview",
    "2023-08-01-preview",
    "2024-01-01-preview",
    "2024-03-01",
    "2024-04-01-preview",
    "2024-08-01-preview",
    "2024-10-01-preview",
    "2025-01-01-preview",
)
# The first version that shows a property; one that is not named is in all of them.
SINCE = {
    "kind": "2020-05-01",
    "properties.upstream": "2020-05-01",
    "properties.networkACLs": "2020-05-01",
    "properties.privateEndpointConnections": "2020-05-01",
    "identity": "2020-07-01-preview",
    "properties.tls": "2020-07-01-preview",
    "systemData": "2021-04-01-preview",
    "properties.sharedPrivateLinkResources": "2021-04-01-preview",
    "properties.privateEndpointConnections[].systemData": "2021-04-01-preview",
    "properties.publicNetworkAccess": "2021-06-01-preview",
    "properties.disableLocalAuth": "2021-06-01-preview",
    "properties.disableAadAuth": "2021-06-01-preview",
    "properties.groupIds": "2021-06-01-preview",
    "properties.privateEndpointConnections[].properties.groupIds": "2021-06-01-preview",
    "properties.resourceLogConfiguration": "2021-09-01-preview",
    "properties.liveTraceConfiguration": "2022-02-01",
    "properties.serverless": "2022-08-01-preview",
    "properties.regionEndpointEnabled": "2023-08-01-preview",
    "properties.resourceStopped": "2023-08-01-preview",
    "properties.networkACLs.ipRules": "2023-08-01-preview",
    "properties.applicationFirewall": "2024-08-01-preview",
    "properties.serverless.keepAliveIntervalInSeconds": "2025-01-01-preview",
    "properties.routeSettings": "2025-01-01-preview",
}
VERSIONS = ApiVersions(PUBLISHED, since=SINCE)

# Recorded with 2020-05-01 in 2020 and 2021: operations are polled under the location, a regenerated
# key is answered with 201, and an instance that is created has no live traces.
_FIRST_MODERN = "2020-07-01-preview"
# Recorded unsigned up to this version. Azure signs since October 2024, whatever the version.
_NEWEST_UNSIGNED = "2023-06-01-preview"
_BY_LOCATION = Addresses(
    status=(
        f"{{group}}/providers/{NAMESPACE}/locations/{{location}}"
        "/operationStatuses/{name}/operationId/{operation}"
    ),
    result=(
        f"{{group}}/providers/{NAMESPACE}/locations/{{location}}"
        "/operationResults/{operation}/SignalR/{name}"
    ),
)


def is_legacy(version: str) -> bool:
    """Return whether a version is older than 2020-07-01-preview."""
    return version < _FIRST_MODERN


def addresses(version: str, *, by_location: bool = False) -> Addresses:
    """Return the URLs at which operations of this version are polled."""
    if by_location:
        return _BY_LOCATION
    return SIGNED if version > _NEWEST_UNSIGNED else RESOURCE


ENVELOPE = {
    "id": str,
    "name": str,
    "type": str,
    "systemData": ANYTHING,
}
SKU = {"name": str, "tier": str, "size": str, "family": str, "capacity": int}
IDENTITY = {
    "type": str,
    "userAssignedIdentities": ANYTHING,
    "principalId": str,
    "tenantId": str,
}
TEMPLATE = {
    "hubPattern": str,
    "eventPattern": str,
    "categoryPattern": str,
    "urlTemplate": str,
    "auth": {"type": str, "managedIdentity": {"resource": str}},
}
_ACL = {"allow": [str], "deny": [str]}
NETWORK_ACLS = {
    "defaultAction": str,
    "publicNetwork": _ACL,
    "privateEndpoints": [_ACL | {"name": str}],
    "ipRules": [{"value": str, "action": str}],
}
# Clients send back what they have read; the service ignores these.
READ_ONLY = {
    "provisioningState": str,
    "externalIP": str,
    "hostName": str,
    "publicPort": int,
    "serverPort": int,
    "version": str,
    "privateEndpointConnections": ANYTHING,
    "sharedPrivateLinkResources": ANYTHING,
    "hostNamePrefix": str,
}
WRITABLE = {
    "tls": {"clientCertEnabled": bool},
    "features": [{"flag": str, "value": str, "properties": ANYTHING}],
    "liveTraceConfiguration": ANYTHING,
    "resourceLogConfiguration": ANYTHING,
    "cors": {"allowedOrigins": [str]},
    "serverless": {"connectionTimeoutInSeconds": int, "keepAliveIntervalInSeconds": int},
    "upstream": {"templates": [TEMPLATE]},
    "networkACLs": NETWORK_ACLS,
    "applicationFirewall": ANYTHING,
    "publicNetworkAccess": str,
    "disableLocalAuth": bool,
    "disableAadAuth": bool,
    "regionEndpointEnabled": str,
    "resourceStopped": str,
    "routeSettings": ANYTHING,
}
INSTANCE = ENVELOPE | {
    "location": str,
    "tags": ANYTHING,
    "kind": str,
    "sku": SKU,
    "identity": IDENTITY,
    "properties": WRITABLE | READ_ONLY,
}
