"""The routes of Microsoft.SignalRService."""

from __future__ import annotations

from localazure.arm.routing import Provider
from localazure.arm.signalr.catalogue import locations, operations
from localazure.arm.signalr.child_resources import child_providers
from localazure.arm.signalr.instances import signalr
from localazure.arm.signalr.private_endpoints import connections, link_resources

PROVIDERS: tuple[Provider, ...] = (
    signalr,
    *child_providers,
    connections,
    link_resources,
    operations,
    locations,
)
