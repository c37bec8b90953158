"""Each thing that goes wrong becomes the error that names it, and no call sleeps it out."""

from __future__ import annotations

import itertools
import json
import logging
from typing import Any

import pytest

from arm.client import ArmClient, list_subscriptions
from arm.errors import (
    Conflict,
    CredentialMissing,
    CredentialRefused,
    Forbidden,
    NotFound,
    ServerFailed,
    Throttled,
    Unanswered,
    UnexpectedAnswer,
    Unreachable,
)
from arm.instance_state import IdentityState
from arm.request_bodies import identity_patch
from arm.settings import ArmSettings
from localazure import seed
from tests.cloud import LocalAzure

PATCH = identity_patch(IdentityState("SystemAssigned"))
AN_HOUR = {"Retry-After": "3600"}


def _break(local_azure: LocalAzure, **fault: Any) -> None:
    local_azure.post("/_local/faults", [{"path": "signalR", "times": None, **fault}])


def _read(client: ArmClient) -> None:
    client.get_instance(seed.PAYMENTS_GROUP, seed.LAB)


def _write(client: ArmClient) -> str:
    return client.patch_instance(seed.PAYMENTS_GROUP, seed.LAB, PATCH).continuation


@pytest.mark.parametrize("headers", [{}, AN_HOUR])
def test_a_throttled_write_is_sent_once(
    client: ArmClient, local_azure: LocalAzure, headers: dict[str, str]
) -> None:
    _break(local_azure, status=429, headers=headers, body={"error": {"code": "TooMany"}})
    with pytest.raises(Throttled) as caught:
        _write(client)
    assert caught.value.retry_after == (3600.0 if headers else None)
    assert len(local_azure.requests("PATCH")) == 1


@pytest.mark.parametrize("headers", [{}, AN_HOUR])
def test_a_throttled_read_does_not_wait_long(
    client: ArmClient, local_azure: LocalAzure, headers: dict[str, str]
) -> None:
    _break(local_azure, status=429, headers=headers)
    local_azure.delete("/_local/requests")
    with pytest.raises(Throttled):
        _read(client)
    assert len(local_azure.requests("GET")) == 1


def test_retries_read_with_short_retry_after(client: ArmClient, local_azure: LocalAzure) -> None:
    _break(local_azure, status=429, headers={"Retry-After": "0.01"}, times=2)
    _read(client)


def test_a_broken_server_fails_a_write_at_once(client: ArmClient, local_azure: LocalAzure) -> None:
    _break(local_azure, status=500, body={"error": {"code": "InternalServerError"}})
    with pytest.raises(ServerFailed) as caught:
        _write(client)
    assert caught.value.code == "InternalServerError"
    assert len(local_azure.requests("PATCH")) == 1


