"""Tokens as Entra issues them to applications, managed identities and users.

Claims: Microsoft's access-token and id-token claims references. `xms_mirid` and `xms_az_rid` are
undocumented claims seen in managed identities' tokens.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt

from localazure.entra.directory.home_tenant import User, derived_guid
from localazure.entra.issuers import v1_issuer, v2_issuer
from localazure.entra.keys import SigningKey

# Entra gives a managed identity a day, and an application about an hour.
IDENTITY_TOKEN_SECONDS = 24 * 60 * 60
APPLICATION_TOKEN_SECONDS = 60 * 60 - 1
# Entra back-dates `iat` and `nbf` by five minutes.
BACKDATED_SECONDS = 300


@dataclass(frozen=True)
class Principal:
    """The principal that a token is issued to.

    `identity_resource_id` is the ARM id of the identity (for a system-assigned one, of the
    instance itself), `host_resource_id` that of the instance which uses it; None for applications.
    """

    tenant_id: str
    object_id: str
    app_id: str
    identity_resource_id: str | None = None
    host_resource_id: str | None = None

    @property
    def is_managed_identity(self) -> bool:
        """Whether it is a managed identity."""
        return self.identity_resource_id is not None


def claims_v1(principal: Principal, audience: str) -> dict[str, Any]:
    """Return the claims of a v1 token, the version of most Azure resources."""
    issuer = v1_issuer(principal.tenant_id)
    # "2": authenticated with a certificate; "1": with a secret.
    strength = "2" if principal.is_managed_identity else "1"
    claims = {
        "aud": audience,
        "iss": issuer,
        **_times(principal),
        "aio": secrets.token_urlsafe(32),
        "appid": principal.app_id,
        "appidacr": strength,
        "idp": issuer,
        "oid": principal.object_id,
        "rh": f"1.{secrets.token_urlsafe(40)}.",
        "sub": principal.object_id,
        "tid": principal.tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    if principal.is_managed_identity:
        claims["xms_mirid"] = principal.identity_resource_id
        claims["xms_az_rid"] = principal.host_resource_id
    return claims


def claims_v2(principal: Principal, audience: str, base_url: str) -> dict[str, Any]:
    """Return the claims of a v2 token, which an app registration may request."""
    claims = claims_v1(principal, audience)
    claims["azp"] = claims.pop("appid")
    claims["azpacr"] = claims.pop("appidacr")
    claims.pop("idp")
    return claims | {"iss": v2_issuer(base_url, principal.tenant_id), "ver": "2.0"}


def claims_of_user(user: User, client_id: str, base_url: str, tenant_id: str) -> dict[str, Any]:
    """Return the claims of a v2 id token; `roles` is absent where the app gave none."""
    issued = int(time.time())
    roles = user.app_roles.get(client_id, [])
    return {
        "aud": client_id,
        "iss": v2_issuer(base_url, tenant_id),
        "iat": issued - BACKDATED_SECONDS,
        "nbf": issued - BACKDATED_SECONDS,
        "exp": issued + APPLICATION_TOKEN_SECONDS,
        "aio": secrets.token_urlsafe(32),
        "name": user.display_name,
        "oid": user.object_id,
        "preferred_username": user.user_principal_name,
        "rh": f"1.{secrets.token_urlsafe(40)}.",
        # Pairwise: each application sees another value for the same user.
        "sub": derived_guid("subject", client_id, user.object_id),
        "tid": tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    } | ({"roles": roles} if roles else {})


def _times(principal: Principal) -> dict[str, int]:
    issued = int(time.time()) - BACKDATED_SECONDS
    seconds = IDENTITY_TOKEN_SECONDS if principal.is_managed_identity else APPLICATION_TOKEN_SECONDS
    return {"iat": issued, "nbf": issued, "exp": issued + BACKDATED_SECONDS + seconds}


def sign(claims: dict[str, Any], key: SigningKey, header: dict[str, Any] | None = None) -> str:
    """Return the compact RS256 token."""
    named = {"kid": key.kid, "x5t": key.kid} | (header or {})
    return jwt.encode(claims, key.private_key, algorithm="RS256", headers=named)


def correlation() -> dict[str, str]:
    """Return the ids and the time that Entra adds to its errors."""
    return {
        "timestamp": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime()),
        "trace_id": str(uuid.uuid4()),
        "correlation_id": str(uuid.uuid4()),
    }
