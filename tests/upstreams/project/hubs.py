"""Handlers that remember that they were called."""

from __future__ import annotations

from upstreams.receiver import Hub, HubError, UpstreamRequest

calls: list[UpstreamRequest] = []

chat = Hub("chat")
other_name_of_the_same_hub = chat


@chat.connected
def connected(request: UpstreamRequest) -> None:
    calls.append(request)


@chat.disconnected
def disconnected(request: UpstreamRequest) -> None:
    calls.append(request)


@chat.message("echo")
def echo(request: UpstreamRequest, text: str) -> str:
    calls.append(request)
    return text


@chat.message("refuse")
def refuse(request: UpstreamRequest) -> None:
    calls.append(request)
    raise HubError("You have not joined the group.")
