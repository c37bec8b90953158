"""Entra's errors at the token endpoint: RFC 6749 section 5.2, with Microsoft's AADSTS codes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localazure.entra.tokens import correlation


class TokenRefused(Exception):
    """No token; `number` is the AADSTS code."""

    def __init__(self, error: str, number: int, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.error = error
        self.number = number
        self.status = status


def tenant_not_found(tenant: str) -> TokenRefused:
    """The path names a tenant that is not here."""
    return TokenRefused("invalid_request", 90002, f"Tenant '{tenant}' not found.")


def application_not_found(app_id: str, tenant: str) -> TokenRefused:
    """The client id is unknown."""
    return TokenRefused(
        "unauthorized_client",
        700016,
        f"Application with identifier '{app_id}' was not found in the directory '{tenant}'.",
    )


def wrong_secret(app_id: str) -> TokenRefused:
    """The client is known and its secret is another."""
    return TokenRefused(
        "invalid_client", 7000215, f"Invalid client secret provided for app '{app_id}'.", 401
    )


def missing(parameter: str) -> TokenRefused:
    """A form field is absent."""
    return TokenRefused(
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{parameter}'.",
    )


def unsupported_grant(grant: str) -> TokenRefused:
    """The grant is none of those served."""
    return TokenRefused(
        "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
    )


def wrong_scope(scope: str) -> TokenRefused:
    """Client credentials take exactly one scope, a resource's `/.default`."""
    return TokenRefused(
        "invalid_scope", 70011, f"The provided value for the scope '{scope}' is not valid."
    )


def response(_request: Request, error: Exception) -> Response:
    """Answer with Entra's error body."""
    assert isinstance(error, TokenRefused)  # noqa: S101
    ids = correlation()
    description = (
        f"AADSTS{error.number}: {error} Trace ID: {ids['trace_id']} "
        f"Correlation ID: {ids['correlation_id']} Timestamp: {ids['timestamp']}"
    )
    return JSONResponse(
        {
            "error": error.error,
            "error_description": description,
            "error_codes": [error.number],
            **ids,
            "error_uri": f"https://login.microsoftonline.com/error?code={error.number}",
        },
        status_code=error.status,
    )
