"""Generated set-ups: what Azure has, with at most two settings that differ from one that works.

Each dimension has values that agree with the others and values that may not. A strategy that drew
all of them freely would produce set-ups that fail at the first setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from localazure import seed
from tests.cases.case import GROUP, INSTANCE

APP, VAULT, HOST = "app-cases", "kv-cases", "app-cases.azurewebsites.net"
APP_ID: Final = seed.resource_id(GROUP, "Microsoft.Web/sites", APP)
VAULT_ID: Final = seed.resource_id(GROUP, "Microsoft.KeyVault/vaults", VAULT)
CUSTOM_HOST: Final = "events.contoso.example"
# The principals of the system-assigned and of the user-assigned identity.
SYSTEM: Final = "77777777-0000-4000-8000-000000000007"
USER: Final = "77777777-0000-4000-8000-000000000006"
CLIENT: Final = "77777777-0000-4000-8000-000000000008"
OTHER: Final = "99999999-0000-4000-8000-000000000009"
IDENTITY_ID: Final = seed.identity_id(GROUP, "id-cases")
KEY: Final = "system"
V1: Final = f"https://sts.windows.net/{seed.TENANT_ID}/"
V2: Final = f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0"

Json = dict[str, Any]
# Replaced by the address of the receiver that the test serves.
RECEIVER: Final = "http://receiver.invalid"

EVENTS: Final = (
    ("chat", "messages", "echo"),
    ("chat", "connections", "connected"),
    ("chat", "connections", "disconnected"),
)
# The settings on which the delivery to a kind of URL depends. What has many values is named more
# often, and what fails before all else only once.
_OF_ALL: Final = ("mode", "identity", "url", "url", "resource", "resource", "patterns")
_OF_APP: Final = (*["auth"] * 8, *["front_end"] * 4)
_OF_VAULT: Final = (*["grant"] * 3, *["secret"] * 2, *["vault"] * 3)
DIMENSIONS: Final = {
    "receiver": _OF_ALL,
    "api": (*_OF_ALL, *_OF_APP, "functions", "functions"),
    "webhook": (*_OF_ALL, *_OF_APP, *_OF_VAULT),
    "secret": (*_OF_ALL, *_OF_VAULT),
}


@dataclass(frozen=True)
class Registration:
    """An app registration: its client ID, its URI, and the issuer of the tokens for it."""

    client_id: str
    uri: str
    issuer: str

    def audience(self, resource: str | None) -> str:
        """Return the audience of tokens for `resource`, or for the application in its place."""
        if self.issuer == V2:
            return self.client_id
        return resource if resource and resource != self.client_id else self.uri


@dataclass(frozen=True)
class Configuration:
    """A set-up, as a seed of Local Azure, and the event that is sent: hub, category and name.

    Where `has_odd_patterns`, a template is meant for the event and may not match it.
    """

    seed: Json
    event: tuple[str, str, str]
    has_odd_patterns: bool


def reference(secret: str = "code", vault: str = VAULT) -> str:
    """Return a Key Vault reference."""
    uri = f"https://{vault}.vault.azure.net/secrets/{secret}"
    return f"{{@Microsoft.KeyVault(SecretUri={uri})}}"


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Draw a set-up."""
    kind = draw(st.sampled_from([*URLS, "api", "api"]))
    faults = frozenset(draw(st.lists(st.sampled_from(DIMENSIONS[kind]), max_size=2)))

    def pick(dimension: str, good: Sequence[Any], other: Sequence[Any]) -> Any:
        return draw(st.sampled_from(other if dimension in faults else good))

    registration = draw(st.sampled_from(REGISTRATIONS))
    identity = pick("identity", IDENTITIES, [{"type": "None"}])
    template = _template(pick, kind, registration)
    front_end, links = pick("front_end", FRONT_ENDS, CLOSED_FRONT_ENDS)
    vault, more = pick("vault", VAULT_NETWORKS, CLOSED_VAULTS)
    rest = {"sharedPrivateLinkResources": [*links, *more]}
    mode = pick("mode", ["Serverless"], ["Default", "Classic"])
    before = draw(st.sampled_from([(), (SILENT,)]))
    instance = {
        "name": INSTANCE,
        "resourceGroup": GROUP,
        "properties": {
            "features": [{"flag": "ServiceMode", "value": mode}],
            "upstream": {"templates": [*before, template]},
            **rest,
        },
        **({} if identity["type"] == "None" else {"identity": identity}),
    }
    resource = (template.get("auth") or {}).get("managedIdentity", {}).get("resource")
    site = {
        "name": APP,
        "resourceGroup": GROUP,
        "kind": draw(st.sampled_from(["functionapp,linux", "functionapp", "app"])),
        "keys": {"systemKeys": {"signalr_extension": KEY}, "functionKeys": {"default": "mine"}},
        "functions": pick("functions", [{}, FUNCTIONS], CLOSED_FUNCTIONS),
        "properties": {"hostNames": [HOST, CUSTOM_HOST], **front_end},
        **_auth(pick, resource, registration),
    }
    grants = pick("grant", GRANTS, NO_GRANTS)
    secrets = pick("secret", [{"code": KEY}], ODD_SECRETS)
    described = {
        "applications": [
            {
                "appId": OTHER_APP,
                "displayName": "Issues v2 tokens",
                "identifierUris": [OTHER_URI],
                "requestedAccessTokenVersion": 2,
            }
        ],
        "identities": [
            {
                "name": "id-cases",
                "resourceGroup": GROUP,
                "properties": {"principalId": USER, "clientId": CLIENT},
            }
        ],
        "instances": [instance],
        "sites": [site],
        "vaults": [
            {
                "name": VAULT,
                "resourceGroup": GROUP,
                "secrets": secrets,
                "properties": vault | grants.get("properties", {}),
            }
        ],
        "roleAssignments": grants.get("roleAssignments", []),
    }
    return Configuration(described, draw(st.sampled_from(EVENTS)), "patterns" in faults)


