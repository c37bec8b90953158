"""A hub whose handler records each call."""

from __future__ import annotations

from tests.shape.witness.lines import write
from upstreams.receiver import Hub, UpstreamRequest

chat = Hub("chat")


@chat.message("echo")
def echo(request: UpstreamRequest, text: str) -> str:
    """Record the call, and return `text`."""
    write("handled", "", request.connection_id)
    return text
