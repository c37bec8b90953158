"""The hub `chat`: messages to everyone, to a room and to one user.

A room is a group of the service, so nothing is stored here, and any process can handle any event.
If the service refuses a message, the log contains the reason, and the client gets an error.
"""

from __future__ import annotations

import logging

from upstreams.receiver import Hub, HubError, UpstreamRequest

log = logging.getLogger(__name__)

chat = Hub("chat")

NAME_LENGTH = 40
_TEXT_LENGTH = 500


@chat.connected
async def connected(request: UpstreamRequest) -> None:
    """Log a new connection."""
    log.info("%s connected.", _name(request))


@chat.disconnected
async def disconnected(request: UpstreamRequest) -> None:
    """Log the end of a connection. The event may arrive late, twice or never."""
    log.info("%s disconnected: %s", _name(request), request.error or "closed")


@chat.message("echo")
def echo(_request: UpstreamRequest, text: str) -> str:
    """Return `text`."""
    return text


@chat.message("whoami")
async def whoami(request: UpstreamRequest) -> str:
    """Return the name of the client."""
    return _name(request)


@chat.message("join")
async def join(request: UpstreamRequest, room: str) -> None:
    """Add the client to a room, and notify its members."""
    _check_name(room, "room")
    await chat.aadd_to_group(room, connection_id=request.connection_id)
    await chat.asend_to_group(room, "noticed", f"{_name(request)} joined {room}.")


@chat.message("leave")
async def leave(request: UpstreamRequest, room: str) -> None:
    """Remove the client from a room, and notify its members."""
    _check_name(room, "room")
    await chat.aremove_from_group(room, connection_id=request.connection_id)
    await chat.asend_to_group(room, "noticed", f"{_name(request)} left {room}.")


@chat.message("say_to_all")
async def say_to_all(request: UpstreamRequest, text: str) -> None:
    """Send a message to everyone, the sender included."""
    await chat.asend_to_all("said", _message(request, "everyone", text))


@chat.message("say_to_room")
async def say_to_room(request: UpstreamRequest, room: str, text: str) -> None:
    """Send a message to a room."""
    _check_name(room, "room")
    await chat.asend_to_group(room, "said", _message(request, room, text))


@chat.message("say_to_user")
async def say_to_user(request: UpstreamRequest, user: str, text: str) -> None:
    """Send a message to one user, and tell the sender whether that user is connected."""
    _check_name(user, "user")
    if await chat.auser_exists(user):
        message = _message(request, user, text)
        await chat.asend_to_user(user, "said", message)
        if user != request.user_id:
            await request.areply("said", message)
    else:
        await request.areply("noticed", f"{user} is not connected.")


def _name(request: UpstreamRequest) -> str:
    return request.user_id or f"guest {request.connection_id[:6]}"


def _message(request: UpstreamRequest, to: str, text: str) -> dict[str, str]:
    """Return what clients show. Raises HubError for a text that is empty or too long."""
    if not 0 < len(text) <= _TEXT_LENGTH:
        raise HubError(f"Enter a message of at most {_TEXT_LENGTH} characters.")
    return {"from": _name(request), "to": to, "text": text}


def _check_name(name: str, kind: str) -> None:
    if not 0 < len(name.strip()) <= NAME_LENGTH:
        raise HubError(f"Enter a {kind} of at most {NAME_LENGTH} characters.")
