"""What can go wrong with a request, with a handler, and with how a handler is written."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """The request is turned away before a handler sees it.

    `code` is for programs and the message for people; neither holds a secret.
    """

    status: ClassVar[int]

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class ProtocolError(Refusal):
    """The request is not one that Azure SignalR Service sends: 400 Bad Request."""

    status = 400


class ProofMissing(Refusal):
    """The token is right, and what is demanded beside it is missing or wrong: 403 Forbidden."""

    status = 403


class ProofUnavailable(Refusal):
    """What it takes to judge the request is out of reach for now: 503 Service Unavailable."""

    status = 503


class Repeated(Refusal):
    """The call may have been made already, and its answer is not there yet: 503, try again."""

    status = 503


class UnknownInstance(Refusal):
    """No instance of that name receives here: 404 Not Found."""

    status = 404


class NoHandler(Refusal):
    """No hub of this project handles the event: 404 Not Found."""

    status = 404


class BodyTooLarge(Refusal):
    """The body is larger than the receiver takes: 413 Content Too Large."""

    status = 413


class UnsupportedBody(Refusal):
    """The body is neither JSON nor MessagePack: 415 Unsupported Media Type."""

    status = 415


class ArgumentsMismatch(Refusal):
    """What the client passed does not fit the handler's parameters: 400 Bad Request."""

    status = 400


class HubError(Exception):
    """A handler raises it to tell the client why: only its message is ever sent."""


class RegistrationError(Exception):
    """A hub or a handler cannot be registered as it is written: the project does not start."""
