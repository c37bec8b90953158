"""The hub `chat`: chat rooms with their recent messages, and an echo method.

Rooms are kept in Django's cache. With more than one web process, use a shared cache.
"""

from __future__ import annotations

import logging

from django.core.cache import cache

from upstreams.receiver import Hub, HubError, UpstreamRequest

log = logging.getLogger(__name__)

chat = Hub("chat")

_MAX_TEXT_LENGTH = 500
_MAX_TEXTS = 50
_KEEP_SECONDS = 3_600


@chat.connected
def connected(request: UpstreamRequest) -> None:
    """Log a new connection."""
    log.info("%s connected.", _name(request))


@chat.disconnected
def disconnected(request: UpstreamRequest) -> None:
    """Remove the client from its chat room. The event may arrive late, twice or never."""
    cache.delete(_member(request))
    log.info("%s left: %s", _name(request), request.error or "closed")


@chat.message("echo")
def echo(_request: UpstreamRequest, text: str) -> str:
    """Return `text`."""
    return text


@chat.message("join")
def join(request: UpstreamRequest, room: str) -> list[str]:
    """Join a chat room and return its recent messages."""
    cache.set(_member(request), room, _KEEP_SECONDS)
    return _texts(request, room)


@chat.message("say")
def say(request: UpstreamRequest, text: str) -> int:
    """Send a message to the client's room and return how many messages it has."""
    room = cache.get(_member(request))
    if room is None:
        raise HubError("Join a room first.")
    if not 0 < len(text) <= _MAX_TEXT_LENGTH:
        raise HubError(f"Say something, in at most {_MAX_TEXT_LENGTH} characters.")
    texts = [*_texts(request, room), f"{_name(request)}: {text}"][-_MAX_TEXTS:]
    cache.set(_room(request, room), texts, _KEEP_SECONDS)
    return len(texts)


def _name(request: UpstreamRequest) -> str:
    return request.user_id or f"guest {request.connection_id[:6]}"


def _texts(request: UpstreamRequest, room: str) -> list[str]:
    texts: list[str] = cache.get(_room(request, room), [])
    return texts


# Cache keys. Room names may hold any character; connection ids are unique within an instance.
def _room(request: UpstreamRequest, room: str) -> str:
    return f"chat:room:{request.instance}:{room.encode('utf-8', 'replace').hex()[:128]}"


def _member(request: UpstreamRequest) -> str:
    return f"chat:member:{request.instance}:{request.connection_id}"
