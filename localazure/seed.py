"""The built-in fleet: fixed names, GUIDs and secrets, on which scripts may rely.

Nothing here is secret: the client secrets are valid at Local Azure only.
"""

from __future__ import annotations

from typing import Any, Final

TENANT_ID: Final = "aaaaaaaa-0000-4000-8000-000000000001"
# A second tenant, for tokens that the first one must not accept.
OTHER_TENANT_ID: Final = "aaaaaaaa-0000-4000-8000-000000000002"
SUBSCRIPTION_ID: Final = "bbbbbbbb-0000-4000-8000-000000000001"

# Signalman's own service principal: Owner of the subscription.
CLIENT_ID: Final = "cccccccc-0000-4000-8000-000000000001"
CLIENT_OBJECT_ID: Final = "dddddddd-0000-4000-8000-000000000001"
CLIENT_SECRET: Final = "local-azure-opens-nothing-else"  # noqa: S105
# A service principal with the role Reader.
READER_CLIENT_ID: Final = "cccccccc-0000-4000-8000-000000000002"
READER_OBJECT_ID: Final = "dddddddd-0000-4000-8000-000000000002"
READER_CLIENT_SECRET: Final = "local-azure-reads-nothing-else"  # noqa: S105
# The value of IDENTITY_HEADER, which App Service would set.
IDENTITY_HEADER: Final = "local-azure-app-service"
# The app registration that upstream requests are signed for.
UPSTREAM_APP_ID: Final = "cccccccc-0000-4000-8000-000000000003"
UPSTREAM_OBJECT_ID: Final = "dddddddd-0000-4000-8000-000000000003"
UPSTREAM_APP_URI: Final = "api://signalman-upstream"
# The app registration of the portal, with which users sign in.
PORTAL_APP_ID: Final = "cccccccc-0000-4000-8000-000000000004"
PORTAL_OBJECT_ID: Final = "dddddddd-0000-4000-8000-000000000004"
PORTAL_SECRET: Final = "local-azure-signs-in-nowhere-else"  # noqa: S105
# On localhost, any port matches.
PORTAL_REDIRECT_URI: Final = "http://localhost/admin/sign-in/entra/login/callback/"

# Users, by their app role in the portal; the last one has none.
ADMINISTRATOR_UPN: Final = "ada@contoso.example"
OPERATOR_UPN: Final = "otto@contoso.example"
VIEWER_UPN: Final = "vera@contoso.example"
NO_ROLE_UPN: Final = "nils@contoso.example"

LOCATION: Final = "westeurope"
REALTIME_GROUP: Final = "rg-realtime"
PAYMENTS_GROUP: Final = "rg-payments"

CHAT: Final = "contoso-chat"
ORDERS: Final = "contoso-orders"
PAYMENTS: Final = "contoso-payments"
LAB: Final = "contoso-lab"

VAULT: Final = "contoso-vault"
RBAC_VAULT: Final = "contoso-rbac-vault"
FUNCTION_APP: Final = "contoso-functions"

CHAT_PRINCIPAL_ID: Final = "eeeeeeee-0000-4000-8000-000000000001"
ORDERS_IDENTITY: Final = "id-orders"
ORDERS_PRINCIPAL_ID: Final = "eeeeeeee-0000-4000-8000-000000000002"
ORDERS_CLIENT_ID: Final = "ffffffff-0000-4000-8000-000000000002"
SHARED_IDENTITY: Final = "id-shared"
SHARED_PRINCIPAL_ID: Final = "eeeeeeee-0000-4000-8000-000000000003"
SHARED_CLIENT_ID: Final = "ffffffff-0000-4000-8000-000000000003"


def resource_id(group: str, provider_type: str, name: str) -> str:
    """Return the ARM id of a resource in the built-in subscription."""
    return (
        f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}/providers/{provider_type}/{name}"
    )


def identity_id(group: str, name: str) -> str:
    """Return the ARM id of a user-assigned identity; its provider spells `resourcegroups` so."""
    arm_id = resource_id(group, "Microsoft.ManagedIdentity/userAssignedIdentities", name)
    return arm_id.replace("/resourceGroups/", "/resourcegroups/")


def _template(instance: str, hub: str, resource: str | None) -> dict[str, Any]:
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}}
    return {
        "hubPattern": hub,
        "eventPattern": "*",
        "categoryPattern": "*",
        "urlTemplate": f"http://localhost:8000/upstream/{instance}/",
        "auth": auth if resource else None,
    }


def user(name: str, principal_name: str, *app_roles: str) -> dict[str, Any]:
    """Return a user with these roles in the portal, in the form that `POST /_local/seed` takes."""
    return {
        "displayName": name,
        "userPrincipalName": principal_name,
        "appRoles": {PORTAL_APP_ID: list(app_roles)},
    }


