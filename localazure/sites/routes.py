"""Sites over HTTP: below `/sites/<host name>/`, and under their own host names.

A client that resolves `<app>.azurewebsites.net` to this machine, or uses Local Azure's proxy,
reaches a site as in Azure; others put the host name into the path.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localazure.sites.delivery import deliver
from localazure.sites.messages import SiteRequest
from localazure.world import world_of

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def answer(request: Request) -> Response:
    """Return the host's response; `x-localazure-refused-by` names the part that refused."""
    host, path = request.path_params["host"], request.path_params["path"]
    query = f"?{request.url.query}" if request.url.query else ""
    received = SiteRequest(
        method=request.method,
        url=f"https://{host}/{path}{query}",
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        client=request.client.host if request.client else None,
    )
    answered = deliver(world_of(request), received)
    headers = dict(answered.headers)
    if answered.refused_by:
        headers["x-localazure-refused-by"] = answered.refused_by.encode("ascii", "replace").decode()
    return Response(answered.body, answered.status, headers, media_type="text/html")


ROUTES = [Route("/sites/{host}/{path:path}", answer, methods=_METHODS)]
