"""`GET /metadata/endpoints`: the endpoints of this cloud, as `az cloud register` reads them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.world import world_of


async def endpoints(request: Request) -> JSONResponse:
    """Describe this cloud, in the form of api-version 2022-09-01."""
    url = world_of(request).base_url
    return JSONResponse(
        {
            "name": "LocalAzure",
            "portal": url,
            "authentication": {
                "loginEndpoint": url,
                "audiences": [
                    "https://management.core.windows.net/",
                    "https://management.azure.com/",
                ],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": url,
            "graph": url,
            "microsoftGraphResourceId": url,
            "graphAudience": "https://graph.microsoft.com/",
            "suffixes": {"keyVaultDns": "vault.azure.net"},
        }
    )


ROUTES = [Route("/metadata/endpoints", endpoints)]
