"""The documents of a site, a slot and their configuration."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
from typing import Any

from localazure.arm.resources import Resource
from localazure.arm.web import default_values

TYPE = "Microsoft.Web/sites"
SLOT_TYPE = "Microsoft.Web/sites/slots"
CLASSIC, V2, APP_SETTINGS, WEB = "authsettings", "authsettingsV2", "appsettings", "web"
HOST_SUFFIX = ".azurewebsites.net"
_STAMP = "waws-prod-am2-545"
_ADDRESS = "203.0.113.20"
_YEAR_OF_DEFAULTS = "2021"
_OPEN = {
    "ipAddress": "Any",
    "action": "Allow",
    "name": "Allow all",
    "description": "Allow all access",
}
_CLOSED = {
    "ipAddress": "Any",
    "action": "Deny",
    "name": "Deny all",
    "description": "Deny all access",
}
_LAST_PRIORITY = 2147483647

Document = dict[str, Any]


def site(arm_id: str, location: str, kind: str = "app") -> Resource:
    """Return a site or slot with default properties and settings, without authentication."""
    parts = arm_id.split("/")
    name, slot = parts[8], parts[10] if len(parts) > 10 else None  # noqa: PLR2004
    label = f"{name}-{slot}".lower() if slot else name.lower()
    account = f"{name}__{slot}" if slot else name
    host, scm = f"{label}{HOST_SUFFIX}", f"{label}.scm{HOST_SUFFIX}"
    space = f"{parts[4]}-{displayed(location).replace(' ', '')}webspace"
    document = {
        "id": arm_id,
        "name": f"{name}/{slot}" if slot else name,
        "type": SLOT_TYPE if slot else TYPE,
        "kind": kind,
        "location": location,
        "properties": {
            "name": f"{name}({slot})" if slot else name,
            **dict.fromkeys(default_values.SITE_NULLS),
            **copy.deepcopy(default_values.SITE_VALUES),
            "hostNames": [host],
            "webSpace": space,
            "selfLink": (
                f"https://{_STAMP}.api.azurewebsites.windows.net:454/subscriptions/{parts[2]}"
                f"/webspaces/{space}/sites/{name}"
            ),
            "repositorySiteName": name,
            "enabledHostNames": [host, scm],
            "hostNameSslStates": [_ssl_state(host, "Standard"), _ssl_state(scm, "Repository")],
            "serverFarmId": None,
            "lastModifiedTimeUtc": _now(),
            "deploymentId": f"{name}__{_digest(arm_id)[:4]}" if slot else name,
            "sku": "Dynamic" if "functionapp" in kind else "Standard",
            "customDomainVerificationId": _digest(parts[2]).upper(),
            "kind": kind,
            "inboundIpAddress": _ADDRESS,
            "possibleInboundIpAddresses": _ADDRESS,
            "ftpUsername": f"{account}\\${account}",
            "ftpsHostName": f"ftps://{_STAMP}.ftp.azurewebsites.windows.net/site/wwwroot",
            "outboundIpAddresses": _ADDRESS,
            "possibleOutboundIpAddresses": _ADDRESS,
            "homeStamp": _STAMP,
            "resourceGroup": parts[4],
            "defaultHostName": host,
        },
    }
    return Resource(document, _settings(arm_id, account))


def blank_v2() -> Document:
    """Return the V2 authentication settings of a site that has none."""
    return {
        "platform": {"enabled": False, "runtimeVersion": "~1"},
        "globalValidation": {},
        "identityProviders": {},
        "login": {},
        "httpSettings": {},
    }


def shown(found: Resource, api_version: str, *, written: bool) -> Document:
    """Return the site as an answer shows it; an answer to a write differs from a GET."""
    properties = found.document["properties"]
    config = {
        **dict.fromkeys(default_values.SITE_CONFIG_NULLS),
        **default_values.SITE_CONFIG_VALUES,
        **{
            name: value if api_version >= _YEAR_OF_DEFAULTS else None
            for name, value in default_values.SITE_CONFIG_SINCE_2021.items()
        },
    }
    given = {"siteConfig": config, "lastModifiedTimeUtc": properties["lastModifiedTimeUtc"]}
    if not written:
        return found.document | {
            "location": displayed(found.document["location"]),
            "properties": properties | given,
        }
    for name in ("ipSecurityRestrictions", "scmIpSecurityRestrictions"):
        config[name] = restrictions(found, name, api_version)
    return found.document | {
        "properties": properties | given | {"privateEndpointConnections": None}
    }


def web_config(found: Resource, api_version: str) -> Document:
    """Return config/web with all its members."""
    config: Document = dict(found.hidden[WEB])
    if found.type == SLOT_TYPE.lower() and config.get("remoteDebuggingVersion") is None:
        # Recorded of slots alone.
        config["remoteDebuggingVersion"] = "VS2019"
    return config | {
        "siteAuthSettings": classic_shown({}),
        **{
            name: restrictions(found, name, api_version)
            for name in ("ipSecurityRestrictions", "scmIpSecurityRestrictions")
        },
    }


def restrictions(found: Resource, name: str, api_version: str) -> list[Document]:
    """Return a site's access restrictions as Azure shows them: the last one is the default.

    `name` is `ipSecurityRestrictions` or the same of the advanced tools site.
    """
    rules, is_open = rules_of(found, name)
    priority = _LAST_PRIORITY if rules or api_version >= _YEAR_OF_DEFAULTS else 1
    return [*rules, (_OPEN if is_open else _CLOSED) | {"priority": priority}]


def rules_of(found: Resource, name: str) -> tuple[list[Document], bool]:
    """Return the access restrictions in their order, and whether the default is to allow.

    Without an explicit default, any rule denies what no rule matches. Clients write back the last
    rule of what they read, which is not one of the rules.
    """
    config = found.hidden[WEB]
    held = sorted(config.get(name) or (), key=lambda rule: rule.get("priority") or 0)
    rules = [rule for rule in held if not _is_default(rule)]
    default = config.get(f"{name}DefaultAction") or next(
        (rule.get("action") for rule in held if _is_default(rule)), "Deny" if rules else "Allow"
    )
    return rules, str(default).lower() == "allow"


def _is_default(rule: Document) -> bool:
    return rule.get("ipAddress") == "Any" and rule.get("priority") == _LAST_PRIORITY


def classic_shown(settings: Document) -> Document:
    """Return classic authentication settings with all their members."""
    blank = dict.fromkeys(default_values.CLASSIC_NULLS) | {"isAadAutoProvisioned": False}
    return {"enabled": None} | blank | settings


def touch(found: Resource) -> None:
    """Note that the site was written."""
    found.document["properties"]["lastModifiedTimeUtc"] = _now()


def displayed(location: str) -> str:
    """Return a location as GET shows it, such as "West Europe"."""
    return default_values.LOCATIONS.get(location.replace(" ", "").lower(), location)


def _settings(arm_id: str, account: str) -> Document:
    return {
        CLASSIC: {"enabled": False, "configVersion": "v1"},
        V2: blank_v2(),
        APP_SETTINGS: {},
        WEB: {
            **dict.fromkeys(default_values.CONFIG_NULLS),
            **copy.deepcopy(default_values.CONFIG_VALUES),
            "publishingUsername": f"${account}",
        },
        "keys": {
            "masterKey": _digest(f"master {arm_id}"),
            "functionKeys": {"default": _digest(f"default {arm_id}")},
            "systemKeys": {"signalr_extension": _digest(f"signalr {arm_id}")},
        },
        # Name to authLevel; without any, every path below /api is an anonymous function.
        "functions": {},
    }


def _ssl_state(host: str, kind: str) -> Document:
    absent = (
        *("ipBasedSslResult", "virtualIP", "virtualIPv6", "thumbprint"),
        *("certificateResourceId", "toUpdate", "toUpdateIpBasedSsl"),
    )
    return {
        "name": host,
        "sslState": "Disabled",
        **dict.fromkeys(absent),
        "ipBasedSslState": "NotConfigured",
        "hostType": kind,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.lower().encode()).hexdigest()


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0")
