"""Routing of requests to the data planes of instances.

In Azure each instance has a host of its own. Here the one port serves `/signalr/<instance>/...`,
and, for clients that can resolve them, the hosts `<instance>.service.signalr.net` and
`<instance>.service.signalr.localhost`; `--instance-port` gives an instance a port of its own.
Without TLS (`--client-port`), only clients are served.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from localazure.service.clients import endpoint as clients
from localazure.service.clients.endpoint import serve_client
from localazure.service.clients.refusals import not_found
from localazure.service.clients.websockets import serve_websocket
from localazure.service.context import Call
from localazure.service.instances import find_instance
from localazure.service.rest.endpoint import serve_rest
from localazure.serving.requests import header
from localazure.world import World

PREFIX = "/signalr/"
HOST_SUFFIXES = (".service.signalr.net", ".service.signalr.localhost")
_HOST = re.compile(r"([a-z0-9-]+)\.service\.signalr\.(?:net|localhost)(?::\d+)?", re.IGNORECASE)


class ServiceEndpoint:
    """ASGI middleware that serves instances' data planes, and forwards everything else.

    `ports` maps ports of their own to instances' names; `abort` drops the connection of a request.
    """

    def __init__(
        self, app: ASGIApp, world: World, ports: Mapping[int, str], abort: Callable[[Scope], None]
    ) -> None:
        self._app = app
        self._world = world
        self._ports = ports
        self._abort = abort

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        named = self._named(scope) if scope["type"] in ("http", "websocket") else None
        if _is_unencrypted(scope) and not _is_for_clients(named):
            await not_found(
                "This port serves only SignalR clients. Send other requests to the port with TLS."
            )(scope, receive, send)
            return
        if named is None:
            await self._app(scope, receive, send)
            return
        self._world.operations.settle()
        name, path = named
        instance = find_instance(self._world, name)
        if instance is None:
            response = PlainTextResponse(f"There is no instance '{name}'.", 404)
            await response(scope, receive, send)
            return
        await _serve(Call(self._world, instance, scope, path, self._abort), receive, send)

    def _named(self, scope: Scope) -> tuple[str, str] | None:
        """Return the name of the instance that is called, and the path below its address."""
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        own = self._ports.get((scope.get("server") or ("", 0))[1])
        if own is not None:
            return own, path
        host = _HOST.fullmatch(header(scope, b"host"))
        if host is not None:
            return host[1], path
        if path.lower().startswith(PREFIX):
            name, slash, rest = path[len(PREFIX) :].partition("/")
            return name, slash + rest
        return None


def _is_unencrypted(scope: Scope) -> bool:
    return scope.get("scheme") in ("http", "ws")


def _is_for_clients(named: tuple[str, str] | None) -> bool:
    return named is not None and named[1] in (*clients.PATHS, clients.NEGOTIATION)


async def _serve(call: Call, receive: Receive, send: Send) -> None:
    path = call.path
    if call.scope["type"] == "websocket":
        if path in clients.PATHS:
            await serve_websocket(call, receive, send)
        else:
            await not_found("Not found")(call.scope, receive, send)
    elif path in (*clients.PATHS, clients.NEGOTIATION):
        await serve_client(call, receive, send)
    else:
        await serve_rest(call, receive, send)