def _template(pick: Any, kind: str, registration: Registration) -> Json:
    good, other = URLS[kind]
    template: Json = {
        "urlTemplate": pick("url", good, other),
        **pick("patterns", PATTERNS, ODD_PATTERNS),
    }
    resource = pick("resource", [registration.uri, registration.client_id], ODD_RESOURCES)
    if resource is not None:
        auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}}
        template["auth"] = auth
    return template


def _auth(pick: Any, resource: str | None, registration: Registration) -> Json:
    """Return the authentication settings of the site, which accept the tokens unless changed."""
    audience = registration.audience(resource)
    change = pick("auth", AUTHS, ODD_AUTHS)
    if "classic" in change:
        classic = {
            "enabled": True,
            "clientId": registration.client_id,
            "issuer": registration.issuer,
            "allowedAudiences": [audience],
            "unauthenticatedClientAction": "RedirectToLoginPage",
            "configVersion": "v1",
        }
        return {"authsettings": classic | change["classic"]}
    own = {"openIdIssuer": registration.issuer, "clientId": registration.client_id}
    changed = own | change.get("registration", {})
    return {"authsettingsV2": _v2(audience, **(change | {"registration": changed}))}


def _v2(
    audience: str,
    *,
    platform: Json | None = None,
    everyone: Json | None = None,
    provider: Json | None = None,
    registration: Json,
    validation: Json | None = None,
) -> Json:
    return {
        "platform": {"enabled": True} | (platform or {}),
        "globalValidation": {
            "requireAuthentication": True,
            "unauthenticatedClientAction": "Return401",
            "excludedPaths": [],
        }
        | (everyone or {}),
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": True,
                "registration": registration,
                "validation": {"allowedAudiences": [audience]} | (validation or {}),
            }
            | (provider or {}),
        },
    }


