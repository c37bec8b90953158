"""Negotiation over HTTP, as @microsoft/signalr sends it; the tokens connect to Local Azure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.localazure.service.application import Application
from tests.localazure.service.sockets import negotiate as connect
from tests.upstreams.sender.conftest import OWNER, Grant
from upstreams.receiver import Hub
from upstreams.receiver.testing import Recorder, installed_hubs
from upstreams.sender import SendError
from upstreams.sender.context import using

# What @microsoft/signalr sends beside the authorization.
HEADERS = {
    "X-Requested-With": "XMLHttpRequest",
    "X-SignalR-User-Agent": "Microsoft SignalR/10.0 (10.0.11; Unknown OS; Browser; Unknown)",
}


@pytest.fixture(autouse=True)
def _mounted(settings: Settings, db: None) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.upstreams.sender.negotiation.project_urls"
    User.objects.create(username="ada")
    with installed_hubs(Hub("Chat"), Hub("alerts", instance="contoso-alerts")):
        yield


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    with using(recorder):
        yield recorder


def negotiate(path: str = "/negotiate/chat/negotiate", bearer: str = "ada", **headers: str) -> Any:
    """Send a client's request; the client checks CSRF tokens as a browser's session would."""
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    return Client(enforce_csrf_checks=True).post(
        f"{path}?negotiateVersion=1",
        b"",
        content_type="text/plain;charset=UTF-8",
        headers=HEADERS | headers,
    )


@pytest.mark.parametrize(
    "path", ["/negotiate/chat/negotiate", "/negotiate/chat/", "/negotiate/CHAT/negotiate/"]
)
def test_client_connects_with_the_answer(service: Application, grant: Grant, path: str) -> None:
    grant(OWNER)
    response = negotiate(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    assert set(answer) == {"url", "accessToken"}
    assert answer["url"] == f"{service.endpoint}/client/?hub=chat"
    claims = jwt.decode(answer["accessToken"], options={"verify_signature": False})
    assert claims["asrs.s.uid"] == "ada"
    assert claims["exp"] - claims["iat"] == 600
    assert connect(service, answer["accessToken"]).status_code == 200


def test_user_must_be_authenticated(recorder: Recorder) -> None:
    response = negotiate(bearer="")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert recorder.clients == []


def test_session_needs_a_csrf_token(recorder: Recorder) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ada"))
    assert client.post("/negotiate/chat/negotiate").status_code == 403
    client.cookies["csrftoken"] = "x" * 32
    headers = {"X-CSRFToken": "x" * 32}
    for kind in ("text/plain;charset=UTF-8", "multipart/form-data", "application/json"):
        answer = client.post("/negotiate/chat/negotiate", "x", content_type=kind, headers=headers)
        assert answer.status_code == 200
    assert [each.user_id for each in recorder.clients] == ["ada"] * 3


def test_project_turns_a_user_away(recorder: Recorder) -> None:
    User.objects.create(username="mallory")
    assert negotiate(bearer="mallory").status_code == 403
    assert recorder.clients == []


def test_claims_are_the_projects(recorder: Recorder) -> None:
    User.objects.create(username="bob", last_name="red")
    assert negotiate(bearer="bob").status_code == 200
    assert [each.claims for each in recorder.clients] == [(("team", "red"),)]


@pytest.mark.parametrize("team", ["red, role: admin", "red\r\nX-Forged: 1"], ids=repr)
def test_refuses_claims_that_could_forge_others(recorder: Recorder, team: str) -> None:
    User.objects.create(username="eve", last_name=team)
    response = negotiate(bearer="eve")
    assert response.status_code == 400
    assert "'team'" in response.json()["detail"]
    assert "admin" not in response.content.decode()
    assert recorder.clients == []


@pytest.mark.parametrize("hub", ["unknown", "..", "*", "1", "chat%2Fx", "%0a"])
def test_unknown_hub_is_not_found(recorder: Recorder, hub: str) -> None:
    assert negotiate(f"/negotiate/{hub}/negotiate").status_code == 404
    assert recorder.clients == []


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
def test_only_post_is_answered(recorder: Recorder, method: str) -> None:
    response = getattr(Client(), method)("/negotiate/chat/negotiate")
    assert response.status_code in {401, 405}
    assert recorder.clients == []


def test_hub_that_takes_every_name_negotiates_for_it(recorder: Recorder) -> None:
    with installed_hubs(Hub()):
        response = negotiate("/negotiate/Weather/negotiate")
        assert response.json()["url"].endswith("hub=weather")
        assert negotiate("/negotiate/1/negotiate").status_code == 404


def test_anonymous_clients_are_the_projects_decision(recorder: Recorder) -> None:
    assert negotiate("/open/chat/negotiate", bearer="").status_code == 200
    assert [each.user_id for each in recorder.clients] == [None]


def test_view_names_the_instance(service: Application) -> None:
    # Local Azure grants nothing there; its answer names the instance that was called.
    assert negotiate("/lab/chat/negotiate").status_code == 502
    [call] = [one for one in service.cloud.requests("POST") if "generateToken" in one["path"]]
    assert call["path"].startswith("/signalr/contoso-lab/")


def test_refusal_of_the_service_is_for_the_log(
    service: Application, caplog: pytest.LogCaptureFixture
) -> None:
    response = negotiate()
    assert response.status_code == 502
    assert "The log has the reason" in response.json()["detail"]
    assert "role" not in response.content.decode()
    assert "SignalR REST API Owner" in caplog.text


def test_busy_service_is_to_be_asked_later(recorder: Recorder) -> None:
    recorder.error = SendError("busy", status=429, retryable=True, retry_after=7.0)
    response = negotiate()
    assert (response.status_code, response["Retry-After"]) == (503, "7")
    recorder.error = SendError("away", retryable=True)
    assert negotiate()["Retry-After"] == "5"


def test_negotiations_of_a_user_are_limited(recorder: Recorder, settings: Settings) -> None:
    settings.SENDER = settings.SENDER | {"NEGOTIATIONS_A_MINUTE": 3}
    User.objects.create(username="bob")
    assert [negotiate().status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert negotiate(bearer="bob").status_code == 200


def test_token_is_not_logged(
    service: Application, grant: Grant, caplog: pytest.LogCaptureFixture
) -> None:
    grant(OWNER)
    caplog.set_level(logging.DEBUG)
    token = negotiate().json()["accessToken"]
    assert token not in caplog.text
