"""The state of one request while it is processed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from upstreams.receiver.authentication.instance_policy import InstancePolicy
from upstreams.receiver.deliveries.records import DeliveryRecord
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.protocol.requests import Route, UpstreamRequest
from upstreams.receiver.protocol.responses import UpstreamResponse


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
