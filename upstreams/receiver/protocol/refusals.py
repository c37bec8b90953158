"""Refusals of upstream requests before a handler is called, each with its HTTP status."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """The request is refused before a handler is called.

    `code` is for programs and the message for people; neither holds a secret. `headers` are those
    that the response has besides the usual ones.
    """

    status: ClassVar[int]
    headers: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ProtocolError(Refusal):
    """The request is not one that Azure SignalR Service sends: 400 Bad Request."""

    status = 400


class ProofMissing(Refusal):
    """The token is right, but the signature or URL secret is missing or wrong: 403 Forbidden."""

    status = 403


class InsecureRequest(Refusal):
    """The request came over HTTP where HTTPS is required: 403 Forbidden."""

    status = 403


class ProofUnavailable(Refusal):
    """The data to check the request cannot be read at present: 503 Service Unavailable."""

    status = 503


class DuplicateInProgress(Refusal):
    """An equal call may be running, and has no response yet: 503 Service Unavailable."""

    status = 503


class UnknownInstance(Refusal):
    """The receiver has no instance of that name: 404 Not Found."""

    status = 404


class NoHandler(Refusal):
    """No hub of this project handles the event: 404 Not Found."""

    status = 404


class MethodNotAllowed(Refusal):
    """The method is not POST: 405 Method Not Allowed."""

    status = 405
    headers = (("Allow", "POST"),)


class BodyTimeout(Refusal):
    """The body did not arrive in time: 408 Request Timeout."""

    status = 408


class BodyTooLarge(Refusal):
    """The body is larger than the receiver accepts: 413 Content Too Large."""

    status = 413


class UnsupportedBody(Refusal):
    """The body is neither JSON nor MessagePack: 415 Unsupported Media Type."""

    status = 415


class ArgumentsMismatch(Refusal):
    """The client's arguments do not fit the handler's parameters: 400 Bad Request."""

    status = 400
