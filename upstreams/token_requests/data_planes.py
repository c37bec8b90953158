"""The resources that Azure's data planes require of a token, where they use Azure roles.

An upstream template may point directly at one of them. "If you use Azure RBAC for a data plane, you
must use the resource that the service provider requests" ("Managed identities for Azure SignalR
Service"). Those that an upstream request cannot use are left out: Azure SQL is not an HTTP service,
and Cosmos DB requires another form of header. Public cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from upstreams.url_templates.hosts import host_of


@dataclass(frozen=True, slots=True)
class DataPlane:
    """A service, the resource that it requires, and Microsoft's page about it.

    `host_suffixes` are the ends of its host names; two services may share one.
    """

    service: str
    resource: str
    source: str
    host_suffixes: tuple[str, ...]


_DOCS: Final = "https://learn.microsoft.com"

DATA_PLANES: Final = (
    DataPlane(
        "Azure App Configuration",
        "https://appconfig.azure.com",
        f"{_DOCS}/azure/azure-app-configuration/rest-api-authentication-azure-ad",
        (".azconfig.io",),
    ),
    DataPlane(
        "Azure Event Grid",
        "https://eventgrid.azure.net",
        f"{_DOCS}/azure/event-grid/authenticate-with-microsoft-entra-id",
        (".eventgrid.azure.net",),
    ),
    DataPlane(
        "Azure Event Hubs",
        "https://eventhubs.azure.net/",
        f"{_DOCS}/azure/event-hubs/authenticate-application",
        (".servicebus.windows.net",),
    ),
    DataPlane(
        "Azure Key Vault",
        "https://vault.azure.net",
        f"{_DOCS}/azure/key-vault/general/rest-error-codes",
        (".vault.azure.net",),
    ),
    DataPlane(
        "Azure Relay",
        "https://relay.azure.net",
        f"{_DOCS}/azure/azure-relay/authenticate-application",
        (".servicebus.windows.net",),
    ),
    DataPlane(
        "Azure Service Bus",
        "https://servicebus.azure.net",
        f"{_DOCS}/azure/service-bus-messaging/authenticate-application",
        (".servicebus.windows.net",),
    ),
    DataPlane(
        "Azure SignalR Service",
        "https://signalr.azure.com/",
        f"{_DOCS}/azure/azure-signalr/signalr-concept-authorize-azure-active-directory",
        (".service.signalr.net",),
    ),
    DataPlane(
        "Azure Storage",
        "https://storage.azure.com/",
        f"{_DOCS}/rest/api/storageservices/authorize-with-azure-active-directory",
        (
            ".blob.core.windows.net",
            ".file.core.windows.net",
            ".queue.core.windows.net",
            ".table.core.windows.net",
        ),
    ),
)

# Services of Microsoft that no upstream request can be sent to, by their resources. Source:
# "Azure services that can use managed identities to access other services".
_OTHER_SERVICES: Final = {
    "https://management.azure.com": "Azure Resource Manager",
    "https://management.core.windows.net": "Azure Resource Manager",
    "https://management.usgovcloudapi.net": "Azure Resource Manager",
    "https://management.chinacloudapi.cn": "Azure Resource Manager",
    "https://graph.windows.net": "Azure AD Graph",
    "https://database.windows.net": "Azure SQL Database",
    "https://ossrdbms-aad.database.windows.net": "Azure Database for PostgreSQL and MySQL",
    "https://cosmos.azure.com": "Azure Cosmos DB",
    "https://cognitiveservices.azure.com": "Azure AI services",
    "https://search.azure.com": "Azure AI Search",
    "https://api.loganalytics.io": "Azure Monitor Logs",
    "https://monitor.azure.com": "Azure Monitor",
    "https://datalake.azure.net": "Azure Data Lake",
    "https://batch.core.windows.net": "Azure Batch",
    "https://webpubsub.azure.com": "Azure Web PubSub",
}


def data_planes_at(url_template: str) -> tuple[DataPlane, ...]:
    """Return the data planes that may be at the host of a URL template."""
    host = host_of(url_template) or ""
    return tuple(plane for plane in DATA_PLANES if host.endswith(plane.host_suffixes))


def service_of(resource: str) -> str:
    """Return the Azure service whose resource this is; empty where it is none that is known."""
    bare = resource.strip().rstrip("/").lower()
    for plane in DATA_PLANES:
        if plane.resource.rstrip("/").lower() == bare:
            return plane.service
    return _OTHER_SERVICES.get(bare, "")
