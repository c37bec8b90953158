"""Negotiation: tokens with which clients of Local Azure connect."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from pytest_django import Settings

from tests.localazure.service.application import Application
from tests.localazure.service.sockets import negotiate as connect
from tests.upstreams.sender.conftest import OWNER, Grant, use_connection_string
from upstreams.receiver import Hub
from upstreams.sender import InvalidCall, Negotiation, SendError

chat = Hub("Chat")


def unverified(answer: Negotiation) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(answer.access_token, options={"verify_signature": False})
    return claims


@pytest.mark.parametrize("is_async", [False, True])
def test_client_connects_with_the_token(allowed: Application, is_async: bool) -> None:
    options: dict[str, Any] = {"user_id": "ada ü", "lifetime": timedelta(minutes=5)}
    answer = asyncio.run(chat.anegotiate(**options)) if is_async else chat.negotiate(**options)
    assert answer.url == f"{allowed.endpoint}/client/?hub=chat"
    claims = unverified(answer)
    assert claims["asrs.s.uid"] == "ada ü"
    assert 240 < claims["exp"] - time.time() <= 300
    response = connect(allowed, answer.access_token)
    assert response.status_code == 200, response.text


def test_anonymous_client_connects(allowed: Application) -> None:
    answer = chat.negotiate()
    assert "asrs.s.uid" not in unverified(answer)
    assert connect(allowed, answer.access_token).status_code == 200


def test_token_is_for_one_hub(allowed: Application) -> None:
    answer = Hub("other").negotiate(user_id="ada")
    assert connect(allowed, answer.access_token).status_code == 401


def test_claims_are_signed_with_the_access_key(
    service: Application, settings: Settings, tmp_path: Path
) -> None:
    text = f"Endpoint={service.endpoint};AccessKey={service.key}"
    use_connection_string(settings, tmp_path, text)
    answer = chat.negotiate(user_id="ada", claims={"role": ["a", "b"], "team": "x"})
    claims = unverified(answer)
    assert (claims["role"], claims["team"]) == (["a", "b"], "x")
    assert connect(service, answer.access_token).status_code == 200
    assert not any("auth/accessKey" in one["path"] for one in service.cloud.requests("GET"))


def key_reads(service: Application) -> int:
    paths = [one["path"] for one in service.cloud.requests("GET")]
    return sum(path.endswith("/auth/accessKey") for path in paths)


@pytest.mark.parametrize("role", ["SignalR App Server", "SignalR Service Owner"])
def test_claims_without_a_key_use_a_temporary_one(
    service: Application, grant: Grant, role: str
) -> None:
    grant(role)
    before = key_reads(service)
    answers = [
        chat.negotiate(user_id="ada", claims={"team": "x"}),
        asyncio.run(chat.anegotiate(user_id="bob", claims={"team": "y"})),
    ]
    for answer in answers:
        assert connect(service, answer.access_token).status_code == 200
    assert key_reads(service) - before == 1


def test_claims_need_another_role(service: Application, grant: Grant) -> None:
    grant(OWNER)
    with pytest.raises(SendError, match="'SignalR App Server'") as raised:
        Hub("chat").on("contoso-lab").negotiate(claims={"team": "x"})
    assert raised.value.status == 403


def test_missing_role_is_named(service: Application) -> None:
    with pytest.raises(SendError, match="'SignalR REST API Owner'") as raised:
        chat.negotiate(user_id="ada")
    assert raised.value.status == 403


def test_token_is_no_longer_than_the_service_reads(
    service: Application, settings: Settings, tmp_path: Path
) -> None:
    text = f"Endpoint={service.endpoint};AccessKey={service.key}"
    use_connection_string(settings, tmp_path, text)
    with pytest.raises(InvalidCall, match="4,096"):
        chat.negotiate(claims={"team": "x" * 4000})


def test_answer_without_a_token_is_an_error(service: Application, grant: Grant) -> None:
    grant(OWNER)
    service.cloud.post(
        "/_local/faults", [{"path": ":generateToken", "status": 200, "body": {"other": "x"}}]
    )
    with pytest.raises(SendError, match="returned no 'token'"):
        chat.negotiate(user_id="ada")


def test_clients_connect_at_their_own_endpoint(
    service: Application, settings: Settings, tmp_path: Path
) -> None:
    text = (
        f"Endpoint={service.endpoint};AccessKey={service.key};"
        "ClientEndpoint=https://gateway.example.com"
    )
    use_connection_string(settings, tmp_path, text)
    answer = chat.negotiate(user_id="ada")
    assert answer.url == "https://gateway.example.com/client/?hub=chat"
    assert unverified(answer)["aud"] == f"{service.endpoint}/client/?hub=chat"
