"""azure-mgmt-signalr, every operation once. Runs in an environment of its own, without pytest."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from azure.identity import ClientSecretCredential
from azure.mgmt.signalr import SignalRManagementClient

GROUP, NAME = "rg-payments", "contoso-lab"
PREMIUM = "contoso-payments"
NEW = "contoso-sdk"
CALLS: list[str] = []
FAILED: dict[str, str] = {}
GROUPS = {
    "replicas": ("signal_rreplicas", "signal_r_replicas"),
    "certificates": ("signal_rcustom_certificates", "signal_r_custom_certificates"),
    "domains": ("signal_rcustom_domains", "signal_r_custom_domains"),
    "connections": (
        "signal_rprivate_endpoint_connections",
        "signal_r_private_endpoint_connections",
    ),
    "links": ("signal_rprivate_link_resources", "signal_r_private_link_resources"),
    "shared": (
        "signal_rshared_private_link_resources",
        "signal_r_shared_private_link_resources",
    ),
}


def call(name: str, function: Any, *arguments: Any, **options: Any) -> Any:
    """Make one call, with its whole operation or all pages; record it and its failure."""
    CALLS.append(name)
    try:
        result = function(*arguments, **options)
        if hasattr(result, "result"):
            return result.result()
        return list(result) if hasattr(result, "by_page") else result
    except Exception:  # noqa: BLE001 (reported)
        FAILED[name] = traceback.format_exc(limit=-3)
        return None


def group(client: Any, kind: str) -> Any:
    """Return an operation group, whose name differs between versions; None where it has none."""
    return next((found for name in GROUPS[kind] if (found := getattr(client, name, None))), None)


def expect(name: str, condition: bool) -> None:
    """Record an unexpected response."""
    if not condition:
        FAILED[f"{name}: answer"] = "The answer is not as it has to be."


def instances(client: Any) -> None:
    """Create, read, write and delete an instance, its keys and what the provider offers."""
    one = client.signal_r
    body = {
        "location": "westeurope",
        "sku": {"name": "Standard_S1", "capacity": 1},
        "properties": {"features": [{"flag": "ServiceMode", "value": "Serverless"}]},
    }
    created = call("create", one.begin_create_or_update, GROUP, NEW, raw(body))
    expect("create", created is not None and created.provisioning_state == "Succeeded")
    call("replace", one.begin_create_or_update, GROUP, NEW, raw(body | {"tags": {"a": "b"}}))
    expect("replace", call("get", one.get, GROUP, NEW).tags == {"a": "b"})
    call("list", one.list_by_subscription)
    call("list of a group", one.list_by_resource_group, GROUP)
    identity = {"identity": {"type": "SystemAssigned"}}
    updated = call("identity", one.begin_update, GROUP, NEW, raw(identity))
    expect("identity", updated is not None and bool(updated.identity.principal_id))
    templates = [{"urlTemplate": "https://example.com/{event}", "hubPattern": "chat"}]
    upstream = {"properties": {"upstream": {"templates": templates}}}
    updated = call("upstream", one.begin_update, GROUP, NEW, raw(upstream))
    expect("upstream", updated is not None and len(updated.upstream.templates) == 1)
    keys = call("keys", one.list_keys, GROUP, NEW)
    renewed = call("renew key", one.begin_regenerate_key, GROUP, NEW, {"keyType": "Primary"})
    after = call("keys again", one.list_keys, GROUP, NEW)
    expect("renew key", keys.primary_key != after.primary_key)
    expect("renew key", renewed is None or renewed.primary_key in (None, after.primary_key))
    call("restart", one.begin_restart, GROUP, NEW)
    call("skus", one.list_skus, GROUP, NEW)
    name = {"type": "Microsoft.SignalRService/SignalR", "name": NEW}
    free = call("check name", one.check_name_availability, "westeurope", name)
    expect("check name", free is not None and free.name_available is False)
    call("usages", client.usages.list, "westeurope")
    call("operations", client.operations.list)
    call("delete", one.begin_delete, GROUP, NEW)


def children(client: Any) -> None:
    """Create, read and delete child resources of an instance."""
    where, vault = (GROUP, PREMIUM), "https://contoso-vault.vault.azure.net"
    certificates, domains = group(client, "certificates"), group(client, "domains")
    body = {"properties": {"keyVaultBaseUri": vault, "keyVaultSecretName": "certificate"}}
    made = call("certificate", certificates.begin_create_or_update, *where, "one", raw(body))
    call("certificates", certificates.list, *where)
    domain = {
        "properties": {"domainName": "a.example", "customCertificate": {"id": made and made.id}}
    }
    call("domain", domains.begin_create_or_update, *where, "one", raw(domain))
    call("domains", domains.list, *where)
    call("delete domain", domains.begin_delete, *where, "one")
    call("delete certificate", certificates.delete, *where, "one")
    shared = group(client, "shared")
    body = {"properties": {"groupId": "sites", "privateLinkResourceId": "/subscriptions/s"}}
    call("shared link", shared.begin_create_or_update, "one", *where, raw(body))
    call("shared links", shared.list, *where)
    call("delete shared link", shared.begin_delete, "one", *where)
    call("connections", group(client, "connections").list, *where)
    call("link resources", group(client, "links").list, *where)
    replicas = group(client, "replicas")
    if replicas:
        replica = {"location": "eastus", "sku": {"name": "Premium_P1", "capacity": 1}}
        call("replica", replicas.begin_create_or_update, *where, "east", raw(replica))
        call("replicas", replicas.list, *where)
        call("restart replica", replicas.begin_restart, *where, "east")
        call("delete replica", replicas.delete, *where, "east")


def raw(body: Any) -> bytes:
    """Return a body that the SDK sends unchanged."""
    return json.dumps(body).encode()


def main() -> None:
    """Make all calls and print the report."""
    url = os.environ["AZURE_AUTHORITY_HOST"]
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=url,
        disable_instance_discovery=True,
    )
    subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
    with SignalRManagementClient(credential, subscription, base_url=url) as client:
        instances(client)
        children(client)
    sys.stdout.write(json.dumps({"calls": CALLS, "failed": FAILED}) + "\n")


main()
