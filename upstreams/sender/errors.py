"""Errors of calls to the service."""

from __future__ import annotations


class InvalidCall(ValueError):
    """An argument cannot be sent, and nothing was sent."""


class SendError(Exception):
    """The service did not carry out a call; the message says why and what to do.

    `status` is the HTTP status, None where no response came. `code` is the service's own
    (`x-ms-error-code`), or empty. `retryable` says whether the same call may succeed later without
    being carried out twice; `retry_after` is how long the service said to wait, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
