"""Fault injection: rules that make matching requests fail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """One rule. It acts on matching requests after the first `skip`, `times` times (None: always).

    `status`, `headers` and `body` replace the real response; without a status, the headers are
    added to it. `delay` waits first, in seconds; a reset meanwhile cuts the connection, and the
    request has no effect. `drop` cuts the connection. With `after`, the request takes effect
    before it fails, as when only the response is lost.
    """

    method: str = ".*"
    path: str = ".*"
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0.0
    drop: bool = False
    after: bool = False

    def __post_init__(self) -> None:
        self._path = re.compile(self.path, re.IGNORECASE)
        self._method = re.compile(self.method, re.IGNORECASE)

    @property
    def replaces_response(self) -> bool:
        """Whether the client does not get the real response."""
        return self.drop or self.status is not None

    def applies_to(self, method: str, path: str) -> bool:
        """Return whether the fault applies to this request, and count it."""
        if not (self._method.fullmatch(method) and self._path.search(path)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """The armed faults; the first that applies to a request is used."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, faults: list[dict[str, Any]]) -> None:
        """Add rules. Raises TypeError on a field that `Fault` does not have."""
        self._armed.extend([Fault(**fault) for fault in faults])

    def next_for(self, method: str, path: str) -> Fault | None:
        """Return the fault that applies to this request."""
        return next((fault for fault in self._armed if fault.applies_to(method, path)), None)

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()
