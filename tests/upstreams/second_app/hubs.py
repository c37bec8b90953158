"""A handler that another app has as well."""

from __future__ import annotations

from upstreams.receiver import Hub, UpstreamRequest

chat = Hub("Chat")


@chat.message("ECHO")
def another_echo(_request: UpstreamRequest) -> None: ...
