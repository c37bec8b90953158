"""From HTTP to a provider's functions: version, caller, permission and body, in ARM's order."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.arm import errors, guard
from localazure.arm.resources import Resource
from localazure.arm.schema import check
from localazure.entra.tokens import Principal
from localazure.world import World, world_of

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"


@dataclass(frozen=True)
class Call:
    """One authenticated request, as a provider's function sees it."""

    world: World
    request: Request
    principal: Principal
    body: Any

    @property
    def parameters(self) -> dict[str, str]:
        """The named parts of the path."""
        return self.request.path_params

    @property
    def api_version(self) -> str:
        """The version that the caller named."""
        return self.request.query_params["api-version"]

    @cached_property
    def path(self) -> str:
        """The path as sent, decoded."""
        return self.request.url.path.rstrip("/")

    @property
    def scope(self) -> str:
        """The subscription or resource group that a list is of."""
        return re.split("/providers/", self.path, flags=re.IGNORECASE)[0]

    def content(self, shape: Any) -> dict[str, Any]:
        """Return the body once the shape knows all of it. Raises InvalidContent."""
        if not isinstance(self.body, dict):
            raise errors.InvalidContent("The request content has to be a JSON object.")
        check(self.body, shape)
        return self.body

    def resource(self, arm_id: str) -> Resource:
        """Return the resource of that id. Raises NotFound."""
        found = self.world.resources.get(arm_id)
        if found is None:
            raise errors.NotFound(arm_id)
        return found

    def require_group(self) -> None:
        """Refuse where the path's resource group is not there. Raises GroupNotFound."""
        group = self.parameters["group"]
        scope = f"/subscriptions/{self.parameters['subscription']}/resourceGroups/{group}"
        if self.world.resources.get(scope) is None:
            raise errors.GroupNotFound(group)

    def link(self, path: str, **query: str) -> str:
        """Return an absolute address on the host that the caller used, of the same version."""
        url = self.request.url.replace(path=path, query="")
        return str(url.include_query_params(**{"api-version": self.api_version, **query}))

    def page(self, resources: Iterable[Resource]) -> Response:
        """Answer one page of a list, and where the next one is."""
        documents = [resource.document for resource in resources]
        start = self._skipped()
        end = start + self.world.page_size
        body: dict[str, Any] = {"value": documents[start:end]}
        if end < len(documents):
            body["nextLink"] = self.link(self.path, **{"$skiptoken": str(end)})
        return JSONResponse(body)

    def _skipped(self) -> int:
        token = self.request.query_params.get("$skiptoken", "0")
        if not token.isdecimal():
            raise errors.InvalidParameter(f"The $skiptoken '{token}' is not one of ours.")
        return int(token)


Handler = Callable[[Call], Response]


class ArmRoute(Route):
    """A route that matches in any case, as ARM ids do."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str]) -> None:
        super().__init__(path, endpoint, methods=methods)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE)


class Provider:
    """A resource provider: its type, the api-versions it answers to, and its routes."""

    def __init__(self, resource_type: str, api_versions: Iterable[str]) -> None:
        self.type = resource_type
        self.api_versions = frozenset(api_versions)
        self.routes: list[Route] = []

    def serves(self, method: str, path: str, *, action: str) -> Callable[[Handler], Handler]:
        """Register a function for a method and path.

        `action` is what the caller's role has to allow: a name under the provider's type (`read`),
        or the empty text where every known caller may.
        """

        def register(handler: Handler) -> Handler:
            endpoint = self._endpoint(handler, f"{self.type}/{action}" if action else "")
            self.routes.append(ArmRoute(path, endpoint, methods=[method]))
            return handler

        return register

    def serves_reads(self) -> None:
        """Answer what every type does alike: the list of a subscription or group, and one by id."""
        for scope in (SUBSCRIPTION, GROUP):
            self.serves("GET", f"{scope}/providers/{self.type}", action="read")(self._list)
        self.serves("GET", f"{GROUP}/providers/{self.type}/{{name}}", action="read")(_get)

    def _list(self, call: Call) -> Response:
        return call.page(call.world.resources.of_type(self.type, call.scope))

    def _endpoint(self, handler: Handler, action: str) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            # Read first: after this nothing awaits, so nobody else changes the world meanwhile.
            raw = await request.body()
            world = world_of(request)
            principal = guard.authenticate(world, request.headers.get("authorization", ""))
            self._check_version(request)
            if action:
                guard.authorize(world, principal, action, request.url.path)
            subscription = request.path_params.get("subscription", "")
            left = world.throttle.take(request.method, subscription, principal.object_id)
            world.operations.settle()
            return _labelled(handler(Call(world, request, principal, json_content(raw))), left)

        return endpoint

    def _check_version(self, request: Request) -> None:
        version = request.query_params.get("api-version")
        if not version:
            raise errors.ApiVersionMissing
        if version not in self.api_versions:
            raise errors.ApiVersionUnknown(version, self.type, self.api_versions)


def _get(call: Call) -> Response:
    return JSONResponse(call.resource(call.path).document)


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


def _labelled(response: Response, rate_headers: dict[str, str]) -> Response:
    response.headers.update(rate_headers)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["x-ms-request-id"] = str(uuid.uuid4())
    return response
