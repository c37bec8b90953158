"""Commands of the Azure CLI, all in one process. Runs in an environment of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from azure.cli.core import get_default_cli

GROUP = ["-g", "rg-payments"]
NEW = ["-n", "contoso-az", *GROUP]
SERVICE = ["--signalr-name", "contoso-payments", *GROUP]
SKU = "Standard_S1"
IDENTITY = (
    f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourcegroups/rg-payments"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shared"
)
TEMPLATE = ["url-template=https://example.com/{event}", "hub-pattern=chat"]
REPLICA = ["--replica-name", "east", "--signalr-name", "contoso-payments", *GROUP]
COMMANDS = {
    "create": [
        *["signalr", "create", *NEW, "--sku", "Standard_S1"],
        "--service-mode",
        "Serverless",
    ],
    "list": ["signalr", "list"],
    "list of a group": ["signalr", "list", *GROUP],
    "show": ["signalr", "show", *NEW],
    "update": [
        "signalr",
        "update",
        *NEW,
        "--tags",
        "a=b",
        "--unit-count",
        "2",
        "--sku",
        "Standard_S1",
    ],
    "identity assign": ["signalr", "identity", "assign", *NEW, "--identity", "[system]"],
    "identity show": ["signalr", "identity", "show", *NEW],
    "identity assign user": ["signalr", "identity", "assign", *NEW, "--identity", IDENTITY],
    "identity remove": ["signalr", "identity", "remove", *NEW],
    "upstream update": ["signalr", "upstream", "update", *NEW, "--template", *TEMPLATE],
    "upstream list": ["signalr", "upstream", "list", *NEW],
    "upstream clear": ["signalr", "upstream", "clear", *NEW],
    "key list": ["signalr", "key", "list", *NEW],
    "key renew": ["signalr", "key", "renew", *NEW, "--key-type", "secondary"],
    "cors list": ["signalr", "cors", "list", *NEW],
    "cors add": ["signalr", "cors", "add", *NEW, "--allowed-origins", "https://a.example"],
    "cors update": ["signalr", "cors", "update", *NEW, "--allowed-origins", "https://b.example"],
    "cors remove": ["signalr", "cors", "remove", *NEW, "--allowed-origins", "https://b.example"],
    "network-rule list": ["signalr", "network-rule", "list", *NEW],
    "network-rule update": [
        *["signalr", "network-rule", "update", *NEW, "--public-network"],
        *["--allow", "RESTAPI", "ClientConnection"],
    ],
    "ip-rule add": [
        *["signalr", "network-rule", "ip-rule", "add", *NEW],
        *["--ip-rule", "value=10.0.0.0/24", "action=Allow"],
    ],
    "ip-rule remove": [
        *["signalr", "network-rule", "ip-rule", "remove", *NEW],
        *["--ip-rule", "value=10.0.0.0/24", "action=Allow"],
    ],
    "restart": ["signalr", "restart", *NEW],
    "replica create": [
        "signalr",
        "replica",
        "create",
        *REPLICA,
        "--sku",
        "Premium_P1",
        "-l",
        "eastus",
    ],
    "replica list": ["signalr", "replica", "list", *SERVICE],
    "replica show": ["signalr", "replica", "show", *REPLICA],
    "replica delete": ["signalr", "replica", "delete", *REPLICA],
    "custom-certificate list": ["signalr", "custom-certificate", "list", *SERVICE],
    "custom-domain list": ["signalr", "custom-domain", "list", *SERVICE],
    "delete": ["signalr", "delete", *NEW],
}


def log_in(az: Any) -> str:
    """Register Local Azure as a cloud, and log in to it; return why that failed."""
    url, environment = os.environ["AZURE_AUTHORITY_HOST"], os.environ
    register = [
        *["cloud", "register", "--name", "LocalAzure", "--skip-endpoint-discovery"],
        *["--endpoint-resource-manager", url, "--endpoint-active-directory", url],
        *["--endpoint-active-directory-resource-id", "https://management.core.windows.net/"],
    ]
    login = [
        *["login", "--service-principal", "--tenant", environment["AZURE_TENANT_ID"]],
        *["--username", environment["AZURE_CLIENT_ID"]],
        *["--password", environment["AZURE_CLIENT_SECRET"]],
    ]
    error = invoke(az, *register) or invoke(az, "cloud", "set", "--name", "LocalAzure")
    return error or invoke(get_default_cli(), *login)


def invoke(az: Any, *arguments: str) -> str:
    """Run one command; return why it failed, or the empty text."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            code = az.invoke([*arguments, "--output", "none"], out_file=io.StringIO())
        except SystemExit as error:
            code = error.code
        except Exception as error:  # noqa: BLE001 (reported)
            return repr(error)
    found = getattr(az.result, "error", None)
    return f"exit {code}: {found!r} {errors.getvalue()[-2000:]}" if code else ""


def main() -> None:
    """Run all commands and print the report."""
    error = log_in(get_default_cli())
    az = get_default_cli()
    calls, failed = ["login"], {"login": error} if error else {}
    for name, arguments in COMMANDS.items():
        calls.append(name)
        error = invoke(az, *arguments)
        failed |= {name: error} if error else {}
    sys.stdout.write("\n" + json.dumps({"calls": calls, "failed": failed}) + "\n")


main()
