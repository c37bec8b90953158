"""Commands of the Azure CLI for SignalR: their names, and the words of each."""

from __future__ import annotations

import os

from azure.cli.core import __version__

GROUP = "-g rg-payments"
NEW = f"-n contoso-az {GROUP}"
SERVICE = f"--signalr-name contoso-payments {GROUP}"
REPLICA = f"--replica-name east {SERVICE}"
IDENTITY = (
    f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourcegroups/rg-payments"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shared"
)
# az 2.55.0 has no such commands.
IP_RULES = (
    f"network-rule ip-rule add {NEW} --ip-rule value=10.0.0.0/24 action=Allow",
    f"network-rule ip-rule remove {NEW} --ip-rule value=10.0.0.0/24 action=Allow",
)
SIGNALR = (
    f"create {NEW} --sku Standard_S1 --service-mode Serverless",
    "list",
    f"list {GROUP}",
    f"show {NEW}",
    f"update {NEW} --tags a=b --unit-count 2 --sku Standard_S1",
    f"identity assign {NEW} --identity [system]",
    f"identity show {NEW}",
    f"identity assign {NEW} --identity {IDENTITY}",
    f"identity remove {NEW}",
    f"upstream update {NEW} --template url-template=https://example.com/{{event}} hub-pattern=chat",
    f"upstream list {NEW}",
    f"upstream clear {NEW}",
    f"key list {NEW}",
    f"key renew {NEW} --key-type secondary",
    f"cors list {NEW}",
    f"cors add {NEW} --allowed-origins https://a.example",
    f"cors update {NEW} --allowed-origins https://b.example",
    f"cors remove {NEW} --allowed-origins https://b.example",
    f"network-rule list {NEW}",
    f"network-rule update {NEW} --public-network --allow RESTAPI ClientConnection",
    *(() if __version__ == "2.55.0" else IP_RULES),
    f"restart {NEW}",
    f"replica create {REPLICA} --sku Premium_P1 -l eastus",
    f"replica list {SERVICE}",
    f"replica show {REPLICA}",
    f"replica delete {REPLICA}",
    f"custom-certificate list {SERVICE}",
    f"custom-domain list {SERVICE}",
    f"delete {NEW}",
)
