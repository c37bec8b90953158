"""Drive azure-mgmt-msi, -keyvault, -authorization, -web and -resource, and azure-keyvault-secrets.

python drive_management.py LOCAL_AZURE_URL
"""

from __future__ import annotations

import os
import sys
import uuid
from typing import Any

from azure.identity import DefaultAzureCredential, EnvironmentCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.web import WebSiteManagementClient
from calls import Calls

URL = sys.argv[1]
TENANT = os.environ["AZURE_TENANT_ID"]
SUBSCRIPTION = os.environ["AZURE_SUBSCRIPTION_ID"]
GROUP, LOCATION, VAULT = "rg-driven", "westeurope", "contoso-driven"
CALLER = "dddddddd-0000-4000-8000-000000000001"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
calls = Calls()
credential = EnvironmentCredential(disable_instance_discovery=True)


def client(kind: Any) -> Any:
    """Return a management client."""
    scopes = ["https://management.azure.com/.default"]
    return kind(credential, SUBSCRIPTION, base_url=URL, credential_scopes=scopes)


def drive_groups() -> None:
    """Create the group that the others use."""
    groups = client(ResourceManagementClient).resource_groups
    calls("create group", lambda: groups.create_or_update(GROUP, {"location": LOCATION}))
    calls("check group", lambda: groups.check_existence(GROUP))


def drive_identities() -> str:
    """Create an identity with a federated credential; return its principal."""
    msi = client(ManagedServiceIdentityClient)
    identities, federated = msi.user_assigned_identities, msi.federated_identity_credentials
    body = {"location": LOCATION, "tags": {"a": "b"}}
    made = calls("create identity", lambda: identities.create_or_update(GROUP, "one", body))
    calls("get identity", lambda: identities.get(GROUP, "one"))
    calls("update identity", lambda: identities.update(GROUP, "one", {"tags": {"c": "d"}}))
    calls("list identities", lambda: list(identities.list_by_resource_group(GROUP)))
    calls("list all identities", lambda: list(identities.list_by_subscription()))
    calls("list operations", lambda: list(msi.operations.list()))
    properties = {
        "issuer": "https://issuer.example/",
        "subject": "one",
        "audiences": ["api://AzureADTokenExchange"],
    }
    where = (GROUP, "one", "first")
    create = federated.create_or_update
    calls("create credential", lambda: create(*where, {"properties": properties}))
    calls("get credential", lambda: federated.get(*where))
    calls("list credentials", lambda: list(federated.list(GROUP, "one")))
    calls("delete credential", lambda: federated.delete(*where))
    return str(made.principal_id)


def drive_roles(principal: str) -> None:
    """Assign, list and delete roles."""
    authorization = client(AuthorizationManagementClient)
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    definitions, assignments = authorization.role_definitions, authorization.role_assignments
    found = calls("find role", lambda: list(definitions.list(scope, filter="roleName eq 'Reader'")))
    calls("get role", lambda: definitions.get(scope, READER))
    calls("list roles", lambda: list(definitions.list(scope)))
    name = str(uuid.uuid4())
    body = {
        "role_definition_id": found[0].id,
        "principal_id": principal,
        "principal_type": "ServicePrincipal",
    }
    calls("assign role", lambda: assignments.create(scope, name, body))
    calls("get assignment", lambda: assignments.get(scope, name))
    calls("list assignments", lambda: list(assignments.list_for_scope(scope, filter="atScope()")))
    of_principal = f"assignedTo('{principal}')"
    calls("list by principal", lambda: list(assignments.list_for_scope(scope, filter=of_principal)))
    permissions = authorization.permissions
    calls("list permissions", lambda: list(permissions.list_for_resource_group(GROUP)))
    calls("delete assignment", lambda: assignments.delete(scope, name))
    calls.refuses("get deleted", lambda: assignments.get(scope, name), "RoleAssignmentNotFound")


def drive_vaults() -> None:
    """Create, change and recover a vault."""
    keyvault = client(KeyVaultManagementClient).vaults
    permissions = {"secrets": ["all", "purge"]}
    policy = {"tenantId": TENANT, "objectId": CALLER, "permissions": permissions}
    properties = {
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy],
        "enableRbacAuthorization": False,
    }
    body = {"location": LOCATION, "properties": properties}
    where = (GROUP, VAULT)
    name = {"name": VAULT, "type": "Microsoft.KeyVault/vaults"}
    calls("check name", lambda: keyvault.check_name_availability(name))
    calls("create vault", lambda: keyvault.begin_create_or_update(*where, body).result())
    calls("get vault", lambda: keyvault.get(*where))
    calls("list vaults", lambda: list(keyvault.list_by_resource_group(GROUP)))
    calls("list all vaults", lambda: list(keyvault.list_by_subscription()))
    calls("list by resource", lambda: list(keyvault.list()))
    calls("update vault", lambda: keyvault.update(*where, {"tags": {"a": "b"}}))
    added = {"properties": {"accessPolicies": [policy]}}
    calls("add policy", lambda: keyvault.update_access_policy(*where, "add", added))
    calls("delete vault", lambda: keyvault.delete(*where))
    calls("get deleted vault", lambda: keyvault.get_deleted(VAULT, LOCATION))
    calls("list deleted vaults", lambda: list(keyvault.list_deleted()))
    recovered = body | {"properties": properties | {"createMode": "recover"}}
    calls("recover vault", lambda: keyvault.begin_create_or_update(*where, recovered).result())


