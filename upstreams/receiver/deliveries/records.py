"""The record of one request, and its collection while the request is processed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from upstreams.receiver.authentication.instance_policy import InstancePolicy
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.protocol.requests import Route, UpstreamRequest
from upstreams.receiver.protocol.responses import Outcome, UpstreamResponse

SECONDS_A_MINUTE: Final = 60


class Kind(NamedTuple):
    """The key of a counter: the columns of a DeliveryCount. `minute` counts from the epoch.

    `hub` and `event` are as they were registered: clients may invent any number of names.
    """

    minute: int
    instance: int
    hub: str
    category: str
    event: str
    outcome: str
    reason: str


class DeliveryRecord(NamedTuple):
    """One request and its outcome. `instance` is a primary key, `at` seconds since the epoch.

    `hub`, `event` and the rest are the request's own values: of a refused request they are
    untrusted.
    """

    instance: int
    at: float
    duration_seconds: float
    status: int
    outcome: Outcome
    reason: str = ""
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

    def kind(self, response: UpstreamResponse, registry: Registry) -> Kind | None:
        """Return the key by which the request is counted; None where no instance is known."""
        if self.instance is None:
            return None
        minute = int(time.time() // SECONDS_A_MINUTE)
        category, (hub, event) = "", ("", "")
        if self.route is not None:
            category = self.route.category
            hub, event = registry.label(self.route.hub, category, self.route.event)
        outcome, reason = response.outcome, response.reason
        return Kind(minute, self.instance.pk, hub, category, event, outcome, reason)

    def record(self, kind: Kind, response: UpstreamResponse) -> DeliveryRecord:
        """Return the record of the request, for a row."""
        hub, category, event, connection_id = self.route or ("", "", "", "")
        return DeliveryRecord(
            instance=kind.instance,
            at=time.time(),
            duration_seconds=time.perf_counter() - self._started,
            status=response.status,
            outcome=response.outcome,
            reason=response.reason,
            category=category,
            hub=hub,
            event=event,
            connection_id=connection_id,
            user_id=(self.request and self.request.user_id) or "",
            invocation_id=(self.request and self.request.invocation_id) or "",
        )
