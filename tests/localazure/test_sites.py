"""Requests of an instance that the host of a Function App accepts or refuses."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure

HOST = f"{seed.FUNCTION_APP}.azurewebsites.net"
WEBHOOK = f"https://{HOST}/runtime/webhooks/signalr?code=system"
API = f"https://{HOST}/api/chat"
V1_ISSUER = f"https://sts.windows.net/{seed.TENANT_ID}/"
V2_ISSUER = f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0"
FORBIDDEN, UNAUTHORIZED = 403, 401


def v2(issuer: str = V1_ISSUER, action: str = "Return401", **more: Any) -> dict[str, Any]:
    """Return V2 settings that accept the tokens of the built-in application."""
    return {
        "platform": {"enabled": True},
        "globalValidation": {
            "requireAuthentication": True,
            "unauthenticatedClientAction": action,
            "excludedPaths": more.get("excluded", []),
        },
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": True,
                "registration": {"openIdIssuer": issuer, "clientId": seed.UPSTREAM_APP_ID},
                "validation": {
                    "allowedAudiences": more.get("audiences", [seed.UPSTREAM_APP_URI]),
                    "defaultAuthorizationPolicy": more.get("policy", {}),
                },
            }
        },
    }


def send(cloud: LocalAzure, url: str = WEBHOOK, **site: Any) -> Any:
    """Seed the Function App and an instance, send an event, and return its status."""
    resource = site.pop("resource", seed.UPSTREAM_APP_URI)
    links = site.pop("links", [])
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}}
    template = {"urlTemplate": url, "auth": auth if resource else None}
    keys = {"systemKeys": {"signalr_extension": "system"}, "masterKey": "master"}
    cloud.seed(
        sites=[
            {"name": seed.FUNCTION_APP, "resourceGroup": "rg-test", "authsettingsV2": v2()}
            | {"keys": keys}
            | site
        ],
        instances=[
            {
                "name": "test-one",
                "resourceGroup": "rg-test",
                "identity": {"type": "SystemAssigned", "principalId": seed.CHAT_PRINCIPAL_ID},
                "properties": {
                    "features": [{"flag": "ServiceMode", "value": "Serverless"}],
                    "upstream": {"templates": [template]},
                    "sharedPrivateLinkResources": links,
                },
            }
        ],
    )
    event = {"instance": "test-one", "hub": "h", "category": "messages", "event": "e"}
    return cloud.post("/_local/events", event)["status"]


@pytest.fixture
def cloud(local_azure: LocalAzure) -> LocalAzure:
    """A fleet without the built-in Function App, whose host name the tests use."""
    local_azure.post("/_local/reset")
    group = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.Web/sites", seed.FUNCTION_APP)
    local_azure.seed(sites=[{"id": group, "properties": {"hostNames": []}}])
    return local_azure


def test_accepts_valid_token_and_key(cloud: LocalAzure) -> None:
    assert send(cloud) == 200


@pytest.mark.parametrize(
    ("site", "status"),
    [
        ({"properties": {"state": "Stopped"}}, FORBIDDEN),
        ({"properties": {"usageState": "Exceeded"}}, FORBIDDEN),
        ({"properties": {"hostNamesDisabled": True}}, FORBIDDEN),
        ({"properties": {"publicNetworkAccess": "Disabled"}}, FORBIDDEN),
        ({"properties": {"clientCertEnabled": True}}, FORBIDDEN),
        ({"properties": {"clientCertEnabled": True, "clientCertMode": "Optional"}}, 200),
        (
            {"properties": {"clientCertEnabled": True, "clientCertExclusionPaths": "/a;/Runtime"}},
            200,
        ),
        ({"properties": {"privateEndpointConnections": [{"id": "one"}]}}, FORBIDDEN),
        (
            {
                "properties": {
                    "privateEndpointConnections": [
                        {"properties": {"privateLinkServiceConnectionState": {"status": "Pending"}}}
                    ]
                }
            },
            200,
        ),
    ],
)
def test_front_end_refuses(cloud: LocalAzure, site: dict[str, Any], status: int) -> None:
    assert send(cloud, **site) == status


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"ipAddress": "AzureSignalR", "tag": "ServiceTag", "action": "Allow"}, 200),
        ({"ipAddress": "AzureFrontDoor.Backend", "tag": "ServiceTag", "action": "Allow"}, 403),
        ({"ipAddress": "10.0.0.0/8", "action": "Allow"}, 403),
        # Any rule denies what no rule matches, unless the default says otherwise.
        ({"ipAddress": "10.0.0.0/8", "action": "Deny"}, 403),
        ({"ipAddress": "Storage,AzureSignalR", "tag": "ServiceTag", "action": "Allow"}, 200),
        ({"ipAddress": "10.0.0.0/8,Any", "action": "Allow"}, 200),
        ({"ipAddress": "Any", "action": "Allow", "headers": {"x-azure-fdid": ["one"]}}, 403),
    ],
)
def test_access_restrictions_apply(cloud: LocalAzure, rule: dict[str, Any], status: int) -> None:
    config = {"ipSecurityRestrictions": [rule | {"priority": 100, "name": "one"}]}
    assert send(cloud, properties={"siteConfig": config}) == status


def test_unmatched_rule_can_allow(cloud: LocalAzure) -> None:
    config = {
        "ipSecurityRestrictions": [{"ipAddress": "10.0.0.0/8", "action": "Deny", "priority": 1}],
        "ipSecurityRestrictionsDefaultAction": "Allow",
    }
    assert send(cloud, properties={"siteConfig": config}) == 200


def test_shared_private_link_reaches_private_site(cloud: LocalAzure) -> None:
    site_id = seed.resource_id("rg-test", "Microsoft.Web/sites", seed.FUNCTION_APP)
    link = {"properties": {"privateLinkResourceId": site_id, "status": "Approved"}}
    private = {"publicNetworkAccess": "Disabled"}
    assert send(cloud, properties=private, links=[link]) == 200
    link["properties"] |= {"groupId": "sites-staging"}
    assert send(cloud, properties=private, links=[link]) == FORBIDDEN
    link["properties"] |= {"groupId": "sites", "status": "Pending"}
    assert send(cloud, properties=private, links=[link]) == FORBIDDEN


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (v2(V2_ISSUER), UNAUTHORIZED),
        (v2(V1_ISSUER.rstrip("/")), UNAUTHORIZED),
        (v2(f"https://login.microsoftonline.com/{seed.TENANT_ID}"), 200),
        (v2(audiences=[]), UNAUTHORIZED),
        (v2(policy={"allowedApplications": [seed.UPSTREAM_APP_ID]}), FORBIDDEN),
        (v2(policy={"allowedPrincipals": {"identities": [seed.CHAT_PRINCIPAL_ID]}}), 200),
        (v2(policy={"allowedPrincipals": {"identities": ["other"]}}), FORBIDDEN),
        (v2(V2_ISSUER, excluded=["/runtime/*"]), 200),
        (v2(V2_ISSUER, action="AllowAnonymous"), 200),
    ],
)
def test_built_in_authentication_checks_token(
    cloud: LocalAzure, document: dict[str, Any], status: int
) -> None:
    assert send(cloud, authsettingsV2=document) == status


@pytest.mark.parametrize(
    ("action", "status"), [("Return401", 401), ("Return403", 403), ("RedirectToLoginPage", 500)]
)
def test_action_for_requests_without_token(cloud: LocalAzure, action: str, status: int) -> None:
    settings = v2(action=action)
    seen = send(cloud, resource=None, authsettingsV2=settings)
    # The redirect leads to a sign-in page of another host, which Local Azure does not call.
    assert seen == (None if action == "RedirectToLoginPage" else status)


def test_classic_settings_check_token(cloud: LocalAzure) -> None:
    classic: dict[str, Any] = {
        "enabled": True,
        "clientId": seed.UPSTREAM_APP_ID,
        "issuer": V1_ISSUER,
    }
    site: dict[str, Any] = {"authsettingsV2": {}, "authsettings": classic | {"configVersion": "v1"}}
    assert send(cloud, **site) == UNAUTHORIZED
    classic["allowedAudiences"] = [seed.UPSTREAM_APP_URI]
    site["authsettings"] = classic | {"configVersion": "v1"}
    assert send(cloud, **site) == 200


def test_v2_token_needs_v2_issuer(cloud: LocalAzure) -> None:
    app_id = "cccccccc-0000-4000-8000-0000000000aa"
    application = {
        "appId": app_id,
        "displayName": "Version 2",
        "identifierUris": ["api://version-2"],
        "requestedAccessTokenVersion": 2,
    }
    cloud.seed(applications=[application])
    settings = v2(V2_ISSUER, audiences=[app_id])
    assert send(cloud, resource=app_id, authsettingsV2=settings) == 200
    assert send(cloud, resource="api://version-2", authsettingsV2=settings) == 200
    assert send(cloud, resource=app_id, authsettingsV2=v2(audiences=[app_id])) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("url", "document", "status"),
    [
        (WEBHOOK.partition("?")[0], v2(), FORBIDDEN),
        (WEBHOOK.replace("=system", "="), {}, UNAUTHORIZED),
        (WEBHOOK.replace("=system", "=master"), {}, 200),
        (WEBHOOK.replace("=system", "=other"), {}, UNAUTHORIZED),
        (WEBHOOK.replace("signalr", "other"), {}, 404),
        (API, v2(), 200),
    ],
)
def test_functions_host_checks_keys(
    cloud: LocalAzure, url: str, document: dict[str, Any], status: int
) -> None:
    assert send(cloud, url, authsettingsV2=document) == status


@pytest.mark.parametrize(
    ("level", "code", "status"),
    [
        ("anonymous", "", 200),
        ("function", "", UNAUTHORIZED),
        ("function", "?code=mine", 200),
        ("admin", "?code=mine", UNAUTHORIZED),
        ("admin", "?code=master", 200),
    ],
)
def test_function_requires_its_level(cloud: LocalAzure, level: str, code: str, status: int) -> None:
    keys = {"functionKeys": {"default": "mine"}, "masterKey": "master"}
    site = {"authsettingsV2": {}, "functions": {"chat": {"authLevel": level}}, "keys": keys}
    assert send(cloud, API + code, **site) == status
    assert send(cloud, API.replace("chat", "other"), **site) == 404


@pytest.mark.parametrize(
    ("network", "status", "is_readable"),
    [
        ({}, "Pending", True),
        ({"publicNetworkAccess": "Disabled"}, "Pending", False),
        ({"publicNetworkAccess": "Disabled"}, "Approved", True),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, "Pending", False),
        # Azure SignalR Service is not one of the services that Key Vault trusts.
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}, "Pending", False),
        ({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, "Approved", True),
    ],
)
def test_network_of_vault_denies_secret(
    cloud: LocalAzure, network: dict[str, Any], status: str, is_readable: bool
) -> None:
    policy = {
        "tenantId": seed.TENANT_ID,
        "objectId": seed.CHAT_PRINCIPAL_ID,
        "permissions": {"secrets": ["get"]},
    }
    vault_id = seed.resource_id("rg-test", "Microsoft.KeyVault/vaults", "kv-test")
    cloud.seed(
        vaults=[
            {
                "name": "kv-test",
                "resourceGroup": "rg-test",
                "secrets": {"code": "system"},
                "properties": {"accessPolicies": [policy]} | network,
            }
        ]
    )
    reference = "{@Microsoft.KeyVault(SecretUri=https://kv-test.vault.azure.net/secrets/code)}"
    link = {"properties": {"privateLinkResourceId": vault_id, "status": status}}
    seen = send(cloud, WEBHOOK.replace("system", reference), links=[link])
    assert seen == (200 if is_readable else None)


def test_event_names_what_refused_it(cloud: LocalAzure) -> None:
    assert send(cloud, properties={"state": "Stopped"}) == FORBIDDEN
    event = {"instance": "test-one", "hub": "h", "category": "messages", "event": "e"}
    assert cloud.post("/_local/events", event)["refusedBy"] == "site stopped"


def test_unknown_host_is_404(cloud: LocalAzure) -> None:
    assert send(cloud, "https://missing.azurewebsites.net/api/x") == 404
