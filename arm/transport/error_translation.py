"""Translation of the exceptions of Azure's SDKs to ArmError."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)

from arm.errors import (
    ArmError,
    Conflict,
    CredentialMissing,
    CredentialRefused,
    Forbidden,
    GroupNotFound,
    NotFound,
    PolicyDenied,
    ProviderNotRegistered,
    Rejected,
    ScopeLocked,
    ServerFailed,
    Throttled,
    Unanswered,
    UnexpectedAnswer,
    Unreachable,
)

_BY_STATUS: Final[Mapping[int, type[ArmError]]] = {
    HTTPStatus.UNAUTHORIZED: CredentialRefused,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_TIMEOUT: ServerFailed,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}
# Codes that are more specific than the status. Source: "Troubleshoot common
# Azure deployment errors", learn.microsoft.com/azure/azure-resource-manager.
_BY_CODE: Final[Mapping[str, type[ArmError]]] = {
    "ResourceGroupNotFound": GroupNotFound,
    "RequestDisallowedByPolicy": PolicyDenied,
    "ScopeLocked": ScopeLocked,
    "MissingSubscriptionRegistration": ProviderNotRegistered,
}
# Seconds. A longer Retry-After is cut to this.
LONGEST_RETRY_AFTER: Final = 3600.0

# The error code and message of Microsoft Entra, without its trace IDs.
_ENTRA_REFUSAL: Final = re.compile(r"(AADSTS\d+): (.*?)(?= Trace ID|[\r\n]|$)")


@contextmanager
def translated() -> Iterator[None]:
    """Raise an ArmError for whatever Azure's SDKs raise inside the block."""
    try:
        yield
    except AzureError as error:
        raise translate(error) from error


def translate(error: AzureError) -> ArmError:
    """Return the ArmError that says what `error` means."""
    if isinstance(error, IncompleteReadError | ServiceResponseError):
        return Unanswered(_network_message(error))
    if isinstance(error, ServiceRequestError):
        return Unreachable(_network_message(error))
    if isinstance(error, ClientAuthenticationError) and not _is_from_arm(error):
        return _translate_credential(error)
    if isinstance(error, HttpResponseError):
        return _translate_response(error)
    return UnexpectedAnswer(error.message)


def error_for_status(status: int) -> type[ArmError]:
    """Return the kind of error that an HTTP status of ARM means."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed
    return Rejected if status >= HTTPStatus.BAD_REQUEST else UnexpectedAnswer


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, at most an hour; None where it is absent or invalid.

    It holds seconds, fractions included, or an HTTP date (RFC 9110, 10.2.3).
    """
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value)
    return _bounded(seconds) if math.isfinite(seconds) else None


def _seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return _bounded(
        (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    )


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _is_from_arm(error: ClientAuthenticationError) -> bool:
    """Return whether ARM answered; azure-identity raises the same class for Microsoft Entra."""
    return error.status_code == HTTPStatus.UNAUTHORIZED and not _ENTRA_REFUSAL.search(error.message)


def _translate_credential(error: ClientAuthenticationError) -> ArmError:
    refusal = _ENTRA_REFUSAL.search(error.message)
    if refusal is None:
        return CredentialMissing(" ".join(error.message.split()))
    return CredentialRefused(refusal[2], code=refusal[1], status=error.status_code)


def _translate_response(error: HttpResponseError) -> ArmError:
    headers = getattr(error.response, "headers", {})
    code = (error.error and error.error.code) or ""
    kind = _BY_CODE.get(code) or error_for_status(error.status_code or 0)
    return kind(
        (error.error and error.error.message) or error.message,
        code=code,
        status=error.status_code,
        retry_after=retry_after_seconds(headers),
    )


def _network_message(error: AzureError) -> str:
    """Return the cause without the URL, which is a signed secret for a long-running operation."""
    cause = error.inner_exception or error
    detail = cause.args[0] if cause.args else cause
    # urllib3's MaxRetryError names the path; its reason names host, port and cause.
    return str(getattr(detail, "reason", detail))