def drive_secrets() -> None:
    """Make every call of azure-keyvault-secrets."""
    address = f"{URL}/keyvault/{VAULT}"
    vault = SecretClient(address, credential, verify_challenge_resource=False)
    calls("set secret", lambda: vault.set_secret("one", "1", tags={"a": "b"}))
    calls("set secret again", lambda: vault.set_secret("one", "2", content_type="text/plain"))
    calls("get secret", lambda: vault.get_secret("one"))
    update = vault.update_secret_properties
    calls("update secret", lambda: update("one", enabled=True, tags={"c": "d"}))
    calls("list secrets", lambda: list(vault.list_properties_of_secrets(max_page_size=1)))
    versions = vault.list_properties_of_secret_versions
    found = calls("list versions", lambda: list(versions("one", max_page_size=1)))
    calls("get version", lambda: vault.get_secret("one", found[0].version))
    backup = calls("back up secret", lambda: vault.backup_secret("one"))
    calls("delete secret", lambda: vault.begin_delete_secret("one").wait())
    calls("get deleted secret", lambda: vault.get_deleted_secret("one"))
    calls("list deleted secrets", lambda: list(vault.list_deleted_secrets()))
    calls("recover secret", lambda: vault.begin_recover_deleted_secret("one").wait())
    calls("delete again", lambda: vault.begin_delete_secret("one").wait())
    calls("purge secret", lambda: vault.purge_deleted_secret("one"))
    calls("restore secret", lambda: vault.restore_secret_backup(backup))
    calls.refuses("get missing", lambda: vault.get_secret("none"), "SecretNotFound")


def drive_sites() -> None:
    """Create a plan, a Function App and a slot, and read and write their settings."""
    web = client(WebSiteManagementClient)
    plan = {"location": LOCATION, "sku": {"name": "S1"}}
    plans, apps, where = web.app_service_plans, web.web_apps, (GROUP, "app-driven")
    made = calls("create plan", lambda: plans.begin_create_or_update(GROUP, "plan", plan).result())
    site = {
        "location": LOCATION,
        "kind": "functionapp",
        "identity": {"type": "SystemAssigned"},
        "properties": {"serverFarmId": made.id},
    }
    calls("create site", lambda: apps.begin_create_or_update(*where, site).result())
    calls("get site", lambda: apps.get(*where))
    calls("list sites", lambda: list(apps.list()))
    patch = {"properties": {"clientCertEnabled": True}}
    calls("update site", lambda: apps.update(*where, patch))
    calls("get configuration", lambda: apps.get_configuration(*where))
    settings = {"properties": {"A": "1"}}
    calls("write settings", lambda: apps.update_application_settings(*where, settings))
    calls("list settings", lambda: apps.list_application_settings(*where))
    calls("get classic", lambda: apps.get_auth_settings(*where))
    v2 = {"properties": {"platform": {"enabled": True}}}
    calls("write v2", lambda: apps.update_auth_settings_v2(*where, v2))
    calls("get v2", lambda: apps.get_auth_settings_v2_without_secrets(*where))
    calls("list host keys", lambda: apps.list_host_keys(*where))
    create_slot = apps.begin_create_or_update_slot
    slot = {"location": LOCATION, "properties": {}}
    calls("create slot", lambda: create_slot(*where, "staging", slot).result())
    calls("list slots", lambda: list(apps.list_slots(*where)))
    calls(
        "get slot's v2", lambda: apps.get_auth_settings_v2_without_secrets_slot(*where, "staging")
    )
    profile = {"format": "WebDeploy"}
    read_profile = apps.list_publishing_profile_xml_with_secrets
    calls("publishing profile", lambda: b"".join(read_profile(*where, profile)))
    calls("stop site", lambda: apps.stop(*where))
    calls("start site", lambda: apps.start(*where))
    calls("delete site", lambda: apps.delete(*where))


drive_groups()
drive_roles(drive_identities())
drive_vaults()
drive_secrets()
drive_sites()
calls(
    "default credential",
    lambda: DefaultAzureCredential(disable_instance_discovery=True).get_token(
        "https://vault.azure.net/.default"
    ),
)
calls.end()
