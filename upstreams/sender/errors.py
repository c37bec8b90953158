"""Errors of calls to the service."""

from __future__ import annotations


class InvalidCall(ValueError):
    """An argument cannot be sent, and nothing was sent."""


class SendError(Exception):
    """The service did not perform a call. The message says why, and what to do.

    `status` is the HTTP status, or None without a response. `code` is the error code of the service
    (`x-ms-error-code`), or empty. `retryable` is true if the same call may succeed later without
    being performed twice. `retry_after` is the time in seconds for which the service said to wait.
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
