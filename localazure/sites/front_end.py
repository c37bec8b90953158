"""App Service's front end: stopped sites, access restrictions, HTTPS and client certificates.

Sources: Microsoft's "Azure App Service access restrictions", "Configure TLS mutual authentication",
"Use service tags for Azure SignalR Service" and "Enforce HTTPS". Pages of refusals are shortened.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Any

from localazure.arm.resources import Resource, Resources
from localazure.arm.signalr.private_links import has_link
from localazure.arm.web.site_document import WEB, rules_of
from localazure.sites.messages import SiteAnswer, SiteRequest

_SERVICE_TAGS = frozenset({"azuresignalr", "azurecloud", "internet"})
# Every IPv4 address: the service sends from one.
_ANYWHERE = frozenset({"any", "0.0.0.0/0"})


def check(resources: Resources, site: Resource, request: SiteRequest) -> SiteAnswer | None:
    """Return a refusal; None where the request passes."""
    properties = site.document["properties"]
    if _is_stopped(properties):
        return SiteAnswer(403, b"Error 403 - This web app is stopped.", refused_by="site stopped")
    if properties.get("httpsOnly") and not request.is_secure:
        target = re.sub("^http:", "https:", request.url)
        return SiteAnswer(301, headers={"Location": target}, refused_by="HTTPS only")
    if not _may_connect(resources, site, request):
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


def _is_stopped(properties: dict[str, Any]) -> bool:
    """Return whether a site answers no request; one that exceeded its quota does not either."""
    return (
        str(properties.get("state")).lower() == "stopped"
        or str(properties.get("usageState")).lower() == "exceeded"
        or properties.get("enabled") is False
        or properties.get("hostNamesDisabled") is True
    )


def _may_connect(resources: Resources, site: Resource, request: SiteRequest) -> bool:
    # Access restrictions do not apply to what comes through a private endpoint.
    if request.service is not None and has_link(resources, request.service, site):
        return True
    properties, config = site.document["properties"], site.hidden[WEB]
    access = properties.get("publicNetworkAccess") or config.get("publicNetworkAccess") or ""
    if str(access).lower() == "disabled":
        return False
    # A private endpoint disables public access unless that is enabled explicitly.
    if _has_private_endpoint(properties) and str(access).lower() != "enabled":
        return False
    return _passes_restrictions(site, request.client)


def _has_private_endpoint(properties: dict[str, Any]) -> bool:
    return any(_is_approved(one) for one in properties.get("privateEndpointConnections") or ())


def _is_approved(connection: dict[str, Any]) -> bool:
    """Return whether a connection is approved, as one is that does not say."""
    state = (connection.get("properties") or {}).get("privateLinkServiceConnectionState") or {}
    return str(state.get("status", "Approved")).lower() == "approved"


def _passes_restrictions(site: Resource, client: str | None) -> bool:
    rules, is_open = rules_of(site, "ipSecurityRestrictions")
    for rule in rules:
        if _matches(rule, client):
            return str(rule.get("action") or "Allow").lower() == "allow"
    return is_open


def _matches(rule: dict[str, Any], client: str | None) -> bool:
    # Nothing here sends the headers that a rule can require, such as X-Azure-FDID.
    if rule.get("headers"):
        return False
    sources = [one.strip().lower() for one in str(rule.get("ipAddress") or "").split(",")]
    if str(rule.get("tag", "")).lower() == "servicetag":
        return client is None and not _SERVICE_TAGS.isdisjoint(sources)
    return any(one in _ANYWHERE or _contains(one, client) for one in sources)


def _contains(source: str, client: str | None) -> bool:
    try:
        return client is not None and ip_address(client) in ip_network(source, strict=False)
    except ValueError:
        return False


def _needs_certificate(properties: dict[str, Any], path: str) -> bool:
    if not properties.get("clientCertEnabled"):
        return False
    if str(properties.get("clientCertMode") or "Required").lower() != "required":
        return False
    excluded = re.split("[;,]", (properties.get("clientCertExclusionPaths") or "").lower())
    return not any(one.strip() and path.lower().startswith(one.strip()) for one in excluded)
