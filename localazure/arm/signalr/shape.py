"""What a request may say about an instance: api-versions 2023-02-01 to 2024-03-01.

Source: Azure/azure-rest-api-specs, specification/signalr. What Local Azure only keeps is ANYTHING.
"""

from __future__ import annotations

from localazure.arm.schema import ANYTHING

TYPE = "Microsoft.SignalRService/SignalR"
API_VERSIONS = (
    "2018-10-01",
    "2020-05-01",
    "2021-10-01",
    "2022-02-01",
    "2023-02-01",
    "2023-08-01-preview",
    "2024-03-01",
    "2025-01-01-preview",
)

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
# ARM takes what it answered and ignores these.
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
    "networkACLs": ANYTHING,
    "applicationFirewall": ANYTHING,
    "publicNetworkAccess": str,
    "disableLocalAuth": bool,
    "disableAadAuth": bool,
    "regionEndpointEnabled": str,
    "resourceStopped": str,
}
INSTANCE = {
    "id": str,
    "name": str,
    "type": str,
    "systemData": ANYTHING,
    "location": str,
    "tags": ANYTHING,
    "kind": str,
    "sku": {"name": str, "tier": str, "size": str, "family": str, "capacity": int},
    "identity": IDENTITY,
    "properties": WRITABLE | READ_ONLY,
}
