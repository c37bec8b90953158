"""The authority and the tenant that a request to Entra names."""

from __future__ import annotations

from starlette.requests import Request

from localazure.entra import errors, issuers
from localazure.world import world_of


def authority_of(request: Request) -> str:
    """Return Local Azure's base URL as the client used it: `localhost` or `127.0.0.1`.

    MSAL refuses a document whose endpoints are on another host than its authority.
    """
    base_url = world_of(request).base_url
    other = base_url.replace("localhost", "127.0.0.1")
    used = f"https://{request.headers.get('host', '')}"
    return other if used == other else base_url


def tenant_of(request: Request) -> str:
    """Return the tenant in the path, in lower case. Raises an error where it does not exist."""
    tenant: str = request.path_params["tenant"].lower()
    if tenant not in world_of(request).tenants and tenant not in issuers.SHARED_TENANTS:
        raise errors.tenant_not_found(tenant)
    return tenant
