"""App Service's built-in authentication ("Easy Auth"), for requests with a bearer token or none.

Sources: Microsoft's "Authentication and authorization in Azure App Service", "Configure your App
Service or Azure Functions app to use Microsoft Entra sign-in" and "File-based configuration". File-
based configuration is not supported: such a site has no authentication.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt

from localazure.arm.resources import Resource
from localazure.arm.web.site_document import CLASSIC, V2
from localazure.entra.issuers import v1_issuer, v2_issuer
from localazure.sites.messages import SiteAnswer, SiteRequest
from localazure.world import World

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
ANONYMOUS, REDIRECT, FORBIDDEN = "AllowAnonymous", "RedirectToLoginPage", "Return403"


class TokenRejected(Exception):
    """The token is not valid for this site: 401."""


class CallerForbidden(Exception):
    """The token is valid, but its caller is not allowed: 403."""


@dataclass(frozen=True)
class Settings:
    """The settings in force, from either of the two documents."""

    is_enabled: bool = False
    action: str = ANONYMOUS
    issuer: str = ""
    client_id: str = ""
    audiences: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    excluded_paths: tuple[str, ...] = ()
    accepts_tokens: bool = True
    checks_issuer: bool = True


def settings_of(site: Resource) -> Settings:
    """Return the settings in force: V2 after a migration of the site, or if none were set."""
    classic, v2 = site.hidden[CLASSIC], site.hidden[V2]
    is_used = classic.get("enabled") or classic.get("clientId") or classic.get("issuer")
    if str(classic.get("configVersion")).lower() == "v2" or not is_used:
        return _from_v2(v2)
    return _from_classic(classic)


def check(world: World, site: Resource, request: SiteRequest) -> SiteAnswer | None:
    """Return a refusal; None where the request reaches the app."""
    settings = settings_of(site)
    if not settings.is_enabled or _is_excluded(settings, request.path):
        return None
    if request.bearer is None or not settings.accepts_tokens:
        return _unauthenticated(world, settings)
    try:
        authorize(world, settings, request.bearer)
    except CallerForbidden as error:
        return SiteAnswer(
            403, b"You do not have permission to view this directory or page.", {}, str(error)
        )
    except TokenRejected as error:
        # A request with an invalid token is never redirected to a sign-in page.
        return None if settings.action == ANONYMOUS else _challenge(str(error))
    return None


def is_authenticated(world: World, site: Resource, request: SiteRequest) -> bool:
    """Return whether the site's authentication accepted the request's token."""
    settings = settings_of(site)
    if not (settings.is_enabled and settings.accepts_tokens and request.bearer):
        return False
    try:
        authorize(world, settings, request.bearer)
    except (CallerForbidden, TokenRejected):
        return False
    return True


def authorize(world: World, settings: Settings, token: str) -> None:
    """Check a token against the settings. Raises TokenRejected, CallerForbidden."""
    claims = _claims(world, token)
    if settings.checks_issuer and claims["iss"] not in _issuers(world, settings.issuer):
        raise TokenRejected(f"the issuer is '{claims['iss']}', not '{settings.issuer}'")
    if claims["aud"] not in {settings.client_id, *settings.audiences} - {""}:
        raise TokenRejected(f"the audience '{claims['aud']}' is not allowed")
    application = claims.get("appid") or claims.get("azp")
    for allowed in (settings.applications, settings.clients):
        if allowed and application not in allowed:
            raise CallerForbidden(f"the application '{application}' is not allowed")
    if settings.principals and claims.get("oid") not in settings.principals:
        raise CallerForbidden(f"the principal '{claims.get('oid')}' is not allowed")
    if settings.groups and not set(claims.get("groups", ())) & set(settings.groups):
        raise CallerForbidden("the principal is in none of the allowed groups")


def _claims(world: World, token: str) -> dict[str, Any]:
    try:
        key = world.keys.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise TokenRejected("its signing key is unknown")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.public_pem,
            algorithms=["RS256"],
            options={"require": ["exp", "iss", "aud"], "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRejected(str(error)) from error
    if not isinstance(claims["aud"], str):
        raise TokenRejected("it has more than one audience")
    return claims


def _issuers(world: World, configured: str) -> set[str]:
    """Return the `iss` values that a configured issuer accepts.

    App Service reads the issuer's OpenID configuration, so the v1 address of an authority accepts
    v1 tokens. Microsoft's public authority stands for Local Azure's own.
    """
    accepted = {configured}
    for authority in (PUBLIC_AUTHORITY, world.base_url):
        for tenant in world.tenants:
            if configured == v2_issuer(authority, tenant):
                accepted |= {v2_issuer(PUBLIC_AUTHORITY, tenant), v2_issuer(world.base_url, tenant)}
            if configured.rstrip("/") == f"{authority}/{tenant}":
                accepted.add(v1_issuer(tenant))
    return accepted


def _from_classic(document: dict[str, Any]) -> Settings:
    return Settings(
        is_enabled=bool(document.get("enabled")),
        action=document.get("unauthenticatedClientAction") or REDIRECT,
        issuer=document.get("issuer") or "",
        client_id=document.get("clientId") or "",
        audiences=tuple(document.get("allowedAudiences") or ()),
        accepts_tokens=bool(document.get("clientId")),
        checks_issuer=document.get("validateIssuer") is not False,
    )


def _from_v2(document: dict[str, Any]) -> Settings:
    validation_of_all = document.get("globalValidation") or {}
    entra = (document.get("identityProviders") or {}).get("azureActiveDirectory") or {}
    registration, validation = entra.get("registration") or {}, entra.get("validation") or {}
    policy = validation.get("defaultAuthorizationPolicy") or {}
    claims = validation.get("jwtClaimChecks") or {}
    principals = policy.get("allowedPrincipals") or {}
    platform = document.get("platform") or {}
    action = validation_of_all.get("unauthenticatedClientAction") or REDIRECT
    is_required = bool(validation_of_all.get("requireAuthentication"))
    return Settings(
        is_enabled=bool(platform.get("enabled")) and not platform.get("configFilePath"),
        action=action if is_required else ANONYMOUS,
        issuer=registration.get("openIdIssuer") or "",
        client_id=registration.get("clientId") or "",
        audiences=tuple(validation.get("allowedAudiences") or ()),
        applications=tuple(policy.get("allowedApplications") or ()),
        clients=tuple(claims.get("allowedClientApplications") or ()),
        principals=tuple(principals.get("identities") or ()),
        groups=(*(principals.get("groups") or ()), *(claims.get("allowedGroups") or ())),
        excluded_paths=tuple(validation_of_all.get("excludedPaths") or ()),
        accepts_tokens=entra.get("enabled") is not False and bool(registration.get("clientId")),
    )


def _is_excluded(settings: Settings, path: str) -> bool:
    return any(
        path.startswith(one[:-1]) if one.endswith("*") else path.rstrip("/") == one.rstrip("/")
        for one in settings.excluded_paths
    )


def _unauthenticated(world: World, settings: Settings) -> SiteAnswer | None:
    if settings.action == ANONYMOUS:
        return None
    if settings.action == REDIRECT:
        tenant = world.directory.tenant_id
        target = f"{PUBLIC_AUTHORITY}/{tenant}/oauth2/v2.0/authorize?client_id={settings.client_id}"
        return SiteAnswer(302, headers={"Location": target}, refused_by="no token")
    if settings.action == FORBIDDEN:
        return SiteAnswer(403, refused_by="no token")
    return _challenge("no token")


def _challenge(reason: str) -> SiteAnswer:
    headers = {"WWW-Authenticate": 'Bearer realm="Microsoft Entra ID"'}
    body = b"You do not have permission to view this directory or page."
    return SiteAnswer(401, body, headers, refused_by=reason)
