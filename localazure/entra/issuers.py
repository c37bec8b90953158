"""Issuers of tokens and their discovery documents. Source: Microsoft's access-token reference.

A v1 token's issuer is `https://sts.windows.net/<tenant>/` whatever the authority's host; a v2
token's issuer starts with the authority's host.
"""

from __future__ import annotations

# The tenant-independent documents name the tenant with this placeholder.
TENANT_PLACEHOLDER = "{tenantid}"
SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})


def v1_issuer(tenant: str) -> str:
    """Return the issuer of the tenant's v1 tokens."""
    return f"https://sts.windows.net/{tenant}/"


def v2_issuer(base_url: str, tenant: str) -> str:
    """Return the issuer of the tenant's v2 tokens."""
    return f"{base_url}/{tenant}/v2.0"


def discovery_v1(base_url: str, tenant: str) -> dict[str, object]:
    """Return the OpenID configuration for v1 tokens."""
    return {
        "issuer": v1_issuer(_named(tenant)),
        "authorization_endpoint": f"{base_url}/{tenant}/oauth2/authorize",
        "token_endpoint": f"{base_url}/{tenant}/oauth2/token",
        "jwks_uri": f"{base_url}/{tenant}/discovery/keys",
        **_common(),
    }


def discovery_v2(base_url: str, tenant: str) -> dict[str, object]:
    """Return the OpenID configuration of the v2 endpoints."""
    return {
        "issuer": v2_issuer(base_url, _named(tenant)),
        "authorization_endpoint": f"{base_url}/{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base_url}/{tenant}/oauth2/v2.0/token",
        "jwks_uri": f"{base_url}/{tenant}/discovery/v2.0/keys",
        **_common(),
    }


def _named(tenant: str) -> str:
    return TENANT_PLACEHOLDER if tenant in SHARED_TENANTS else tenant


def _common() -> dict[str, object]:
    return {
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["aud", "iss", "iat", "exp", "nbf", "sub", "oid", "tid", "ver"],
    }