def foundation() -> dict[str, Any]:
    """Return what `--empty` keeps: the subscription, applications, users and role assignments."""
    return {
        "subscriptions": [
            {
                "subscriptionId": SUBSCRIPTION_ID,
                "tenantId": TENANT_ID,
                "displayName": "Contoso (Local Azure)",
            }
        ],
        "applications": [
            {
                "appId": CLIENT_ID,
                "displayName": "Signalman",
                "principalId": CLIENT_OBJECT_ID,
                "secrets": [CLIENT_SECRET],
            },
            {
                "appId": READER_CLIENT_ID,
                "displayName": "Auditor",
                "principalId": READER_OBJECT_ID,
                "secrets": [READER_CLIENT_SECRET],
            },
            {
                "appId": UPSTREAM_APP_ID,
                "displayName": "Signalman upstream",
                "principalId": UPSTREAM_OBJECT_ID,
                "identifierUris": [UPSTREAM_APP_URI],
            },
            {
                "appId": PORTAL_APP_ID,
                "displayName": "Signalman portal",
                "principalId": PORTAL_OBJECT_ID,
                "secrets": [PORTAL_SECRET],
                "redirectUris": [PORTAL_REDIRECT_URI],
            },
        ],
        "users": [
            user("Ada Administrator", ADMINISTRATOR_UPN, "Fleet.Admin"),
            user("Otto Operator", OPERATOR_UPN, "Fleet.Operator"),
            user("Vera Viewer", VIEWER_UPN, "Fleet.Reader"),
            user("Nils Newcomer", NO_ROLE_UPN),
        ],
        "roleAssignments": [
            {"principalId": CLIENT_OBJECT_ID, "role": "Owner"},
            {"principalId": READER_OBJECT_ID, "role": "Reader"},
        ],
    }


def fleet() -> dict[str, Any]:
    """Return the built-in fleet, in the form that `POST /_local/seed` takes."""
    return {
        "identities": [
            {
                "name": ORDERS_IDENTITY,
                "resourceGroup": REALTIME_GROUP,
                "properties": {
                    "principalId": ORDERS_PRINCIPAL_ID,
                    "clientId": ORDERS_CLIENT_ID,
                },
            },
            {
                "name": SHARED_IDENTITY,
                "resourceGroup": PAYMENTS_GROUP,
                "properties": {
                    "principalId": SHARED_PRINCIPAL_ID,
                    "clientId": SHARED_CLIENT_ID,
                },
            },
        ],
        "instances": [_chat(), _orders(), _payments(), _lab()],
        "vaults": _vaults(),
        "sites": [_function_app()],
    }


def _chat() -> dict[str, Any]:
    """Return an instance with a system-assigned identity and a signed template."""
    return {
        "name": CHAT,
        "resourceGroup": REALTIME_GROUP,
        "identity": {"type": "SystemAssigned", "principalId": CHAT_PRINCIPAL_ID},
        "properties": {"upstream": {"templates": [_template(CHAT, "chat", UPSTREAM_APP_URI)]}},
    }


def _orders() -> dict[str, Any]:
    """Return an instance with a user-assigned identity, an unsigned and a signed template."""
    return {
        "name": ORDERS,
        "resourceGroup": REALTIME_GROUP,
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {identity_id(REALTIME_GROUP, ORDERS_IDENTITY): {}},
        },
        "properties": {
            "upstream": {
                "templates": [
                    _template(ORDERS, "status", None),
                    _template(ORDERS, "*", UPSTREAM_APP_URI),
                ]
            }
        },
    }


def _payments() -> dict[str, Any]:
    """Return a hardened instance; a write that sends too much removes settings that tests check."""
    return {
        "name": PAYMENTS,
        "resourceGroup": PAYMENTS_GROUP,
        "sku": {"name": "Premium_P1", "tier": "Premium", "size": "P1", "capacity": 1},
        "tags": {"environment": "production", "owner": "payments", "data class": "confidential"},
        "properties": {
            "disableLocalAuth": True,
            "publicNetworkAccess": "Disabled",
            "networkACLs": {
                "defaultAction": "Deny",
                "publicNetwork": {"allow": [], "deny": ["ClientConnection", "Trace"]},
                "privateEndpoints": [],
                "ipRules": [{"value": "10.0.0.0/8", "action": "Allow"}],
            },
            "tls": {"clientCertEnabled": True},
            "regionEndpointEnabled": "Disabled",
            # Stands for a property of a later api-version, which no write may remove.
            "propertyOfTomorrow": {"kept": True, "order": ["z", "a"]},
        },
    }


def _lab() -> dict[str, Any]:
    """Return an instance with default settings."""
    return {"name": LAB, "resourceGroup": PAYMENTS_GROUP}


def _vaults() -> list[dict[str, Any]]:
    """Return a vault with an access policy for the chat instance's identity, and one with RBAC."""
    policy = {
        "tenantId": TENANT_ID,
        "objectId": CHAT_PRINCIPAL_ID,
        "permissions": {"secrets": ["get"]},
    }
    return [
        {
            "name": VAULT,
            "resourceGroup": REALTIME_GROUP,
            "properties": {"accessPolicies": [policy]},
            "secrets": {"upstream-code": "code-from-the-vault"},
        },
        {
            "name": RBAC_VAULT,
            "resourceGroup": PAYMENTS_GROUP,
            "properties": {"enableRbacAuthorization": True},
            "secrets": {"upstream-code": "code-from-the-other-vault"},
        },
    ]


def _function_app() -> dict[str, Any]:
    """Return a Function App with the v2 issuer that App Service sets; upstream tokens are v1."""
    registration = {
        "openIdIssuer": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0",
        "clientId": UPSTREAM_APP_ID,
    }
    return {
        "name": FUNCTION_APP,
        "resourceGroup": REALTIME_GROUP,
        "authsettingsV2": {
            "platform": {"enabled": True, "runtimeVersion": "~1"},
            "globalValidation": {
                "requireAuthentication": True,
                "unauthenticatedClientAction": "Return401",
            },
            "identityProviders": {
                "azureActiveDirectory": {
                    "enabled": True,
                    "registration": registration,
                    "validation": {"allowedAudiences": [UPSTREAM_APP_URI]},
                }
            },
        },
    }
