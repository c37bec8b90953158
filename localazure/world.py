"""All state of Local Azure."""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import Any

from starlette.requests import Request

from localazure import seed
from localazure.arm.async_operations.operations import Operations
from localazure.arm.resources import Resources
from localazure.arm.throttling import Throttle
from localazure.entra.directory.home_tenant import Directory
from localazure.entra.keys import SigningKey, SigningKeys
from localazure.entra.sign_in.codes import Codes
from localazure.faults import Faults
from localazure.request_log import Journal
from localazure.service.state import ServiceState


class World:
    """One Azure: a home tenant's directory, its signing keys, its resources and their operations.

    `base_url` has no trailing slash. One event loop serves all requests
    and nothing here awaits, so each request sees and leaves a consistent state.
    """

    def __init__(self, base_url: str, *, keys: SigningKeys | None = None) -> None:
        self.base_url = base_url
        self.keys = keys or SigningKeys()
        self.tenants = (seed.TENANT_ID, seed.OTHER_TENANT_ID)
        self.journal = Journal()
        self.faults = Faults()
        self.service = ServiceState()
        # Set by the next `clear`: a request that waits belongs to the state that it replaces.
        self.cleared = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        """Clear directory, resources, operations, faults and requests; keep the first key."""
        self.keys.forget_rotations()
        self.directory = Directory(seed.TENANT_ID)
        self.codes = Codes()
        self.resources = Resources()
        self.operations = Operations(self.resources)
        self.throttle = Throttle()
        self.page_size = 100
        # The number of further role assignments that fail to find their principal.
        self.replication_delay = 0
        self.journal.clear()
        self.faults.clear()
        self.service.clear()
        self.cleared.set()
        self.cleared = asyncio.Event()

    @cached_property
    def workload_key(self) -> SigningKey:
        """The key of Local Azure's own issuer of workload tokens."""
        return SigningKey.generate()

    def to_json(self) -> dict[str, Any]:
        """Return the state that a restart keeps; `restore` reads it back."""
        return {
            "keys": self.keys.to_json(),
            "directory": self.directory.to_json(),
            "resources": self.resources.to_json(),
            "operations": self.operations.to_json(),
        }

    def restore(self, value: dict[str, Any]) -> None:
        """Replace the state by what `to_json` returned."""
        self.keys = SigningKeys.from_json(value["keys"])
        self.directory = Directory.from_json(value["directory"])
        self.resources = Resources.from_json(value["resources"])
        self.operations = Operations.from_json(value["operations"], self.resources)


def world_of(request: Request) -> World:
    """Return the world that the request's application serves."""
    world: World = request.app.state.world
    return world
