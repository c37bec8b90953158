"""The receiver: authenticates, parses, dispatches and answers what the service sends upstream.

An app's `hubs.py`, found as its `admin.py` is, needs these three names:

    from upstreams.receiver import Hub, HubError, UpstreamRequest
"""

from __future__ import annotations

from upstreams.receiver.hubs.errors import HubError
from upstreams.receiver.hubs.hub import Hub
from upstreams.receiver.protocol.requests import UpstreamRequest

__all__ = ["Hub", "HubError", "UpstreamRequest"]
