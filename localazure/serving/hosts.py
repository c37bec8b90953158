"""Requests to Azure's own host names, where these resolve to this machine.

A client comes here under `<vault>.vault.azure.net` or `<app>.azurewebsites.net` where that resolves
to this machine, or through the proxy (`localazure.serving.proxy`).
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from localazure.arm.keyvault.data_plane import vault_of_host
from localazure.arm.web.site_document import HOST_SUFFIX as SITE_SUFFIX
from localazure.serving.requests import header


class Hosts:
    """ASGI middleware: maps requests to the hosts of vaults and sites to their paths."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            prefix = path_prefix(header(scope, b"host"))
            if prefix and not scope["path"].startswith(prefix):
                scope = dict(scope) | {"path": prefix + scope["path"], "raw_path": None}
        await self._app(scope, receive, send)


def path_prefix(host: str) -> str:
    """Return the path under which a host is served on Local Azure's own address; or nothing."""
    name = host.lower().partition(":")[0]
    vault = vault_of_host(name)
    if vault is not None:
        return f"/keyvault/{vault}"
    return f"/sites/{name}" if name.endswith(SITE_SUFFIX) else ""