IDENTITIES: Final = (
    {"type": "SystemAssigned", "principalId": SYSTEM},
    {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}},
)
_API, _HOOK = f"https://{HOST}/api/echo", f"https://{HOST}/runtime/webhooks/signalr"
URLS: Final = {
    "receiver": (
        (
            f"{RECEIVER}/upstream/{INSTANCE}/",
            f"{RECEIVER}/upstream/{INSTANCE}/{{hub}}/{{category}}/{{event}}",
        ),
        (
            f"{RECEIVER}/upstream/{INSTANCE}",
            f"{RECEIVER}/upstream/other/",
            f"{RECEIVER}/upstream/{{hub}}/",
            f"{RECEIVER}/elsewhere/",
        ),
    ),
    "api": (
        (
            _API,
            f"https://{CUSTOM_HOST}/api/echo",
            f"{_API}?code=mine",
            f"{_API}?code={reference()}",
        ),
        (
            f"http://{HOST}/api/echo",
            f"https://{HOST}/api/{{event}}",
            f"https://{HOST}/api/other",
            f"https://{HOST}/elsewhere",
            "https://missing-cases.azurewebsites.net/api/echo",
            f"{_API}?code=wrong",
        ),
    ),
    "secret": (
        (f"{RECEIVER}/upstream/{INSTANCE}/?other={reference()}",),
        (
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference('absent')}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference(vault='kv-missing')}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={reference().upper()}",
            f"{RECEIVER}/upstream/{INSTANCE}/?other={{{reference()}}}",
        ),
    ),
    "webhook": (
        (f"{_HOOK}?code={reference()}",),
        (
            _HOOK,
            f"{_HOOK}?code=",
            f"{_HOOK}?code=wrong",
            f"{_HOOK}?code={KEY}",
            f"{_HOOK}?code={reference('absent')}",
            f"{_HOOK}?code={reference(vault='kv-missing')}",
            f"{_HOOK}?code=@Microsoft.KeyVault(SecretUri=https://{VAULT}.vault.azure.net/secrets/a)",
        ),
    ),
}
OTHER_APP, OTHER_URI = "cccccccc-0000-4000-8000-0000000000aa", "api://version-2"
REGISTRATIONS: Final = (
    Registration(seed.UPSTREAM_APP_ID, seed.UPSTREAM_APP_URI, V1),
    Registration(OTHER_APP, OTHER_URI, V2),
)
ODD_RESOURCES: Final = (
    *(None, "", "api://other", f"{seed.UPSTREAM_APP_URI}/", SYSTEM, CLIENT, IDENTITY_ID),
    *("https://management.azure.com/", "https://vault.azure.net", "https://graph.microsoft.com"),
)
PATTERNS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"},
    {"hubPattern": "chat", "categoryPattern": "connections, messages"},
    {"hubPattern": "chat", "eventPattern": "echo,connected,disconnected"},
    {"categoryPattern": "messages", "eventPattern": "echo"},
)
ODD_PATTERNS: Final[tuple[dict[str, str], ...]] = (
    {"eventPattern": "connect,disconnect"},
    {"hubPattern": "Chat"},
    {"hubPattern": "ch*"},
    {"categoryPattern": "message"},
)
# A template for another event, which is not sent.
SILENT: Final[Json] = {
    "hubPattern": "chat",
    "categoryPattern": "messages",
    "eventPattern": "refuse",
    "urlTemplate": f"{RECEIVER}/upstream/{INSTANCE}/",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": seed.UPSTREAM_APP_URI}},
}

