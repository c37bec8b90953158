"""Failed sign-ins: the message on the page, and the codes in the log."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from requests import ConnectionError as NoConnection
from requests import HTTPError, Response

from accounts.sign_in.failures import failure_of

SECRET = "the-secret-that-was-sent"


def token_error(code: str, error: str = "invalid_client") -> Exception:
    body = f'{{"error":"{error}","error_description":"AADSTS{code}: {SECRET} Trace ID: 1"}}'
    return ValueError(f"Error retrieving access token: {body.encode()!r}")


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("7000215", "SIGNALMAN_SIGN_IN_CLIENT_SECRET is wrong"),
        ("7000222", "has expired"),
        ("700016", "SIGNALMAN_SIGN_IN_CLIENT_ID"),
        ("90002", "SIGNALMAN_SIGN_IN_TENANT_ID"),
        ("50105", "not assigned"),
        ("50011", "lacks this portal's redirect URI"),
        ("65001", "no consent"),
        ("65004", "you declined the permissions"),
        ("50020", "belongs to another tenant"),
        ("53003", "Conditional Access"),
        ("99999", "look at its log"),
    ],
)
def test_names_setting_by_error_code(code: str, setting: str) -> None:
    failure = failure_of(RequestFactory().get("/"), token_error(code))
    assert setting in failure.message
    assert f"AADSTS{code}" in failure.message
    assert f"invalid_client, AADSTS{code}" in str(failure)
    assert SECRET not in f"{failure} {failure.message}"


def test_reads_code_from_redirect() -> None:
    query = {"error": "access_denied", "error_description": f"AADSTS50105: {SECRET}"}
    failure = failure_of(RequestFactory().get("/", query), None)
    assert str(failure) == "refused by Entra, access_denied, AADSTS50105"


def test_ignores_error_that_is_no_code() -> None:
    failure = failure_of(RequestFactory().get("/", {"error": "a\nforged line"}), None)
    assert str(failure) == "refused by Entra"


def test_reads_code_from_discovery() -> None:
    response = Response()
    response.status_code = 400
    response._content = (  # noqa: SLF001  requests has no public name
        b'{"error":"invalid_tenant","error_description":"AADSTS90002: no"}'
    )
    failure = failure_of(RequestFactory().get("/"), HTTPError(response=response))
    assert "SIGNALMAN_SIGN_IN_TENANT_ID" in failure.message
    assert str(failure) == "unreachable, invalid_tenant, AADSTS90002"


def test_says_that_entra_cannot_be_reached() -> None:
    failure = failure_of(RequestFactory().get("/"), NoConnection("refused"))
    assert "cannot be reached" in failure.message
