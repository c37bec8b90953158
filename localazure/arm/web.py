"""Function Apps and their authentication settings (Microsoft.Web/sites).

Shapes: api-version 2025-05-01. Both kinds of settings are written whole, without a long-running
operation. The settings are kept and shown; no function runs here.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING

TYPE = "Microsoft.Web/sites"
_UNDER = f"/providers/{TYPE}"
_ONE = f"{GROUP}{_UNDER}/{{name}}"
_CONFIG = f"{_ONE}/config"
CLASSIC, V2, APP_SETTINGS = "authsettings", "authsettingsV2", "appsettings"

_ENVELOPE = {"id": str, "name": str, "type": str, "location": str, "tags": ANYTHING, "kind": str}
_SITE_SHAPE = _ENVELOPE | {"identity": ANYTHING, "properties": ANYTHING}
_CLASSIC_SHAPE = {
    "enabled": bool,
    "runtimeVersion": str,
    "unauthenticatedClientAction": str,
    "tokenStoreEnabled": bool,
    "allowedExternalRedirectUrls": [str],
    "defaultProvider": str,
    "clientId": str,
    "clientSecret": str,
    "clientSecretSettingName": str,
    "clientSecretCertificateThumbprint": str,
    "issuer": str,
    "validateIssuer": bool,
    "allowedAudiences": [str],
    "additionalLoginParams": [str],
    "aadClaimsAuthorization": str,
    "isAuthFromFile": str,
    "authFilePath": str,
    "configVersion": str,
    "tokenRefreshExtensionHours": ANYTHING,
}
# Settings of other providers than Entra: kept as they come.
_OTHER_PROVIDERS = re.compile(r"(google|facebook|gitHub|twitter|microsoftAccount)[A-Z].*")
_V2_SHAPE = {
    "platform": {"enabled": bool, "runtimeVersion": str, "configFilePath": str},
    "globalValidation": {
        "requireAuthentication": bool,
        "unauthenticatedClientAction": str,
        "redirectToProvider": str,
        "excludedPaths": [str],
    },
    "identityProviders": {
        "azureActiveDirectory": {
            "enabled": bool,
            "registration": {
                "openIdIssuer": str,
                "clientId": str,
                "clientSecretSettingName": str,
                "clientSecretCertificateThumbprint": str,
                "clientSecretCertificateSubjectAlternativeName": str,
                "clientSecretCertificateIssuer": str,
            },
            "login": ANYTHING,
            "validation": {
                "jwtClaimChecks": {"allowedGroups": [str], "allowedClientApplications": [str]},
                "allowedAudiences": [str],
                "defaultAuthorizationPolicy": {
                    "allowedPrincipals": {"groups": [str], "identities": [str]},
                    "allowedApplications": [str],
                },
            },
            "isAutoProvisioned": bool,
        },
        **dict.fromkeys(
            (
                "facebook",
                "gitHub",
                "google",
                "legacyMicrosoftAccount",
                "twitter",
                "apple",
                "azureStaticWebApps",
                "customOpenIdConnectProviders",
            ),
            ANYTHING,
        ),
    },
    "login": ANYTHING,
    "httpSettings": ANYTHING,
    "clearInboundClaims": ANYTHING,
}

sites = Provider(
    TYPE,
    (
        "2022-03-01",
        "2022-09-01",
        "2023-01-01",
        "2023-12-01",
        "2024-04-01",
        "2024-11-01",
        "2025-03-01",
        "2025-05-01",
    ),
)


def site(arm_id: str, location: str) -> Resource:
    """Return a Function App of which nothing was asked: no authentication."""
    name = arm_id.rsplit("/", 1)[-1]
    host = f"{name.lower()}.azurewebsites.net"
    document = {
        "id": arm_id,
        "name": name,
        "type": TYPE,
        "kind": "functionapp,linux",
        "location": location,
        "tags": {},
        "properties": {
            "name": name,
            "state": "Running",
            "enabled": True,
            "hostNames": [host],
            "enabledHostNames": [host, f"{name.lower()}.scm.azurewebsites.net"],
            "defaultHostName": host,
            "httpsOnly": True,
        },
    }
    return Resource(document, {CLASSIC: {"enabled": False}, V2: _v2_blank(), APP_SETTINGS: {}})


def _v2_blank() -> dict[str, Any]:
    return {
        "platform": {"enabled": False, "runtimeVersion": "~1"},
        "globalValidation": {},
        "identityProviders": {},
        "login": {},
        "httpSettings": {},
    }


sites.serves_reads()


@sites.serves("PUT", _ONE, action="write")
def put_site(call: Call) -> Response:
    """Create a site, or write its properties and tags. At once, unlike in Azure."""
    call.require_group()
    body = call.content(_SITE_SHAPE)
    named = call.parameters
    arm_id = f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
    found = call.world.resources.get(call.path)
    if found is None and not body.get("location"):
        raise errors.InvalidParameter("A site needs a location.")
    written = found or site(f"{arm_id}{_UNDER}/{named['name']}", body["location"])
    written.document["properties"] |= copy.deepcopy(body.get("properties") or {})
    written.document |= {name: body[name] for name in ("tags", "kind", "identity") if name in body}
    call.world.resources.put(written)
    return JSONResponse(written.document)


@sites.serves("PUT", f"{_CONFIG}/{CLASSIC}", action="config/write")
def put_classic(call: Call) -> Response:
    """Write the classic authentication settings, whole."""
    given = call.content(_ENVELOPE | {"properties": ANYTHING}).get("properties") or {}
    other = {name for name in given if _OTHER_PROVIDERS.fullmatch(name)}
    shape = _CLASSIC_SHAPE | dict.fromkeys(other, ANYTHING)
    call.content(_ENVELOPE | {"properties": shape})
    return _write(call, CLASSIC, given)


@sites.serves("PUT", f"{_CONFIG}/{V2}", action="config/write")
def put_v2(call: Call) -> Response:
    """Write the V2 authentication settings, whole."""
    given = call.content(_ENVELOPE | {"properties": _V2_SHAPE}).get("properties") or {}
    return _write(call, V2, _v2_blank() | given)


@sites.serves("PUT", f"{_CONFIG}/{APP_SETTINGS}", action="config/write")
def put_app_settings(call: Call) -> Response:
    """Write the application settings, whole."""
    given = call.content(_ENVELOPE | {"properties": ANYTHING}).get("properties") or {}
    return _write(call, APP_SETTINGS, given)


@sites.serves("GET", f"{_CONFIG}/{V2}/list", action="config/list/action")
@sites.serves("GET", f"{_CONFIG}/{V2}", action="config/read")
@sites.serves("POST", f"{_CONFIG}/{CLASSIC}/list", action="config/list/action")
@sites.serves("POST", f"{_CONFIG}/{APP_SETTINGS}/list", action="config/list/action")
def read_settings(call: Call) -> Response:
    """Read settings. The classic ones are listed by POST, since they may hold a secret."""
    found, kind = _settings_of(call)
    return _answer(found, kind)


def _settings_of(call: Call) -> tuple[Resource, str]:
    arm_id, kind = re.split("/config/", call.path, flags=re.IGNORECASE)
    kind = kind.partition("/")[0].lower()
    spelled = next(one for one in (CLASSIC, V2, APP_SETTINGS) if one.lower() == kind)
    return call.resource(arm_id), spelled


def _write(call: Call, kind: str, settings: dict[str, Any]) -> Response:
    found, _ = _settings_of(call)
    found.hidden[kind] = copy.deepcopy(settings)
    if kind == V2:
        found.hidden[CLASSIC]["configVersion"] = "v2"
    return _answer(found, kind)


def _answer(found: Resource, kind: str) -> Response:
    return JSONResponse(
        {
            "id": f"{found.id}/config/{kind}",
            "name": kind,
            "type": f"{TYPE}/config",
            "location": found.document["location"],
            "properties": found.hidden[kind],
        }
    )
