"""The configuration of sites and slots: web, authentication, application settings and others.

Authentication is written whole, without a long-running operation.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.web import default_values
from localazure.arm.web.routing import serves, site_of
from localazure.arm.web.site_document import (
    APP_SETTINGS,
    CLASSIC,
    TYPE,
    V2,
    WEB,
    blank_v2,
    classic_shown,
    displayed,
    touch,
    web_config,
)
from localazure.arm.web.sites import write_config

_ENVELOPE = {
    **dict.fromkeys(("id", "name", "type", "location", "kind"), str),
    "tags": ANYTHING,
}
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
    "isAadAutoProvisioned": bool,
    "aadClaimsAuthorization": str,
    "isAuthFromFile": str,
    "authFilePath": str,
    "configVersion": str,
    "tokenRefreshExtensionHours": ANYTHING,
}
# Settings of providers other than Entra are stored unchanged.
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
                *("facebook", "gitHub", "google", "legacyMicrosoftAccount", "twitter", "apple"),
                *("azureStaticWebApps", "customOpenIdConnectProviders"),
            ),
            ANYTHING,
        ),
    },
    "login": ANYTHING,
    "httpSettings": ANYTHING,
    "clearInboundClaims": ANYTHING,
}
# Stored unchanged; each is listed by POST and written by PUT.
_PLAIN = (
    *(APP_SETTINGS, "connectionstrings", "metadata", "azurestorageaccounts", "pushsettings"),
    *("publishingcredentials", "backup"),
)
_PLAIN_BY_GET = ("logs", "slotConfigNames")

site_config = Provider(
    TYPE,
    default_values.CONFIG_VERSIONS,
    headers=default_values.HEADERS,
    etag=default_values.ETAG,
    etag_methods=("PUT", "PATCH"),
)


@serves(site_config, "GET", "/config/web", action="config/read")
def get_web_config(call: Call) -> Response:
    """Read config/web."""
    found = site_of(call)
    name = found.document["name"].split("/")[0]
    return _answer(call, found, WEB, web_config(found, call.api_version), name)


@serves(site_config, "PUT", "/config/web", action="config/write")
@serves(site_config, "PATCH", "/config/web", action="config/write")
def write_web_config(call: Call) -> Response:
    """Merge into config/web. As recorded, the answer has the id and type of the site."""
    given = call.content(_ENVELOPE | {"properties": ANYTHING}).get("properties") or {}
    found = site_of(call)
    write_config(found, copy.deepcopy(given))
    touch(found)
    shown = {
        **{name: found.document[name] for name in ("id", "name", "type")},
        "location": displayed(found.document["location"]),
        "properties": web_config(found, call.api_version),
    }
    return call.json(shown)


@serves(site_config, "PUT", f"/config/{CLASSIC}", action="config/write")
def put_classic(call: Call) -> Response:
    """Write the classic authentication settings, whole."""
    given = call.content(_ENVELOPE | {"properties": ANYTHING}).get("properties") or {}
    other = {name for name in given if _OTHER_PROVIDERS.fullmatch(name)}
    call.content(_ENVELOPE | {"properties": _CLASSIC_SHAPE | dict.fromkeys(other, ANYTHING)})
    settings = {name: value for name, value in given.items() if value is not None}
    if settings.get("clientId"):
        # Recorded: the claims' rules have defaults if Entra is configured.
        rules = '{"allowed_groups":null,"allowed_client_applications":[]}'
        settings.setdefault("aadClaimsAuthorization", rules)
    return _replace(call, CLASSIC, {"configVersion": "v1"} | settings)


@serves(site_config, "PUT", f"/config/{V2}", action="config/write")
def put_v2(call: Call) -> Response:
    """Write the V2 authentication settings, whole; they then take effect."""
    given = call.content(_ENVELOPE | {"properties": _V2_SHAPE}).get("properties") or {}
    site_of(call).hidden[CLASSIC]["configVersion"] = "v2"
    return _replace(call, V2, blank_v2() | given)


@serves(site_config, "GET", f"/config/{V2}/list", action="config/list/action")
@serves(site_config, "GET", f"/config/{V2}", action="config/read")
@serves(site_config, "POST", f"/config/{CLASSIC}/list", action="config/list/action")
def read_authentication(call: Call) -> Response:
    """Read authentication settings. The classic ones are listed by POST: they may hold a secret."""
    kind = V2 if f"/{V2}".lower() in call.path.lower() else CLASSIC
    found = site_of(call)
    return _answer(call, found, kind, found.hidden[kind])


@serves(site_config, "PUT", "/config/{kind}", action="config/write")
def put_plain(call: Call) -> Response:
    """Write other settings, whole, such as the application settings."""
    given = call.content(_ENVELOPE | {"properties": ANYTHING}).get("properties") or {}
    return _replace(call, _kind(call, (*_PLAIN, *_PLAIN_BY_GET)), given)


@serves(site_config, "POST", "/config/{kind}/list", action="config/list/action")
def list_plain(call: Call) -> Response:
    """Read settings that may hold secrets."""
    kind, found = _kind(call, _PLAIN), site_of(call)
    return _answer(call, found, kind, found.hidden.get(kind, {}))


@serves(site_config, "GET", "/config/{kind}", action="config/read")
def get_plain(call: Call) -> Response:
    """Read settings without secrets."""
    kind, found = _kind(call, _PLAIN_BY_GET), site_of(call)
    return _answer(call, found, kind, found.hidden.get(kind, {}))


def _kind(call: Call, kinds: tuple[str, ...]) -> str:
    name = call.parameters["kind"].lower()
    for kind in kinds:
        if kind.lower() == name:
            return kind
    raise errors.RouteNotFound(call.path)


def _replace(call: Call, kind: str, settings: dict[str, Any]) -> Response:
    found = site_of(call)
    found.hidden[kind] = copy.deepcopy(settings)
    touch(found)
    return _answer(call, found, kind, settings)


def _answer(
    call: Call, found: Resource, kind: str, settings: dict[str, Any], name: str | None = None
) -> Response:
    shown = {
        "id": f"{found.id}/config/{kind}",
        "name": name or kind,
        "type": f"{TYPE}/config",
        "location": displayed(found.document["location"]),
        "properties": classic_shown(settings) if kind == CLASSIC else settings,
    }
    return call.json(shown)
