"""Authentication settings of a site, and its functions."""

from __future__ import annotations

from typing import Any, Final

from localazure import seed
from tests.cases.configurations.names import CLIENT, OTHER, SYSTEM, USER, V1, V2, Json
from tests.cases.configurations.templates import Registration


def authentication_of(pick: Any, resource: str | None, registration: Registration) -> Json:
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
