"""Long-running operations: what a write started, how far it is, and what it will leave behind.

A write takes effect when its operation ends. How long that takes and how it ends is set by a
`Progression`; the real service takes 20 to 94 seconds.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from localazure.arm.resources import Resource, Resources, timestamp

Outcome = Literal["Succeeded", "Failed", "Canceled"]
RUNNING = "Running"


@dataclass(frozen=True)
class Progression:
    """How operations run: each ends after `polls` answers of Running or `seconds`, if given.

    With both, whichever comes first. `retry_after` is sent with 202 and Running, in seconds; the
    real service sends none, and its SDK then waits 30 seconds between two polls.
    """

    polls: int | None = 1
    seconds: float | None = 5.0
    retry_after: float | None = 1.0
    outcome: Outcome = "Succeeded"
    code: str = "InternalServerError"
    message: str = "The operation failed because Local Azure was told so."

    def __post_init__(self) -> None:
        if self.outcome not in ("Succeeded", "Failed", "Canceled"):
            raise ValueError("outcome is Succeeded, Failed or Canceled.")
        if self.polls is None and self.seconds is None:
            raise ValueError("Say polls or seconds: an operation has to end.")


@dataclass
class Operation:
    """One long-running operation on one resource.

    On success the resource becomes `result`; None removes it. On any other outcome it stays as it
    is and its provisioning state says so.
    """

    resource_id: str
    result: Resource | None
    progression: Progression
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = RUNNING
    polled: int = 0
    started: float = field(default_factory=time.time)
    start_time: str = field(default_factory=timestamp)
    end_time: str | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status == RUNNING

    def is_due(self) -> bool:
        """Tell whether it was polled, or ran, for long enough to end."""
        polls, seconds = self.progression.polls, self.progression.seconds
        polled_enough = polls is not None and self.polled >= polls
        return polled_enough or (seconds is not None and time.time() >= self.started + seconds)

    def to_arm(self) -> dict[str, Any]:
        """Return the body of operationStatuses."""
        body: dict[str, Any] = {
            "id": f"{self.resource_id}/operationStatuses/{self.name}",
            "name": self.name,
            "status": self.status,
            "startTime": self.start_time,
        }
        if self.end_time:
            body["endTime"] = self.end_time
        if self.status == "Failed":
            body["error"] = self.error()
        return body

    def error(self) -> dict[str, str]:
        """Return why it failed."""
        return {"code": self.progression.code, "message": self.progression.message}


class Operations:
    """All operations by name, and the progression of those to come."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._by_name: dict[str, Operation] = {}
        # At most one runs on each resource; by the resource's id in lower case.
        self._running: dict[str, Operation] = {}
        self.progression = Progression()

    def start(self, resource_id: str, result: Resource | None) -> Operation:
        """Start an operation that leaves `result` behind; None removes the resource."""
        return self._add(Operation(resource_id, result, self.progression))

    def running_on(self, resource_id: str) -> Operation | None:
        """Return the operation that has not ended on this resource."""
        return self._running.get(resource_id.lower())

    def find(self, name: str) -> Operation | None:
        """Return the operation of that name."""
        return self._by_name.get(name.lower())

    def settle(self) -> None:
        """End the operations that are due; called before each request is looked at."""
        for operation in [one for one in self._running.values() if one.is_due()]:
            self._end(operation)

    def _add(self, operation: Operation) -> Operation:
        self._by_name[operation.name] = operation
        if operation.is_running:
            self._running[operation.resource_id.lower()] = operation
        return operation

    def _end(self, operation: Operation) -> None:
        del self._running[operation.resource_id.lower()]
        operation.status = operation.progression.outcome
        operation.end_time = timestamp()
        if operation.status != "Succeeded":
            resource = self._resources.get(operation.resource_id)
            if resource is not None:
                resource.document["properties"]["provisioningState"] = operation.status
        elif operation.result is None:
            self._resources.remove(operation.resource_id)
        else:
            operation.result.document["systemData"]["lastModifiedAt"] = timestamp()
            self._resources.put(operation.result)

    def to_json(self) -> dict[str, Any]:
        """Return the operations as JSON values; `from_json` reads them back."""
        return {
            "progression": asdict(self.progression),
            "operations": [asdict(operation) for operation in self._by_name.values()],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], resources: Resources) -> Operations:
        """Read what `to_json` wrote."""
        operations = cls(resources)
        operations.progression = Progression(**value["progression"])
        for entry in value["operations"]:
            result = Resource(**entry["result"]) if entry["result"] else None
            progression = Progression(**entry["progression"])
            operations._add(Operation(**entry | {"result": result, "progression": progression}))
        return operations
