"""The record of one request, and its collection while the request is processed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import NamedTuple

from upstreams.receiver.authentication.instance_policy import InstancePolicy
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.protocol.requests import Route, UpstreamRequest
from upstreams.receiver.protocol.responses import Outcome, UpstreamResponse


class DeliveryRecord(NamedTuple):
    """One request and its outcome. `instance` is a primary key, `at` seconds since the epoch.

    `handler` is the hub and the event as they were registered, for the counts. `hub`, `event` and
    the rest are the request's own values, for a row: of a refused request they are untrusted.
    """

    instance: int
    at: float
    duration_seconds: float
    status: int
    outcome: Outcome
    reason: str = ""
    handler: tuple[str, str] = ("", "")
    category: str = ""
    hub: str = ""
    event: str = ""
    connection_id: str = ""
    user_id: str = ""
    invocation_id: str = ""


@dataclass(slots=True)
class RequestContext:
    """One request, filled in step by step; what is None has not been reached."""

    instance: InstancePolicy | None = None
    route: Route | None = None
    request: UpstreamRequest | None = None
    _started: float = field(default_factory=time.perf_counter)

    def record(self, response: UpstreamResponse, registry: Registry) -> DeliveryRecord | None:
        """Return what is recorded of the request; None where no instance is known."""
        if self.instance is None:
            return None
        hub, category, event, connection_id = self.route or ("", "", "", "")
        return DeliveryRecord(
            instance=self.instance.pk,
            at=time.time(),
            duration_seconds=time.perf_counter() - self._started,
            status=response.status,
            outcome=response.outcome,
            reason=response.reason,
            handler=registry.label(hub, category, event) if self.route else ("", ""),
            category=category,
            hub=hub,
            event=event,
            connection_id=connection_id,
            user_id=(self.request and self.request.user_id) or "",
            invocation_id=(self.request and self.request.invocation_id) or "",
        )
