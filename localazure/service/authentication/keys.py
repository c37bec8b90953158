"""Keys that the service generates: temporary access keys, and those of generated tokens."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Final

# Source: Microsoft's "Authorize with Microsoft Entra": valid for 90 minutes.
TEMPORARY_SECONDS: Final = 90 * 60
# The SDK requests another after 55 minutes; until then it receives the same key.
_RENEWED_SECONDS = 30 * 60


@dataclass(frozen=True)
class TemporaryKey:
    """An access key that Entra callers sign client tokens with."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    created: float = field(default_factory=time.time)

    @property
    def is_valid(self) -> bool:
        """Whether tokens signed with it are accepted."""
        return time.time() < self.created + TEMPORARY_SECONDS


class ServiceKeys:
    """The service's own keys by instance."""

    def __init__(self) -> None:
        self._temporary: dict[str, list[TemporaryKey]] = {}
        self._generated: dict[str, TemporaryKey] = {}

    def temporary(self, instance_id: str) -> TemporaryKey:
        """Return the instance's temporary key, a new one where the last is half an hour old."""
        held = [key for key in self._temporary.get(instance_id, []) if key.is_valid]
        if not held or time.time() >= held[-1].created + _RENEWED_SECONDS:
            held.append(TemporaryKey())
        self._temporary[instance_id] = held
        return held[-1]

    def generated(self, instance_id: str) -> TemporaryKey:
        """Return the key that signs the instance's generated tokens; it does not expire."""
        return self._generated.setdefault(instance_id, TemporaryKey())

    def find(self, instance_id: str, key_id: str) -> str | None:
        """Return the secret of a key that is valid."""
        generated = self._generated.get(instance_id)
        if generated is not None and generated.id == key_id:
            return generated.secret
        for key in self._temporary.get(instance_id, []):
            if key.id == key_id and key.is_valid:
                return key.secret
        return None
