"""Issuer and audience of the tokens for a resource, by the version that its registration requests.

The API's app registration alone decides the version: `api.requestedAccessTokenVersion` 2 is v2, and
1 or null is v1. The audience of a v1 token is the requested resource; that of a v2 token is always
the application's client ID. Sources: "Access tokens in the Microsoft identity platform", Token
formats; "Access token claims reference", aud and iss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

from validation.configuration import Configuration, configuration
from validation.policy import GUID, V1_ISSUER

TokenVersion = Literal["1.0", "2.0"]

# Where an operator sets it.
VERSION_SETTING: Final = "api.requestedAccessTokenVersion"

# A client ID, by itself or in the Application ID URI that Entra proposes.
_CLIENT_ID: Final = re.compile(rf"(?:api://)?({GUID.pattern})/?", re.IGNORECASE)
# The v1 issuer of Azure operated by 21Vianet; those of the other clouds are that of the public one.
_CHINA: Final = "https://sts.chinacloudapi.cn/{tenant_id}/"
_CHINA_HOSTS: Final = frozenset({"login.chinacloudapi.cn", "login.partner.microsoftonline.cn"})
# Other clouds than the public one: its addresses do not serve their tenants.
_NATIONAL_HOSTS: Final = _CHINA_HOSTS | {"login.microsoftonline.us"}
_STS: Final = "https://sts.windows.net"
_PUBLIC_BASES: Final = frozenset(
    {"https://login.microsoftonline.com", "https://login.windows.net", _STS}
)


@dataclass(frozen=True, slots=True)
class Registration:
    """The app registration that a resource names: its token version and its client ID."""

    version: TokenVersion
    client_id: str


# Registrations that are known, by tenant and resource.
Registrations = Mapping[tuple[UUID, str], Registration]


@dataclass(frozen=True, slots=True)
class ExpectedToken:
    """The issuer and the audience of the tokens that Entra issues for a resource."""

    version: TokenVersion
    issuer: str
    audience: str


def expected_token(resource: str, registration: Registration, tenant_id: object) -> ExpectedToken:
    """Return the issuer and audience of tokens of `tenant_id` for `resource`."""
    version = registration.version
    audience = registration.client_id if version == "2.0" else resource
    return ExpectedToken(version, issuer_of(version, tenant_id), audience)


def issuer_of(version: TokenVersion, tenant_id: object) -> str:
    """Return the issuer of a tenant's tokens of that version."""
    return issuer_pattern(version).replace("{tenant_id}", str(tenant_id))


def issuer_pattern(version: TokenVersion) -> str:
    """Return the issuer of that version, with the placeholder `{tenant_id}`.

    That is the configured one where it has this version.
    """
    settings = configuration()
    if configured_version(settings) == version:
        return settings.issuer
    if version == "2.0":
        return f"{settings.authority.rstrip('/')}/{{tenant_id}}/v2.0"
    return _CHINA if urlsplit(settings.authority).hostname in _CHINA_HOSTS else V1_ISSUER


def equivalent_issuers(version: TokenVersion, tenant_id: object) -> frozenset[str]:
    """Return the issuers for which App Service accepts a tenant's tokens of that version.

    It reads the OpenID configuration at the issuer: each address of the tenant's authority leads to
    the one for its version. The Azure portal writes `https://sts.windows.net/<tenant>/v2.0`.
    Source: "Configure your App Service or Azure Functions app to use Microsoft Entra sign-in".
    """
    authority = configuration().authority.rstrip("/")
    bases = {authority}
    if urlsplit(authority).hostname not in _NATIONAL_HOSTS:
        bases |= _PUBLIC_BASES
    suffixes = ("/v2.0",) if version == "2.0" else ("", "/")
    addresses = {f"{base}/{tenant_id}{suffix}" for base in bases for suffix in suffixes}
    # Without the final slash it is neither the address of an authority nor the issuer of a token.
    addresses.discard(f"{_STS}/{tenant_id}")
    return frozenset({issuer_of(version, tenant_id), *addresses})


def configured_version(settings: Configuration | None = None) -> TokenVersion:
    """Return the version of SIGNALMAN_TOKEN_ISSUER: what the receiver accepts of any resource."""
    return "2.0" if (settings or configuration()).issuer.endswith("/v2.0") else "1.0"


def client_id_in(resource: str) -> str | None:
    """Return the client ID in `resource`, in lower case; None where it has none."""
    found = _CLIENT_ID.fullmatch(resource)
    return found[1].lower() if found else None
