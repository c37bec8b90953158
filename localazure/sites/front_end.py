"""App Service's front end: stopped sites, access restrictions, HTTPS and client certificates.

Sources: Microsoft's "Set up Azure App Service access restrictions", "Set up TLS mutual
authentication" and "Enforce HTTPS". Pages of refusals are shortened.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

from localazure.arm.resources import Resource
from localazure.arm.web.site import WEB
from localazure.sites.messages import SiteAnswer, SiteRequest

_SERVICE_TAGS = frozenset({"azuresignalr", "azurecloud", "internet"})
_ANYWHERE = frozenset({"any", "0.0.0.0/0", "::/0"})


def check(site: Resource, request: SiteRequest) -> SiteAnswer | None:
    """Return a refusal; None where the request passes."""
    properties = site.document["properties"]
    if str(properties.get("state")).lower() == "stopped" or properties.get("enabled") is False:
        return SiteAnswer(403, b"Error 403 - This web app is stopped.", refused_by="site stopped")
    if properties.get("httpsOnly") and not request.is_secure:
        target = re.sub("^http:", "https:", request.url)
        return SiteAnswer(301, headers={"Location": target}, refused_by="HTTPS only")
    if not _may_connect(site, request):
        return SiteAnswer(
            403,
            b"Error 403 - Forbidden: The web app you have attempted to reach has blocked your "
            b"access.",
            {"x-ms-forbidden-ip": request.client or ""},
            refused_by="access restrictions",
        )
    if _needs_certificate(properties, request.path) and not request.has_certificate:
        return SiteAnswer(
            403, b"Error 403 - Client Certificate Required.", refused_by="client certificate"
        )
    return None


def _may_connect(site: Resource, request: SiteRequest) -> bool:
    if _has_link(site, request.service):
        return True
    properties, config = site.document["properties"], site.hidden[WEB]
    access = properties.get("publicNetworkAccess") or config.get("publicNetworkAccess") or ""
    if str(access).lower() == "disabled":
        return False
    # A private endpoint disables public access unless that is enabled explicitly.
    if properties.get("privateEndpointConnections") and str(access).lower() != "enabled":
        return False
    return _passes_restrictions(config, request.client)


def _passes_restrictions(config: dict[str, Any], client: str | None) -> bool:
    rules = sorted(
        config.get("ipSecurityRestrictions") or [], key=lambda rule: rule.get("priority") or 0
    )
    for rule in rules:
        if _matches(rule, client):
            return str(rule.get("action", "Allow")).lower() == "allow"
    default = config.get("ipSecurityRestrictionsDefaultAction")
    if default:
        return str(default).lower() == "allow"
    # Without an explicit default, a list with an allow rule denies everything else.
    return not any(str(rule.get("action", "Allow")).lower() == "allow" for rule in rules)


def _matches(rule: dict[str, Any], client: str | None) -> bool:
    source = str(rule.get("ipAddress") or "").lower()
    if rule.get("headers"):
        return False
    if str(rule.get("tag", "")).lower() == "servicetag":
        return client is None and source.partition(".")[0] in _SERVICE_TAGS
    if source in _ANYWHERE:
        return True
    try:
        return client is not None and ip_address(client) in ip_network(source, strict=False)
    except ValueError:
        return False


def _needs_certificate(properties: dict[str, Any], path: str) -> bool:
    if not properties.get("clientCertEnabled"):
        return False
    if str(properties.get("clientCertMode") or "Required").lower() != "required":
        return False
    excluded = re.split("[;,]", properties.get("clientCertExclusionPaths") or "")
    return not any(one.strip() and path.startswith(one.strip()) for one in excluded)


def _has_link(site: Resource, service: Resource | None) -> bool:
    """Return whether the service has an approved shared private link to the site."""
    if service is None:
        return False
    links = service.document["properties"].get("sharedPrivateLinkResources") or []
    return any(
        str(link["properties"].get("privateLinkResourceId", "")).lower() == site.id.lower()
        and str(link["properties"].get("status", "")).lower() == "approved"
        for link in links
    )
