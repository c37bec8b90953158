"""What is known of one request while it is handled."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from upstreams.receiver.authentication.policies import InstancePolicy
from upstreams.receiver.deliveries.records import Receipt
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.protocol.requests import Route, UpstreamRequest
from upstreams.receiver.protocol.responses import Answer


@dataclass(slots=True)
class Exchange:
    """One request, filled in step by step; what is None has not been reached."""

    instance: InstancePolicy | None = None
    route: Route | None = None
    event: UpstreamRequest | None = None
    _started: float = field(default_factory=time.perf_counter)

    def receipt(self, answer: Answer, registry: Registry) -> Receipt | None:
        """Return what is recorded of the request, or None: a stranger's address leaves no trace."""
        if self.instance is None:
            return None
        hub, category, event, connection_id = self.route or ("", "", "", "")
        return Receipt(
            instance=self.instance.pk,
            at=time.time(),
            duration_seconds=time.perf_counter() - self._started,
            status=answer.status,
            outcome=answer.outcome,
            reason=answer.reason,
            handler=registry.label(hub, category, event) if self.route else ("", ""),
            category=category,
            hub=hub,
            event=event,
            connection_id=connection_id,
            user_id=(self.event and self.event.user_id) or "",
            invocation_id=(self.event and self.event.invocation_id) or "",
        )
