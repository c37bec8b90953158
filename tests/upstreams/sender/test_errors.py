"""Refusals of the service, as errors that say what to do; and what is retried."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.service.application import NAME, Application, running
from tests.upstreams.sender.conftest import OWNER, Grant, use_connection_string
from upstreams.receiver import Hub
from upstreams.sender import SendError

chat = Hub("chat")
_SEND = r"/signalr/test-service/api/hubs/chat/:send"


def refused(**options: Any) -> SendError:
    """Send to all with both forms, and return the error, which is the same."""
    with pytest.raises(SendError) as raised:
        chat.send_to_all("said", "hi", **options)
    with pytest.raises(SendError) as from_loop:
        asyncio.run(chat.asend_to_all("said", "hi", **options))
    assert from_loop.value.status == raised.value.status
    # The texts of network errors differ.
    assert raised.value.status is None or str(from_loop.value) == str(raised.value)
    assert from_loop.value.retryable == raised.value.retryable
    return raised.value


def sends(cloud: LocalAzure) -> int:
    return sum(entry["path"].endswith(":send") for entry in cloud.requests("POST"))


def fail(cloud: LocalAzure, path: str = _SEND, **fault: Any) -> None:
    cloud.post("/_local/faults", [{"path": path, **fault}])


def test_missing_role_is_named(service: Application) -> None:
    error = refused()
    assert error.status == 403
    assert not error.retryable
    assert "Assign it 'SignalR REST API Owner' on the instance" in str(error)
    assert "Please check your role assignments." in str(error)
    assert "'test-service'" in str(error)


def test_missing_role_for_a_group_is_named_whatever_its_name(service: Application) -> None:
    with pytest.raises(SendError, match="Assign it 'SignalR REST API Owner'"):
        chat.send_to_group("accessKey", "said", "hi")


def test_role_for_reading_only_does_not_send(service: Application, grant: Grant) -> None:
    grant("SignalR REST API Reader")
    assert chat.user_exists("ada") is False
    assert refused().status == 403


def test_network_rules_are_named(local_azure: LocalAzure, settings: Settings) -> None:
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME}
    with running(local_azure, publicNetworkAccess="Disabled"):
        error = refused()
    assert error.status == 403
    assert "network rules" in str(error)
    assert "nginx" not in str(error)


def test_disabled_access_keys_are_named(
    local_azure: LocalAzure, settings: Settings, tmp_path: Path
) -> None:
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME}
    with running(local_azure, disableLocalAuth=True) as service:
        text = f"Endpoint={service.endpoint};AccessKey={'k' * 44};Version=1.0;"
        use_connection_string(settings, tmp_path, text)
        error = refused()
        assert error.status == 401
        assert "disableLocalAuth" in str(error)
        assert "The signature key was not found" in str(error)
        assert "kkkk" not in str(error)


def test_entra_works_without_access_keys(local_azure: LocalAzure, settings: Settings) -> None:
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME}
    with running(local_azure, disableLocalAuth=True) as service:
        scope = seed.resource_id("rg-test", "Microsoft.SignalRService/SignalR", NAME)
        one = {"role": OWNER, "principalId": seed.CLIENT_OBJECT_ID, "scope": scope}
        service.cloud.seed(roleAssignments=[one])
        chat.send_to_all("said", "hi")


def test_disabled_entra_is_named(local_azure: LocalAzure, settings: Settings) -> None:
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME}
    with running(local_azure, disableAadAuth=True):
        error = refused()
    assert error.status == 401
    assert "SIGNALMAN_SERVICE_SCOPE" in str(error)


def test_wrong_credential_is_no_response(
    service: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret")
    error = refused()
    assert error.status is None
    assert error.code.startswith("AADSTS")
    assert "wrong-secret" not in str(error)


def test_missing_instance_is_no_absence(service: Application) -> None:
    with pytest.raises(SendError) as raised:
        chat.on("no-such-instance").user_exists("ada")
    assert raised.value.status == 404
    assert raised.value.code == ""
    assert "SIGNALMAN_SERVICE_ENDPOINT" in str(raised.value)


def test_throttling_is_left_to_the_caller(allowed: Application) -> None:
    fail(allowed.cloud, status=429, headers={"Retry-After": "7"}, times=2)
    before = sends(allowed.cloud)
    error = refused()
    assert (error.status, error.retryable, error.retry_after) == (429, True, 7.0)
    assert sends(allowed.cloud) - before == 2


@pytest.mark.parametrize("status", [502, 503, 504])
def test_send_is_retried_above_500(allowed: Application, status: int) -> None:
    fail(allowed.cloud, status=status, times=3)
    before = sends(allowed.cloud)
    chat.send_to_all("said", "hi")
    assert sends(allowed.cloud) - before == 4
    fail(allowed.cloud, status=status, times=3)
    asyncio.run(chat.asend_to_all("said", "hi"))
    assert sends(allowed.cloud) - before == 8


def test_retries_end(service: Application, grant: Grant, settings: Settings) -> None:
    grant(OWNER)
    settings.SENDER = settings.SENDER | {"RETRIES": 1}
    fail(service.cloud, status=503, times=None)
    before = sends(service.cloud)
    error = refused()
    assert (error.status, error.retryable) == (503, True)
    assert sends(service.cloud) - before == 4


def test_send_is_not_repeated_after_500(allowed: Application) -> None:
    fail(allowed.cloud, status=500, times=2)
    before = sends(allowed.cloud)
    error = refused()
    assert (error.status, error.retryable) == (500, False)
    assert sends(allowed.cloud) - before == 2


@pytest.mark.parametrize("status", [408, 500, 503])
def test_other_calls_are_retried(allowed: Application, status: int) -> None:
    fail(allowed.cloud, "/users/ada$", status=status, times=2)
    assert chat.user_exists("ada") is False
    fail(allowed.cloud, "/users/ada$", status=status, times=2)
    assert asyncio.run(chat.auser_exists("ada")) is False


def test_lost_response_of_a_send_is_not_repeated(allowed: Application) -> None:
    fail(allowed.cloud, drop=True, after=True, times=2)
    before = sends(allowed.cloud)
    error = refused()
    assert (error.status, error.retryable) == (None, False)
    assert "may have been delivered" in str(error)
    assert sends(allowed.cloud) - before == 2


def test_time_out_of_a_send_is_not_repeated(
    service: Application, grant: Grant, settings: Settings
) -> None:
    grant(OWNER)
    chat.send_to_all("said")
    # Long enough for a busy machine to connect within it.
    settings.SENDER = settings.SENDER | {"TIMEOUT_SECONDS": 2.0}
    fail(service.cloud, delay=6.0, times=2)
    error = refused()
    assert not error.retryable
    assert "may have been delivered" in str(error)


def test_time_out_of_another_call_is_retried(
    service: Application, grant: Grant, settings: Settings
) -> None:
    grant(OWNER)
    chat.user_exists("ada")
    settings.SENDER = settings.SENDER | {"TIMEOUT_SECONDS": 2.0}
    fail(service.cloud, "/users/ada$", delay=6.0, times=1)
    assert chat.user_exists("ada") is False


def test_unreachable_service_was_sent_nothing(
    service: Application, settings: Settings, tmp_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    text = f"Endpoint=https://localhost:{port};AccessKey={service.key}"
    use_connection_string(settings, tmp_path, text)
    error = refused()
    assert (error.status, error.retryable) == (None, True)
    assert f"localhost:{port} cannot be reached" in str(error)


def test_answer_of_another_server_is_refused(allowed: Application) -> None:
    fail(allowed.cloud, ":generateToken", status=200, body={"other": 1}, times=1)
    fail(allowed.cloud, _SEND, status=418, body="<html>teapot</html>", times=2)
    error = refused()
    assert (error.status, error.retryable) == (418, False)


def test_without_an_instance_the_settings_are_named(settings: Settings) -> None:
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": ""}
    with pytest.raises(ImproperlyConfigured, match="SIGNALMAN_DEFAULT_INSTANCE"):
        chat.send_to_all("said")
    with pytest.raises(ImproperlyConfigured, match="SIGNALMAN_DEFAULT_INSTANCE"):
        asyncio.run(chat.asend_to_all("said"))