def test_a_read_survives_one_failure_of_the_server(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    _break(local_azure, status=503, times=1)
    _read(client)


def test_a_server_that_stays_broken_fails_a_read(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    _break(local_azure, status=502, body="<html>", headers={"content-type": "text/html"})
    with pytest.raises(ServerFailed):
        _read(client)


def test_a_dropped_write_may_have_been_taken(client: ArmClient, local_azure: LocalAzure) -> None:
    _break(local_azure, drop=True, after=True, method="PATCH")
    with pytest.raises(Unanswered):
        _write(client)
    assert len(local_azure.requests("PATCH")) == 1


def test_closed_port_is_unreachable(unused_port: int, client: ArmClient) -> None:
    del client
    settings = ArmSettings(f"https://localhost:{unused_port}", instance_discovery=False)
    with pytest.raises(Unreachable, match="refused") as caught:
        list(list_subscriptions(settings))
    assert not isinstance(caught.value, Unanswered)


def test_a_busy_resource_is_a_conflict(client: ArmClient, local_azure: LocalAzure) -> None:
    error = {"code": "AnotherOperationInProgress", "message": "Another operation is in progress."}
    fault = {
        "path": "signalR",
        "method": "PATCH",
        "times": 1,
        "status": 409,
        "body": {"error": error},
    }
    local_azure.post("/_local/faults", [fault])
    with pytest.raises(Conflict) as caught:
        _write(client)
    assert caught.value.is_transient


def test_a_poll_is_one_request_whatever_happens(client: ArmClient, local_azure: LocalAzure) -> None:
    continuation = _write(client)
    _break(local_azure, status=429, headers={"Retry-After": "0.01"})
    local_azure.delete("/_local/requests")
    with pytest.raises(Throttled) as caught:
        client.poll(continuation)
    assert caught.value.retry_after == 0.01
    assert len(local_azure.requests()) == 1


def test_a_forgotten_operation_is_not_found(client: ArmClient, local_azure: LocalAzure) -> None:
    continuation = _write(client)
    local_azure.reset()
    with pytest.raises(NotFound):
        client.poll(continuation)


@pytest.mark.parametrize("location", ["/elsewhere", "https://other.example/"])
def test_a_redirect_is_not_followed(
    client: ArmClient, local_azure: LocalAzure, location: str
) -> None:
    continuation = _write(client)
    _break(local_azure, status=302, headers={"Location": location})
    for act in (lambda: _read(client), lambda: client.poll(continuation)):
        with pytest.raises(UnexpectedAnswer):
            act()


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost.example/o",
        "https://localhost:1/o",
        "http://localhost:{port}/o",
        "file:///o",
    ],
)
def test_the_token_never_leaves_the_endpoints_host(
    client: ArmClient, local_azure: LocalAzure, url: str
) -> None:
    address = url.format(port=local_azure.port)
    continuation = json.dumps({"status_url": address, "result_url": None})
    with pytest.raises(UnexpectedAnswer) as caught:
        client.poll(continuation)
    assert caught.value.code == "ForeignAddress"


def test_a_next_page_elsewhere_is_not_read(client: ArmClient, local_azure: LocalAzure) -> None:
    page = {"value": [], "nextLink": "https://localhost.example/page"}
    _break(local_azure, status=200, body=page)
    with pytest.raises(UnexpectedAnswer):
        list(client.list_instances())


def test_an_answer_that_is_not_json_is_unexpected(
    client: ArmClient, local_azure: LocalAzure
) -> None:
    _break(local_azure, status=200, body="<html>")
    with pytest.raises(UnexpectedAnswer):
        _read(client)


def test_a_refused_secret_names_entras_code(
    arm_settings: ArmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "not-the-secret")
    with pytest.raises(CredentialRefused) as caught:
        list(list_subscriptions(_new_settings(arm_settings)))
    assert caught.value.code == "AADSTS7000215"
    assert "not-the-secret" not in str(caught.value)


def test_unreachable_entra_is_not_a_refusal(
    arm_settings: ArmSettings, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://localhost:{unused_port}")
    with pytest.raises(CredentialMissing) as caught:
        list(list_subscriptions(_new_settings(arm_settings)))
    assert caught.value.is_transient


def test_refuses_authority_without_https(
    arm_settings: ArmSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://localhost")
    with pytest.raises(CredentialRefused, match="https"):
        list(list_subscriptions(_new_settings(arm_settings)))


def test_an_expired_token_is_refused(client: ArmClient, local_azure: LocalAzure) -> None:
    body = {"error": {"code": "ExpiredAuthenticationToken", "message": "It has expired."}}
    _break(local_azure, status=401, body=body)
    with pytest.raises(CredentialRefused) as caught:
        _read(client)
    assert (caught.value.code, caught.value.status) == ("ExpiredAuthenticationToken", 401)


def test_a_reader_may_not_write(arm_settings: ArmSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", seed.READER_CLIENT_ID)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", seed.READER_CLIENT_SECRET)
    reader = ArmClient(seed.SUBSCRIPTION_ID, _new_settings(arm_settings))
    with pytest.raises(Forbidden) as caught:
        _write(reader)
    assert caught.value.code == "AuthorizationFailed"


def test_neither_token_nor_secret_is_logged(
    arm_settings: ArmSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="azure")
    list(list_subscriptions(_new_settings(arm_settings)))
    assert "Request URL" in caplog.text
    assert "Bearer " not in caplog.text
    assert seed.CLIENT_SECRET not in caplog.text


def _new_settings(settings: ArmSettings) -> ArmSettings:
    """Return settings that no credential was made for yet: one is kept for each."""
    return ArmSettings(settings.endpoint, instance_discovery=False, read_seconds=next(_timeouts))


_timeouts = itertools.count(10)
