from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import MaxRetryError, NewConnectionError

from arm.errors import (
    ArmError,
    Conflict,
    CredentialMissing,
    CredentialRefused,
    Forbidden,
    NotFound,
    OperationFailed,
    Rejected,
    ServerFailed,
    Throttled,
    Unanswered,
    UnexpectedAnswer,
    Unreachable,
)
from arm.transport.error_translation import error_for_status, retry_after_seconds, translate

SIGNED_PATH = "/operationStatuses/1?s=signature"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, CredentialRefused),
        (403, Forbidden),
        (404, NotFound),
        (408, ServerFailed),
        (409, Conflict),
        (412, Rejected),
        (429, Throttled),
        (500, ServerFailed),
        (503, ServerFailed),
        (302, UnexpectedAnswer),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[ArmError]) -> None:
    assert error_for_status(status) is kind


@pytest.mark.parametrize("kind", [Throttled, ServerFailed, Unreachable, Unanswered, Conflict])
def test_what_passes_with_time_is_transient(kind: type[ArmError]) -> None:
    assert kind().is_transient


@pytest.mark.parametrize(
    "kind", [Rejected, Forbidden, NotFound, CredentialRefused, OperationFailed]
)
def test_what_time_does_not_cure_is_not_transient(kind: type[ArmError]) -> None:
    assert not kind().is_transient


def test_a_lock_does_not_pass_with_time() -> None:
    assert not Conflict("It is locked.", code="ScopeLocked").is_transient


def test_a_refused_credential_passes_only_where_its_token_had_expired() -> None:
    assert CredentialRefused("Too late.", code="ExpiredAuthenticationToken").is_transient
    assert not CredentialRefused("Wrong.", code="InvalidAuthenticationToken").is_transient


def test_an_error_says_what_to_do_and_what_azure_said() -> None:
    error = Rejected("The resource must be a URI.", code="InvalidRequest")
    assert str(error).startswith(Rejected.summary)
    assert str(error).endswith("InvalidRequest: The resource must be a URI.")


def test_keeps_code_and_message_of_entra() -> None:
    error = translate(
        ClientAuthenticationError(
            "DefaultAzureCredential failed.\n\tEnvironmentCredential: Authentication failed: "
            "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2"
        )
    )
    assert isinstance(error, CredentialRefused)
    assert (error.code, error.message) == ("AADSTS7000215", "Invalid client secret provided.")


def test_a_credential_that_was_never_asked_for_may_come_later() -> None:
    error = translate(ClientAuthenticationError("EnvironmentCredential:\n is not configured"))
    assert isinstance(error, CredentialMissing)
    assert error.is_transient


def test_signed_url_is_not_in_the_message() -> None:
    refused = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]
    cause = ConnectionError(MaxRetryError(None, SIGNED_PATH, refused))  # type: ignore[arg-type]
    error = translate(ServiceRequestError(cause, error=cause))
    assert isinstance(error, Unreachable)
    assert "signature" not in str(error)
    assert "Connection refused" in str(error)


@given(st.floats(min_value=0, max_value=3600))
def test_fractions_of_a_second_are_kept(seconds: float) -> None:
    assert retry_after_seconds({"Retry-After": str(seconds)}) == seconds


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "-inf"])
def test_a_wait_that_cannot_be_read_counts_as_not_said(value: str) -> None:
    assert retry_after_seconds({"Retry-After": value}) is None


@pytest.mark.parametrize("value", ["-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wait_that_is_over_is_none(value: str) -> None:
    assert retry_after_seconds({"Retry-After": value}) == 0.0


@pytest.mark.parametrize("value", ["3601", "1e308", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_retry_after_is_at_most_an_hour(value: str) -> None:
    assert retry_after_seconds({"Retry-After": value}) == 3600.0
