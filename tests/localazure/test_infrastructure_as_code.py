"""Requests of Terraform's azurerm provider and of Bicep, as in their sources.

Terraform: hashicorp/terraform-provider-azurerm, internal/services/signalr (api-version 2024-03-01).
Bicep: the resource that avm/res/signal-r-service/signal-r of Azure/bicep-registry-modules declares;
the deployment engine sends it as one PUT.
"""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm

VERSION = "2024-03-01"
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{seed.PAYMENTS_GROUP}"
ONE = f"{GROUP}/providers/Microsoft.SignalRService/signalR/contoso-code"
LOCATIONS = f"{SUBSCRIPTION}/providers/Microsoft.SignalRService/locations/westeurope"
IDENTITY = seed.identity_id(seed.PAYMENTS_GROUP, seed.SHARED_IDENTITY)


@pytest.fixture(autouse=True)
def _at_once(local_azure: LocalAzure) -> None:
    """Operations end at the first poll."""
    local_azure.post("/_local/operations", {"polls": 0})


def ended(arm: Arm, answer: Any) -> str:
    """Poll the operation that an answer started, and return its status."""
    status: str = arm.document(answer.headers["Azure-AsyncOperation"])["status"]
    return status


def terraform_create(arm: Arm) -> Any:
    """Create an instance as azurerm_signalr_service does."""
    name = {"name": "contoso-code", "type": "Microsoft.SignalRService/SignalR"}
    free = arm.call("POST", f"{LOCATIONS}/checkNameAvailability", name, VERSION).json()
    assert free["nameAvailable"] is True
    body = {
        "identity": {"type": "SystemAssigned", "userAssignedIdentities": None},
        "location": "westeurope",
        "properties": {
            "cors": {"allowedOrigins": ["*"]},
            "disableAadAuth": False,
            "disableLocalAuth": False,
            "features": [
                {"flag": "ServiceMode", "value": "Serverless"},
                {"flag": "EnableConnectivityLogs", "value": "true"},
                {"flag": "EnableMessagingLogs", "value": "false"},
                {"flag": "EnableLiveTrace", "value": "false"},
            ],
            "liveTraceConfiguration": {"categories": [], "enabled": "false"},
            "publicNetworkAccess": "Enabled",
            "resourceLogConfiguration": {"categories": []},
            "serverless": {"connectionTimeoutInSeconds": 30},
            "tls": {"clientCertEnabled": False},
            "upstream": {"templates": []},
        },
        "sku": {"capacity": 1, "name": "Standard_S1"},
        "tags": {},
    }
    return arm.call("PUT", ONE, body, VERSION)


def test_terraform_creates_updates_and_destroys(arm: Arm) -> None:
    created = terraform_create(arm)
    assert created.status_code == 201
    assert ended(arm, created) == "Succeeded"
    read = arm.document(ONE, VERSION)
    assert read["identity"]["principalId"]
    assert read["properties"]["upstream"] == {"templates": []}
    assert arm.call("POST", f"{ONE}/listKeys", version=VERSION).json()["primaryConnectionString"]
    template = {
        "auth": {"managedIdentity": {"resource": seed.UPSTREAM_APP_ID}, "type": "ManagedIdentity"},
        "categoryPattern": "connections,messages",
        "eventPattern": "*",
        "hubPattern": "chat",
        "urlTemplate": "http://localhost:8000/upstream/contoso-code/",
    }
    change = {"location": "westeurope", "properties": {"upstream": {"templates": [template]}}}
    assert ended(arm, arm.call("PATCH", ONE, change, VERSION)) == "Succeeded"
    # The provider waits for twenty reads of Succeeded in a row.
    states = [arm.document(ONE, VERSION)["properties"]["provisioningState"] for _ in range(20)]
    assert set(states) == {"Succeeded"}
    assert arm.document(ONE, VERSION)["properties"]["upstream"]["templates"] == [template]
    assert arm.call("DELETE", ONE, version=VERSION).status_code == 204
    assert arm.call("GET", ONE, version=VERSION).status_code == 404


def test_terraform_switches_to_user_assigned_identity(arm: Arm) -> None:
    terraform_create(arm)
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    change = {"identity": identity, "location": "westeurope", "properties": None}
    assert arm.call("PATCH", ONE, change, VERSION).status_code == 202
    shown = arm.document(ONE, VERSION)["identity"]
    assert shown["userAssignedIdentities"][IDENTITY]["principalId"] == seed.SHARED_PRINCIPAL_ID


def test_terraform_sets_network_acls(arm: Arm) -> None:
    terraform_create(arm)
    acls = {
        "defaultAction": "Deny",
        "privateEndpoints": [],
        "publicNetwork": {"allow": ["ClientConnection"], "deny": None},
    }
    change = {"location": "westeurope", "properties": {"networkACLs": acls}}
    assert arm.call("PATCH", ONE, change, VERSION).status_code == 202
    shown = arm.document(ONE, VERSION)["properties"]["networkACLs"]
    assert shown == acls | {"ipRules": []}


def test_terraform_registers_providers(arm: Arm) -> None:
    listed = arm.document(f"{SUBSCRIPTION}/providers", "2022-09-01")["value"]
    states = {one["namespace"]: one["registrationState"] for one in listed}
    assert states["Microsoft.SignalRService"] == "Registered"


def test_bicep_module_is_deployed_twice_alike(arm: Arm) -> None:
    body = {
        "location": "westeurope",
        "tags": {"environment": "test"},
        "kind": "SignalR",
        "sku": {"name": "Standard_S1", "capacity": 1},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {
            "cors": {"allowedOrigins": ["*"]},
            "disableAadAuth": False,
            "disableLocalAuth": True,
            "features": [{"flag": "ServiceMode", "value": "Serverless"}],
            "liveTraceConfiguration": {"categories": [], "enabled": "false"},
            "networkACLs": None,
            "publicNetworkAccess": None,
            "resourceLogConfiguration": {"categories": []},
            "tls": {"clientCertEnabled": False},
            "upstream": {
                "templates": [{"urlTemplate": "https://contoso.example/{hub}", "hubPattern": "*"}]
            },
        },
    }
    assert ended(arm, arm.call("PUT", ONE, body, VERSION)) == "Succeeded"
    first = arm.document(ONE, VERSION)
    again = arm.call("PUT", ONE, body, VERSION)
    assert (again.status_code, again.content) == (202, b"")
    assert ended(arm, again) == "Succeeded"
    second = arm.document(ONE, VERSION)
    del first["systemData"], second["systemData"]
    assert second == first
    assert first["properties"]["disableLocalAuth"] is True
    assert first["properties"]["publicNetworkAccess"] == "Enabled"
