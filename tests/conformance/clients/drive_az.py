"""Drive the Azure CLI in one process, over all commands that Local Azure serves.

python drive_az.py LOCAL_AZURE_URL; HTTPS_PROXY leads to Local Azure's proxy.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

from az_commands import SIGNALR
from azure.cli.core import __version__, get_default_cli
from calls import Calls

URL = sys.argv[1]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
APP, GROUP = os.environ["AZURE_CLIENT_ID"], "rg-realtime"
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
CALLER = "dddddddd-0000-4000-8000-000000000001"
# az 2.55.0 reads a form of the cloud's description that has neither Graph nor vaults.
NOT_DISCOVERED = {
    "endpoints": {"resourceManager": URL, "microsoftGraphResourceId": URL},
    "suffixes": {"keyvaultDns": ".vault.azure.net"},
}
CONFIGURED = ["--cloud-config", json.dumps(NOT_DISCOVERED)] if __version__ == "2.55.0" else []
calls = Calls()


def az(*arguments: str) -> Any:
    """Run a command of az and return its result. Raises RuntimeError."""
    cli = get_default_cli()
    status = cli.invoke([*arguments, "--output", "none"], out_file=io.StringIO())
    if status:
        raise RuntimeError(f"exit status {status}: {cli.result.error}")
    return cli.result.result


def run(text: str, *more: str) -> Any:
    """Count a command; words of `text` are its arguments."""
    return calls(text, lambda: az(*text.split(), *more))


def log_in() -> None:
    """Register Local Azure as a cloud, and log in."""
    run(f"cloud register --name Local --endpoint-resource-manager {URL}", *CONFIGURED)
    run("cloud set --name Local")
    secret = os.environ["AZURE_CLIENT_SECRET"]
    tenant = os.environ["AZURE_TENANT_ID"]
    run(f"login --service-principal --tenant {tenant} --username {APP} --password {secret}")


def drive_signalr() -> None:
    """Create, change and delete an instance."""
    for command in SIGNALR:
        run(f"signalr {command}")


def drive_vaults() -> None:
    """Create a vault, grant access, and use its secrets."""
    run(
        f"keyvault create -g {GROUP} -n contoso-cli -l westeurope --enable-rbac-authorization false"
    )
    run(
        f"keyvault set-policy -g {GROUP} -n contoso-cli --object-id {CALLER} "
        "--secret-permissions get list set delete purge recover backup restore"
    )
    run(f"keyvault show -g {GROUP} -n contoso-cli")
    run("keyvault list")
    run("keyvault secret set --vault-name contoso-cli -n one --value 1")
    run("keyvault secret show --vault-name contoso-cli -n one")
    run("keyvault secret list --vault-name contoso-cli")
    run("keyvault secret list-versions --vault-name contoso-cli -n one")
    run("keyvault secret set-attributes --vault-name contoso-cli -n one --enabled true")
    run("keyvault secret delete --vault-name contoso-cli -n one")
    run("keyvault secret list-deleted --vault-name contoso-cli")
    run("keyvault secret recover --vault-name contoso-cli -n one")
    run(f"keyvault delete-policy -g {GROUP} -n contoso-cli --object-id {CALLER}")
    run(f"keyvault delete -g {GROUP} -n contoso-cli")
    run("keyvault list-deleted")
    run("keyvault recover -n contoso-cli")


def drive_roles() -> None:
    """Assign a role, list and delete it."""
    principal = "eeeeeeee-0000-4000-8000-000000000002"
    run(
        f"role assignment create --assignee-object-id {principal} "
        f"--assignee-principal-type ServicePrincipal --role Reader --scope {SCOPE}"
    )
    run(f"role assignment list --scope {SCOPE}")
    run(f"role assignment list --assignee {principal} --all")
    run(f"role assignment delete --assignee {principal} --role Reader --scope {SCOPE}")
    run("role definition list --name Reader")


def drive_applications() -> None:
    """Register applications, with and without a secret and a role, and delete them."""
    made = run("ad app create --display-name cli-app")["appId"]
    run(f"ad app update --id {made} --identifier-uris api://{made}")
    run(f"ad sp create --id {made}")
    run("ad app list --display-name cli-app")
    run(f"ad app credential reset --id {made} --append")
    run(f"ad sp delete --id {made}")
    run(f"ad app delete --id {made}")
    signed_in = run(f"ad sp create-for-rbac --name cli-sp --role Reader --scopes {SCOPE}")
    # The second time, az replaces the secret and finds the role assigned.
    run(f"ad sp create-for-rbac --name cli-sp --role Reader --scopes {SCOPE}")
    run(f"role assignment delete --assignee {signed_in['appId']} --scope {SCOPE}")
    run(f"ad app delete --id {signed_in['appId']}")


def drive_identities() -> None:
    """Create an identity with a federated credential."""
    run(f"identity create -g {GROUP} -n id-cli")
    run(f"identity show -g {GROUP} -n id-cli")
    run(f"identity list -g {GROUP}")
    where = f"-g {GROUP} --identity-name id-cli"
    run(
        f"identity federated-credential create {where} -n one --issuer https://issuer.example/ "
        "--subject one --audiences api://AzureADTokenExchange"
    )
    run(f"identity federated-credential list {where}")
    run(f"identity federated-credential delete {where} -n one --yes")
    run(f"identity delete -g {GROUP} -n id-cli")


def drive_function_apps() -> None:
    """Read the built-in Function App."""
    where = f"-g {GROUP} -n contoso-functions"
    run(f"functionapp show {where}")
    run("functionapp list")
    run(f"functionapp config appsettings list {where}")
    run(f"functionapp keys list {where}")
    run(f"webapp auth show {where}")
    run(f"functionapp stop {where}")
    run(f"functionapp start {where}")


def drive_groups() -> None:
    """Create, show and delete a resource group."""
    run("group create -n rg-cli -l westeurope --tags a=b")
    run("group show -n rg-cli")
    run("group exists -n rg-cli")
    run("group delete -n rg-cli --yes")


print(f"az {__version__}:", end=" ")  # noqa: T201
log_in()
drive_signalr()
drive_vaults()
drive_roles()
drive_applications()
drive_identities()
drive_function_apps()
drive_groups()
calls.end()