_POLICY = "defaultAuthorizationPolicy"
AUTHS: Final[tuple[Json, ...]] = (
    {},
    {"classic": {}},
    {"everyone": {"unauthenticatedClientAction": "Return403"}},
    {"validation": {_POLICY: {"allowedPrincipals": {"identities": [SYSTEM.upper(), USER]}}}},
    {"everyone": {"excludedPaths": ["/health", "/static/*"]}},
)
ODD_AUTHS: Final[tuple[Json, ...]] = (
    {"platform": {"enabled": False}},
    {"platform": {"configFilePath": "auth.json"}},
    {"everyone": {"requireAuthentication": False}},
    {"everyone": {"unauthenticatedClientAction": "AllowAnonymous"}},
    {"everyone": {"unauthenticatedClientAction": "RedirectToLoginPage"}},
    {"everyone": {"excludedPaths": ["/api/*"]}},
    {"provider": {"enabled": False}},
    {"registration": {"openIdIssuer": V1}},
    {"registration": {"openIdIssuer": V2}},
    {"registration": {"openIdIssuer": f"{V2}/"}},
    {"registration": {"openIdIssuer": V1.rstrip("/")}},
    {"registration": {"openIdIssuer": V1.upper()}},
    {"registration": {"openIdIssuer": f"https://login.microsoftonline.com/{seed.TENANT_ID}"}},
    {"registration": {"openIdIssuer": f"https://sts.windows.net/{seed.OTHER_TENANT_ID}/"}},
    {"registration": {"clientId": OTHER}},
    {"registration": {"clientId": ""}},
    {"validation": {"allowedAudiences": []}},
    {"validation": {"allowedAudiences": [f"{seed.UPSTREAM_APP_URI}/"]}},
    {"validation": {_POLICY: {"allowedPrincipals": {"identities": [OTHER]}}}},
    {"validation": {_POLICY: {"allowedPrincipals": {"groups": [OTHER]}}}},
    {"validation": {_POLICY: {"allowedApplications": [OTHER]}}},
    {"validation": {_POLICY: {"allowedApplications": [CLIENT]}}},
    {"validation": {"jwtClaimChecks": {"allowedClientApplications": [SYSTEM]}}},
    {"validation": {"jwtClaimChecks": {"allowedGroups": [OTHER]}}},
    {"classic": {"enabled": False}},
    {"classic": {"issuer": ""}},
    {"classic": {"issuer": V1}},
    {"classic": {"issuer": V2}},
    {"classic": {"clientId": ""}},
    {"classic": {"allowedAudiences": []}},
    {"classic": {"unauthenticatedClientAction": "AllowAnonymous"}},
    {"classic": {"validateIssuer": False, "issuer": "https://elsewhere.example"}},
)
FUNCTIONS: Final = {"echo": {"authLevel": "anonymous"}}
CLOSED_FUNCTIONS: Final = (
    {"echo": {"authLevel": "function"}},
    {"echo": {"authLevel": "admin"}},
    {"Echo": {"authLevel": "anonymous", "route": "elsewhere/{name}"}},
    {"other": {"authLevel": "anonymous"}},
)


def _link(target: str, status: str = "Approved", group: str = "sites") -> Json:
    properties = {"privateLinkResourceId": target, "groupId": group, "status": status}
    return {"name": f"to-{target.rpartition('/')[2]}", "properties": properties}


def _rules(*rules: Json, default: str | None = None) -> Json:
    named = [
        {"name": f"rule-{index}", "priority": index + 1, **rule} for index, rule in enumerate(rules)
    ]
    config: Json = {"ipSecurityRestrictions": named}
    if default:
        config["ipSecurityRestrictionsDefaultAction"] = default
    return {"siteConfig": config}


