"""The handler that passes a message on."""

from __future__ import annotations

from examples.chat.hubs import chat
from upstreams.receiver import UpstreamRequest


@chat.message("relay")
async def relay(request: UpstreamRequest, user: str, number: int, due: float) -> None:
    """Send a message on to another user."""
    await chat.asend_to_user(user, "relayed", request.user_id, number, due)
