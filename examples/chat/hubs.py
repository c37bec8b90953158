"""The hub `chat`: who is there, what was said, and a method that only repeats.

The room is kept in Django's cache. With more than one web process, let that be a shared one.
"""

from __future__ import annotations

import logging

from django.core.cache import cache

from upstreams.receiver import Hub, HubError, UpstreamRequest

log = logging.getLogger(__name__)

chat = Hub("chat")

_LONGEST_TEXT = 500
_MOST_TEXTS = 50
_KEEP_SECONDS = 3_600


@chat.connected
def connected(request: UpstreamRequest) -> None:
    """Take note of a new client."""
    log.info("%s connected.", _name(request))


@chat.disconnected
def disconnected(request: UpstreamRequest) -> None:
    """Let a client go. This may come late, or twice, or never: use it to tidy up and no more."""
    cache.delete(_member(request))
    log.info("%s left: %s", _name(request), request.error or "closed")


@chat.message("echo")
def echo(_request: UpstreamRequest, text: str) -> str:
    """Return `text`."""
    return text


@chat.message("join")
def join(request: UpstreamRequest, room: str) -> list[str]:
    """Enter a room and return what was said there lately."""
    cache.set(_member(request), room, _KEEP_SECONDS)
    return _texts(request, room)


@chat.message("say")
def say(request: UpstreamRequest, text: str) -> int:
    """Say something in the room that the client has joined; return how much was said there."""
    room = cache.get(_member(request))
    if room is None:
        raise HubError("Join a room first.")
    if not 0 < len(text) <= _LONGEST_TEXT:
        raise HubError(f"Say something, in at most {_LONGEST_TEXT} characters.")
    texts = [*_texts(request, room), f"{_name(request)}: {text}"][-_MOST_TEXTS:]
    cache.set(_room(request, room), texts, _KEEP_SECONDS)
    return len(texts)


def _name(request: UpstreamRequest) -> str:
    return request.user_id or f"guest {request.connection_id[:6]}"


def _texts(request: UpstreamRequest, room: str) -> list[str]:
    texts: list[str] = cache.get(_room(request, room), [])
    return texts


# Cache keys: JSON strings may hold anything, and connection ids are unique in an instance only.
def _room(request: UpstreamRequest, room: str) -> str:
    return f"chat:room:{request.instance}:{room.encode('utf-8', 'replace').hex()[:128]}"


def _member(request: UpstreamRequest) -> str:
    return f"chat:member:{request.instance}:{request.connection_id}"
