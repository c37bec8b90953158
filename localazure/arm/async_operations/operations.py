"""Long-running operations: their progress and outcome.

A write takes effect at once and its resource says `Creating` or `Updating` until the operation
ends, as Microsoft's recordings show. A `Progression` sets how long that takes and how it ends; in
Azure it takes 20 to 94 seconds.
"""

from __future__ import annotations

import copy
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from localazure.arm.resources import Resource, Resources, timestamp

Outcome = Literal["Succeeded", "Failed", "Canceled"]
RUNNING = "Running"


@dataclass(frozen=True)
class Progression:
    """How operations run: each ends after `polls` answers of Running or after `seconds`.

    With both, whichever comes first. `retry_after` is sent with 202 and Running, in seconds; Azure
    SignalR Service sends none, and its SDK then waits 30 seconds between two polls.
    """

    polls: int | None = 1
    seconds: float | None = 5.0
    retry_after: float | None = None
    outcome: Outcome = "Succeeded"
    code: str = "InternalServerError"
    message: str = "The operation failed, as POST /_local/operations requested."

    def __post_init__(self) -> None:
        if self.outcome not in ("Succeeded", "Failed", "Canceled"):
            raise ValueError("outcome must be Succeeded, Failed or Canceled.")
        if self.polls is None and self.seconds is None:
            raise ValueError("polls or seconds is required, so that operations end.")


@dataclass
class Operation:
    """One long-running operation on one resource.

    On success the resource's properties become `completion`, or the resource is removed where the
    operation `deletes` it. On any other outcome the resource goes back to `before`, if given, and
    its provisioning state is the outcome.
    """

    resource_id: str
    progression: Progression
    completion: dict[str, Any] = field(default_factory=dict)
    before: Resource | None = None
    deletes: bool = False
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
        """Return whether it was polled often enough, or ran long enough, to end."""
        polls, seconds = self.progression.polls, self.progression.seconds
        polled_enough = polls is not None and self.polled >= polls
        return polled_enough or (seconds is not None and time.time() >= self.started + seconds)

    def to_arm(self, path: str) -> dict[str, Any]:
        """Return the body of the operation's status; `path` is its id."""
        body: dict[str, Any] = {
            "id": path,
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
        """Return the error of a failed operation."""
        return {"code": self.progression.code, "message": self.progression.message}


class Operations:
    """All operations by name, and the progression of those to come."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._by_name: dict[str, Operation] = {}
        # At most one runs on each resource; by the resource's id in lower case.
        self._running: dict[str, Operation] = {}
        self.progression = Progression()

    def start(
        self,
        resource_id: str,
        completion: dict[str, Any] | None = None,
        before: Resource | None = None,
    ) -> Operation:
        """Start an operation on a resource that has already been written; see `Operation`."""
        previous = copy.deepcopy(before)
        return self._add(Operation(resource_id, self.progression, completion or {}, previous))

    def start_deletion(self, resource_id: str) -> Operation:
        """Start an operation that removes the resource when it succeeds."""
        return self._add(Operation(resource_id, self.progression, deletes=True))

    def running_on(self, resource_id: str) -> Operation | None:
        """Return the operation that has not ended on this resource."""
        return self._running.get(resource_id.lower())

    def end_unpolled(self, resource_id: str) -> None:
        """End the operation on this resource that no client polls, so that the next can start."""
        running = self.running_on(resource_id)
        if running and not running.polled:
            self._end(running)

    def find(self, name: str) -> Operation | None:
        """Return the operation with this name."""
        return self._by_name.get(name.lower())

    def settle(self) -> None:
        """End the operations that are due; called before each request is handled."""
        for operation in [one for one in self._running.values() if one.is_due()]:
            self._end(operation)

    def finish(self) -> None:
        """End every running operation."""
        for operation in list(self._running.values()):
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
        resource = self._resources.get(operation.resource_id)
        if resource is None:
            return
        if operation.status == "Succeeded":
            if operation.deletes:
                self._resources.remove(resource.id)
            resource.document["properties"] |= operation.completion
            return
        if operation.before is not None:
            resource = copy.deepcopy(operation.before)
            self._resources.put(resource)
        resource.document["properties"]["provisioningState"] = operation.status

    def to_json(self) -> dict[str, Any]:
        """Return the operations as JSON values; `from_json` reads them back."""
        return {
            "progression": asdict(self.progression),
            "operations": [asdict(operation) for operation in self._by_name.values()],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any], resources: Resources) -> Operations:
        """Read the result of `to_json`."""
        operations = cls(resources)
        operations.progression = Progression(**value["progression"])
        for entry in value["operations"]:
            before = Resource(**entry["before"]) if entry["before"] else None
            progression = Progression(**entry["progression"])
            operations._add(Operation(**entry | {"before": before, "progression": progression}))
        return operations
