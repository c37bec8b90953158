"""The context of a request: the world, the upstream HTTP client and the instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import aiohttp
from starlette.requests import HTTPConnection
from starlette.types import Scope

from localazure.service.instances import Instance
from localazure.serving.requests import header
from localazure.world import World


@dataclass(frozen=True)
class Call:
    """A request to an instance.

    `path` is what follows the instance's address, still escaped. `abort` drops the connection of a
    request.
    """

    world: World
    instance: Instance
    scope: Scope
    path: str
    abort: Callable[[Scope], None]

    @property
    def http(self) -> aiohttp.ClientSession:
        """The client for upstream requests."""
        client: aiohttp.ClientSession = self.scope["state"]["http"]
        return client

    @cached_property
    def connection(self) -> HTTPConnection:
        """Headers and query of the request."""
        return HTTPConnection(self.scope)

    @property
    def address(self) -> str:
        """The IP address of the caller."""
        client = self.scope.get("client")
        return client[0] if client else "127.0.0.1"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that a token for this instance may name."""
        called = self.connection.url.hostname or ""
        return frozenset({self.instance.host_name, called.lower(), "localhost"})

    def bearer(self) -> str | None:
        """Return the bearer token of the header."""
        scheme, _, token = header(self.scope, b"authorization").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token else None

    def token(self) -> str | None:
        """Return the bearer token of the header, or of the query."""
        return self.bearer() or self.connection.query_params.get("access_token")
