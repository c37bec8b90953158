"""`GET /metadata/endpoints`: the endpoints of this cloud, as `az cloud register` reads them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.world import world_of

_FIRST_VERSION = "2015-01-01"
_AUDIENCES = ["https://management.core.windows.net/", "https://management.azure.com/"]


async def endpoints(request: Request) -> JSONResponse:
    """Describe this cloud: in the form of api-version 2015-01-01, or in that of 2022-09-01."""
    url = world_of(request).base_url
    version = request.query_params.get("api-version")
    return JSONResponse(_first_form(url) if version == _FIRST_VERSION else _present_form(url))


def _first_form(url: str) -> dict[str, Any]:
    """Return the description that az reads up to 2023 (msrestazure's `azure_cloud`)."""
    return {
        "galleryEndpoint": url,
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": url,
        "authentication": {"loginEndpoint": url, "audiences": _AUDIENCES},
    }


def _present_form(url: str) -> dict[str, Any]:
    return {
        "name": "LocalAzure",
        "portal": url,
        "authentication": {
            "loginEndpoint": url,
            "audiences": _AUDIENCES,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": url,
        "graph": url,
        "microsoftGraphResourceId": url,
        "graphAudience": "https://graph.microsoft.com/",
        "suffixes": {"keyVaultDns": "vault.azure.net"},
    }


ROUTES = [Route("/metadata/endpoints", endpoints)]
