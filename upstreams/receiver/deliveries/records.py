"""The record of one request."""

from __future__ import annotations

from typing import NamedTuple

from upstreams.receiver.protocol.responses import Outcome


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
