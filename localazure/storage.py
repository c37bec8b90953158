"""The state file, written before each answer is sent.

It holds private keys, which sign only Local Azure's own tokens; only its owner can read it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localazure.serving.tls import CertificateAuthority
from localazure.world import World

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class StateError(Exception):
    """The state file cannot be used; the text says why."""


class StateFile:
    """A world and its certificate authority in one JSON file, replaced whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, Any] | None:
        """Return what was saved; None where there is no file yet. Raises StateError."""
        try:
            state = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StateError(f"{self.path} cannot be read: {error}. Remove the file.") from error
        if not isinstance(state, dict) or set(state) != {"authority", "world"}:
            raise StateError(f"{self.path} is not a state file of Local Azure.")
        return state

    def save(self, world: World, authority: CertificateAuthority) -> None:
        """Replace the file atomically."""
        state = {"authority": authority.to_json(), "world": world.to_json()}
        draft = self.path.with_name(self.path.name + ".new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(state, file)
        draft.replace(self.path)


class Saving:
    """ASGI middleware: saves after each request that may have changed the state."""

    def __init__(
        self, app: ASGIApp, file: StateFile, world: World, authority: CertificateAuthority
    ) -> None:
        self._app = app
        self._file = file
        self._world = world
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        writes = scope["type"] == "http" and scope["method"] not in _READING

        async def saved(message: Message) -> None:
            if writes and message["type"] == "http.response.start":
                self._file.save(self._world, self._authority)
            await send(message)

        await self._app(scope, receive, saved)
