"""Route requests to resource providers after ARM's own checks: caller, version, permission."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.arm import errors, guard
from localazure.arm.headers import add_headers
from localazure.arm.resources import Resource
from localazure.arm.schema import check
from localazure.arm.versions import ApiVersions
from localazure.entra.tokens import Principal
from localazure.world import World, world_of

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"


_UNDER_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/([^/]+)/", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """One authenticated request, as a provider's function sees it."""

    world: World
    request: Request
    principal: Principal
    body: Any
    provider: Provider

    @property
    def parameters(self) -> dict[str, str]:
        """The named parts of the path."""
        return self.request.path_params

    @property
    def versions(self) -> ApiVersions:
        """The published versions of the provider."""
        return self.provider.api_versions

    @property
    def api_version(self) -> str:
        """The version that the request names."""
        return self.request.query_params["api-version"]

    @cached_property
    def path(self) -> str:
        """The path as sent, decoded."""
        return self.request.url.path.rstrip("/")

    @property
    def scope(self) -> str:
        """The subscription or resource group of a list."""
        return re.split("/providers/", self.path, flags=re.IGNORECASE)[0]

    def content(self, shape: Any) -> dict[str, Any]:
        """Return the body, validated against the shape. Raises InvalidContent."""
        if not isinstance(self.body, dict):
            raise errors.InvalidContent("The request content has to be a JSON object.")
        check(self.body, shape)
        return self.body

    def resource(self, arm_id: str) -> Resource:
        """Return the resource with this id. Raises NotFound."""
        found = self.world.resources.get(arm_id)
        if found is None:
            raise errors.NotFound(arm_id)
        return found

    def require_group(self) -> None:
        """Check that the path's resource group exists. Raises GroupNotFound."""
        _require_group(self.world, f"{self.path}/")

    def link(self, path: str, **query: str) -> str:
        """Return an absolute URL on the host of the request, with the request's api-version."""
        url = self.request.url.replace(path=path, query="")
        return str(url.include_query_params(**{"api-version": self.api_version, **query}))

    def json(self, document: Any, status_code: int = 200) -> Response:
        """Return an answer with the document as the request's api-version shows it."""
        return JSONResponse(self.versions.shown(document, self.api_version), status_code)

    def view(self, resource: Resource) -> dict[str, Any]:
        """Return the document of a resource with what the provider adds to it in answers."""
        return self.provider.view(self.world, resource)

    def page(self, resources: Iterable[Resource]) -> Response:
        """Return one page of a list, with a link to the next one."""
        found = list(resources)
        start = self._skipped()
        end = start + self.world.page_size
        shown = self.versions.shown
        page = [shown(self.view(one), self.api_version) for one in found[start:end]]
        body: dict[str, Any] = {"value": page}
        if end < len(found):
            body["nextLink"] = self.link(self.path, **{"$skiptoken": str(end)})
        return JSONResponse(body)

    def _skipped(self) -> int:
        token = self.request.query_params.get("$skiptoken", "0")
        if not token.isdecimal():
            raise errors.InvalidParameter(f"The $skiptoken '{token}' is invalid.")
        return int(token)


Handler = Callable[[Call], Response]
View = Callable[[World, Resource], dict[str, Any]]


def own_document(_world: World, resource: Resource) -> dict[str, Any]:
    """Return the document of a resource to which its provider adds nothing."""
    return resource.document


class ArmRoute(Route):
    """A route that ignores case, as ARM ids do."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


class Provider:
    """A resource provider: its type, published api-versions, routes and own response headers.

    `view` returns what GET shows of a resource. `etag` is sent with answers to
    `etag_methods`.
    """

    def __init__(
        self,
        resource_type: str,
        api_versions: ApiVersions | Iterable[str],
        *,
        headers: Mapping[str, str] | None = None,
        view: View = own_document,
        etag: str = "",
        etag_methods: tuple[str, ...] = ("GET", "PUT", "PATCH", "DELETE"),
    ) -> None:
        self.type = resource_type
        if not isinstance(api_versions, ApiVersions):
            api_versions = ApiVersions(api_versions)
        self.api_versions: ApiVersions = api_versions
        self.headers = dict(headers or {})
        self.view = view
        self.etags = dict.fromkeys(etag_methods, etag) if etag else {}
        self.routes: list[Route] = []

    def serves(self, method: str, path: str, *, action: str) -> Callable[[Handler], Handler]:
        """Register a function for a method and path.

        `action` is what the caller's role has to allow: a name under the provider's type, such as
        `read`, or the empty text if every authenticated caller is allowed.
        """

        def register(handler: Handler) -> Handler:
            endpoint = self._endpoint(handler, f"{self.type}/{action}" if action else "")
            self.routes.append(ArmRoute(path, endpoint, methods=[method]))
            return handler

        return register

    def serves_reads(self) -> None:
        """Serve GET for one resource, and for the lists of a resource group and a subscription."""
        for scope in (SUBSCRIPTION, GROUP):
            self.serves("GET", f"{scope}/providers/{self.type}", action="read")(self._list)
        self.serves("GET", f"{GROUP}/providers/{self.type}/{{name}}", action="read")(_get)

    def _list(self, call: Call) -> Response:
        return call.page(call.world.resources.of_type(self.type, call.scope))

    def _endpoint(self, handler: Handler, action: str) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            # Read first: after this nothing awaits, so no other request changes the world.
            raw = await request.body()
            rates: dict[str, str] = {}
            try:
                response = handler(self._admit(request, raw, action, rates))
            except errors.ArmError as error:
                response = error.response()
            etag = {"ETag": tag} if (tag := self.etags.get(request.method)) else {}
            return add_headers(request, response, rates | self.headers | etag)

        return endpoint

    def _admit(self, request: Request, raw: bytes, action: str, rates: dict[str, str]) -> Call:
        """Return the call once ARM's own checks pass; put the rate limit headers into `rates`."""
        world = world_of(request)
        principal = guard.authenticate(world, request.headers.get("authorization", ""))
        self._check_version(request)
        if action:
            guard.authorize(world, principal, action, request.url.path)
        subscription = request.path_params.get("subscription", "")
        rates |= world.throttle.take(request.method, subscription, principal.object_id)
        world.operations.settle()
        _require_group(world, request.url.path)
        return Call(world, request, principal, json_content(raw), self)

    def _check_version(self, request: Request) -> None:
        version = request.query_params.get("api-version")
        if not version:
            raise errors.ApiVersionMissing
        if version not in self.api_versions:
            raise errors.ApiVersionUnknown(version, self.type, self.api_versions)


def _require_group(world: World, path: str) -> None:
    """Refuse a path under a group that does not exist or is being deleted. Raises GroupNotFound."""
    found = _UNDER_GROUP.match(path)
    if found is None:
        return
    group = world.resources.get(found[0].rstrip("/"))
    if group is None or group.document["properties"]["provisioningState"] == "Deleting":
        raise errors.GroupNotFound(found[1])


def _get(call: Call) -> Response:
    return call.json(call.view(call.resource(call.path)))


def json_content(raw: bytes) -> Any:
    """Return the body as values; None where it is empty. Raises InvalidContent."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise errors.InvalidContent(
            f"The request content was invalid and could not be deserialized: {error}."
        ) from error