_TAG: Final = {"ipAddress": "AzureSignalR", "tag": "ServiceTag"}
_PRIVATE: Final = {"publicNetworkAccess": "Disabled"}
_ENDPOINT: Final = {
    "privateEndpointConnections": [
        {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    ]
}
# Properties of a site, and the shared private links of the instance.
FRONT_ENDS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({}, []),
    (_rules(_TAG | {"action": "Allow"}), []),
    (_rules({"ipAddress": "192.168.0.0/16", "action": "Deny"}, default="Allow"), []),
    (_PRIVATE, [_link(APP_ID)]),
    ({"clientCertEnabled": True, "clientCertMode": "Optional"}, []),
    ({"clientCertEnabled": True, "clientCertExclusionPaths": "/API;/runtime"}, []),
    (_ENDPOINT | {"publicNetworkAccess": "Enabled"}, []),
)
CLOSED_FRONT_ENDS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({"state": "Stopped"}, [_link(APP_ID)]),
    ({"usageState": "Exceeded"}, []),
    ({"enabled": False}, []),
    (_PRIVATE, []),
    (_PRIVATE, [_link(APP_ID, "Pending")]),
    (_PRIVATE, [_link(f"{APP_ID}-other")]),
    (_PRIVATE, [_link(APP_ID, group="sites-staging")]),
    ({"siteConfig": _PRIVATE}, []),
    (_ENDPOINT, []),
    (_rules(_TAG | {"action": "Deny"}, default="Allow"), []),
    (_rules({"ipAddress": "192.168.0.0/16", "action": "Deny"}), []),
    (_rules({"ipAddress": "20.61.0.0/16", "action": "Allow"}), []),
    (_rules(_TAG | {"action": "Allow", "headers": {"x-azure-fdid": [OTHER]}}), []),
    (_rules({"ipAddress": "AzureCloud", "tag": "ServiceTag", "action": "Allow"}), []),
    (_rules(default="Deny"), []),
    ({"clientCertEnabled": True}, [_link(APP_ID)]),
    ({"clientCertEnabled": True, "clientCertExclusionPaths": "/elsewhere"}, []),
)
_CLOSED: Final = {"defaultAction": "Deny", "bypass": "None"}
VAULT_NETWORKS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({}, []),
    ({"networkAcls": {"defaultAction": "Allow", "bypass": "None"}}, []),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(VAULT_ID, group="vault")]),
)
CLOSED_VAULTS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({"networkAcls": _CLOSED}, []),
    (_PRIVATE, []),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(VAULT_ID, "Pending", "vault")]),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(APP_ID)]),
    ({"networkAcls": _CLOSED | {"ipRules": [{"value": "20.61.0.0/16"}]}}, []),
    ({"networkAcls": _CLOSED | {"bypass": "AzureServices"}}, []),
)


ODD_SECRETS: Final[tuple[Json, ...]] = (
    {},
    {"code": "wrong"},
    {"other": KEY},
    {"code": {"value": KEY, "attributes": {"enabled": False}}},
    {"code": {"value": KEY, "attributes": {"exp": 1}}},
    {"code": {"value": KEY, "attributes": {"nbf": 4102444800}}},
)


def _policy(
    *permissions: str, principals: Sequence[str] = (SYSTEM, USER), tenant: str = seed.TENANT_ID
) -> Json:
    policies = [
        {
            "tenantId": tenant,
            "objectId": principal,
            "permissions": {"secrets": list(permissions)},
        }
        for principal in principals
    ]
    return {"properties": {"accessPolicies": policies}}


def _role(role: str, scope: str = VAULT_ID, *, principals: Sequence[str] = (SYSTEM, USER)) -> Json:
    return {
        "properties": {"enableRbacAuthorization": True},
        "roleAssignments": [
            {"role": role, "principalId": principal, "scope": scope} for principal in principals
        ],
    }


GRANTS: Final = (
    _policy("get"),
    _policy("All"),
    _role("Key Vault Secrets User"),
    _role("Key Vault Administrator", VAULT_ID.rpartition("/providers/")[0]),
)
NO_GRANTS: Final[tuple[Json, ...]] = (
    {},
    _policy("get", principals=[OTHER]),
    _policy("get", principals=[SYSTEM]),
    _policy("list", "set"),
    _policy("get", tenant=seed.OTHER_TENANT_ID),
    {"properties": {"enableRbacAuthorization": True}},
    {"properties": _policy("get")["properties"] | {"enableRbacAuthorization": True}},
    _role("Key Vault Reader"),
    _role("Key Vault Secrets User", principals=[USER]),
    _role("Key Vault Secrets User", f"{VAULT_ID}/secrets/code"),
    _role("Key Vault Secrets User", f"{VAULT_ID}/secrets/other"),
)
