"""Entra's errors at the token and authorize endpoints, with Microsoft's AADSTS codes.

Source: RFC 6749 sections 4.1.2.1 and 5.2; Microsoft's "Microsoft Entra authentication error codes".
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localazure.entra.tokens import correlation


class TokenRefused(Exception):
    """A token request that fails; `number` is the AADSTS code."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.number = number
        self.status = status


def tenant_not_found(tenant: str) -> TokenRefused:
    """The tenant of the path does not exist."""
    return TokenRefused("invalid_request", 90002, f"Tenant '{tenant}' not found.")


def application_not_found(app_id: str, tenant: str) -> TokenRefused:
    """The client id is unknown."""
    return TokenRefused(
        "unauthorized_client",
        700016,
        f"Application with identifier '{app_id}' was not found in the directory '{tenant}'.",
    )


def wrong_secret(app_id: str) -> TokenRefused:
    """The client secret is wrong."""
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
    """The grant type is not supported."""
    return TokenRefused(
        "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
    )


def wrong_scope(scope: str) -> TokenRefused:
    """Client credentials take exactly one scope, a resource's `/.default`."""
    return TokenRefused(
        "invalid_scope", 70011, f"The provided value for the scope '{scope}' is not valid."
    )


def redirect_uri_not_registered(uri: str, app_id: str) -> TokenRefused:
    """The redirect URI is not registered."""
    return TokenRefused(
        "invalid_request",
        50011,
        f"The redirect URI '{uri}' specified in the request does not match the redirect URIs "
        f"configured for the application '{app_id}'.",
    )


def unsupported_response(kind: str) -> TokenRefused:
    """Only the authorization code flow is supported."""
    return TokenRefused(
        "unsupported_response_type", 700054, f"Local Azure does not support response_type '{kind}'."
    )


def unsupported_mode(mode: str) -> TokenRefused:
    """Only the response mode `query` is supported."""
    return TokenRefused(
        "invalid_request", 901002, f"Local Azure does not support response_mode '{mode}'."
    )


def unsupported_challenge(method: str) -> TokenRefused:
    """PKCE needs the method S256."""
    return TokenRefused(
        "invalid_request", 9002325, f"The code_challenge_method '{method}' must be S256."
    )


def sign_in_required() -> TokenRefused:
    """`prompt=none`, but a page is needed."""
    return TokenRefused(
        "login_required", 50058, "Session information is not sufficient for single-sign-on."
    )


def consent_declined() -> TokenRefused:
    """The user cancelled the sign-in."""
    return TokenRefused("access_denied", 65004, "User declined to consent to access the app.")


def code_not_valid() -> TokenRefused:
    """The code does not exist, or belongs to another client."""
    return TokenRefused("invalid_grant", 70000, "The provided value for 'code' is not valid.")


def code_expired() -> TokenRefused:
    """The code has expired."""
    return TokenRefused("invalid_grant", 70008, "The provided authorization code has expired.")


def code_redeemed() -> TokenRefused:
    """The code was redeemed before."""
    return TokenRefused(
        "invalid_grant",
        54005,
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
    )


def other_redirect_uri() -> TokenRefused:
    """The redirect URI is not that of the authorization request."""
    return TokenRefused(
        "invalid_grant",
        500112,
        "The reply address does not match the reply address provided when requesting the "
        "authorization code.",
    )


def wrong_verifier() -> TokenRefused:
    """The PKCE verifier does not match the challenge."""
    return TokenRefused(
        "invalid_grant",
        501481,
        "The Code_Verifier does not match the code_challenge supplied in the authorization "
        "request.",
    )


def no_client_credential() -> TokenRefused:
    """The request has neither a secret nor an assertion."""
    return TokenRefused(
        "invalid_client",
        7000218,
        "The request body must contain the following parameter: 'client_assertion' or "
        "'client_secret'.",
        401,
    )


def unsupported_assertion_type() -> TokenRefused:
    """The assertion is of another type than RFC 7523's."""
    return TokenRefused("invalid_client", 70003, "The client assertion type is not supported.", 401)


def malformed_assertion() -> TokenRefused:
    """The assertion is not a token."""
    return TokenRefused("invalid_client", 50027, "JWT token is invalid or malformed.", 401)


def certificate_not_registered() -> TokenRefused:
    """No certificate of the application has the thumbprint in the assertion's header."""
    return TokenRefused(
        "invalid_client",
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on "
        "application.",
        401,
    )


def wrong_assertion_signature() -> TokenRefused:
    """The signature does not match the key."""
    return TokenRefused(
        "invalid_client", 700027, "Client assertion failed signature validation.", 401
    )


def assertion_of_another_client() -> TokenRefused:
    """Issuer or subject is not the client."""
    return TokenRefused(
        "invalid_client",
        700021,
        "Client assertion application identifier doesn't match 'client_id' parameter.",
        401,
    )


def wrong_assertion_audience() -> TokenRefused:
    """The audience is not this tenant's token endpoint."""
    return TokenRefused(
        "invalid_client",
        700023,
        "Client assertion audience claim does not match Realm issuer.",
        401,
    )


def assertion_out_of_time() -> TokenRefused:
    """The assertion has expired, or is not valid yet."""
    return TokenRefused(
        "invalid_client", 700024, "Client assertion is not within its valid time range.", 401
    )


def no_federated_issuer(issuer: str) -> TokenRefused:
    """No federated credential names the issuer."""
    return _no_federated(700211, "issuer", issuer)


def no_federated_subject(subject: str) -> TokenRefused:
    """No federated credential of the issuer names the subject."""
    return _no_federated(700213, "subject", subject)


def no_federated_audience(audience: str) -> TokenRefused:
    """The federated credential names another audience."""
    return _no_federated(700212, "audience", audience)


def _no_federated(number: int, member: str, value: str) -> TokenRefused:
    return TokenRefused(
        "invalid_client",
        number,
        f"No matching federated identity record found for presented assertion {member} '{value}'. "
        "Check your federated identity credential Subject, Audience and Issuer against the "
        "presented assertion.",
        401,
    )


def federated_key_not_found() -> TokenRefused:
    """The issuer publishes no key with the id in the assertion's header."""
    return TokenRefused(
        "invalid_request",
        50013,
        "Assertion failed signature validation. [Reason - The key was not found.]",
    )


def issuer_unreachable(issuer: str) -> TokenRefused:
    """The issuer's keys cannot be read; Local Azure reads those of this machine only."""
    return TokenRefused(
        "invalid_request", 50166, f"Request to External OIDC endpoint '{issuer}' failed."
    )


def description(error: TokenRefused, ids: dict[str, str]) -> str:
    """Return the message with its code and the ids, in Entra's format."""
    return (
        f"AADSTS{error.number}: {error} Trace ID: {ids['trace_id']} "
        f"Correlation ID: {ids['correlation_id']} Timestamp: {ids['timestamp']}"
    )


def response(_request: Request, error: Exception) -> Response:
    """Answer with Entra's error body."""
    assert isinstance(error, TokenRefused)  # noqa: S101
    ids = correlation()
    return JSONResponse(
        {
            "error": error.error,
            "error_description": description(error, ids),
            "error_codes": [error.number],
            **ids,
            "error_uri": f"https://login.microsoftonline.com/error?code={error.number}",
        },
        status_code=error.status,
    )
