"""The receiver over HTTP, with real tokens and keys read through discovery over TLS."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import RESOURCE, Service, Tokens
from tests.upstreams.receiver.hostile import told
from tests.upstreams.receiver.requests import (
    MESSAGEPACK,
    json_call,
    messagepack_call,
    wire,
)
from upstreams.models import Delivery, DeliveryCount, UpstreamTemplate
from upstreams.receiver import UpstreamRequest

Calls = list[UpstreamRequest]


def code(response: HttpResponse) -> str:
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["status"] == response.status_code
    found: str = problem["code"]
    return found


def test_calls_handler_and_returns_result(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    response = service.post(
        user_id=wire("änn"), user_claims="role: admin", client_query="?a=1&access_token=S3CRET"
    )
    assert response.status_code == 200
    assert response.content == b'{"type":3,"invocationId":"0","result":"hi"}\x1e'
    (call,) = project
    assert (call.instance, call.user_id, call.claims["role"]) == (seed.CHAT, "änn", "admin")
    assert "S3CRET" not in repr(call)


def test_returns_messagepack(chat: SignalRInstance, project: Calls, service: Service) -> None:
    response = service.post(messagepack_call(["hi"]), content_type=MESSAGEPACK)
    assert response.content == b"\x09\x95\x03\x80\xa10\x03\xa2hi"


@pytest.mark.parametrize(
    ("event", "body"), [("connected", b'{"type":10}'), ("disconnected", b'{"Type":11}')]
)
def test_connection_event_has_empty_response(
    chat: SignalRInstance, project: Calls, service: Service, event: str, body: bytes
) -> None:
    response = service.post(body, category="connections", event=event)
    assert (response.status_code, response.content) == (200, b"")
    assert [call.event for call in project] == [event]


@pytest.mark.parametrize("rest", ["chat/messages/echo", "a%2Fb/%F0%9F%98%80", "/", "x?code=1"])
def test_ignores_rest_of_path(
    chat: SignalRInstance, project: Calls, service: Service, rest: str
) -> None:
    response = service.post(path=f"/upstream/{seed.CHAT.upper()}/{rest}")
    assert response.status_code == 200
    assert len(project) == 1


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ({"claims": {"nbf": 1, "iat": 1, "exp": 2}}, "expired"),
        ({"key": "none"}, "algorithm_not_allowed"),
        ({"key": "hs256-public-key"}, "algorithm_not_allowed"),
        ({"key": "unknown"}, "key_id_unknown"),
        ({"resource": "api://payroll"}, "wrong_audience"),
        ({"principal": seed.ORDERS}, "wrong_principal"),
        ({"principal": None}, "wrong_principal"),
        ({"tenant": seed.OTHER_TENANT_ID}, "wrong_issuer"),
        ({"claims": {"oid": None}}, "missing_claim"),
    ],
)
def test_refuses_wrong_token(
    chat: SignalRInstance, project: Calls, token: Tokens, forgery: dict[str, Any], reason: str
) -> None:
    response = Service(token(**forgery)).post()
    assert (response.status_code, code(response)) == (401, told(reason))
    assert response["WWW-Authenticate"].startswith('Bearer realm="upstream", error="invalid_token"')
    assert project == []
    row = Delivery.objects.get()
    assert (row.outcome, row.reason, row.status) == ("refused", reason, 401)
    assert (row.user_id, row.invocation_id) == ("", "")


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Bearer", "Bearer a b", "Bearer a.b"])
def test_refuses_request_without_token(
    chat: SignalRInstance, project: Calls, service: Service, authorization: str
) -> None:
    response = service.post(authorization=authorization)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert project == []


def test_refuses_event_without_signed_template(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    UpstreamTemplate.objects.get().delete()
    response = service.post()
    assert (response.status_code, code(response)) == (401, "claims_mismatch")
    UpstreamTemplate.objects.create(instance=chat, url_template="https://app.example.com/")
    assert code(service.post()) == "claims_mismatch"
    assert project == []


def test_applies_changed_template_to_next_request(
    chat: SignalRInstance, project: Calls, service: Service, token: Tokens
) -> None:
    assert service.post().status_code == 200
    template = UpstreamTemplate.objects.get()
    template.resource = "api://payroll"
    template.save()
    assert code(service.post()) == "claims_mismatch"
    assert Service(token("api://payroll")).post().status_code == 200


def test_requires_audience_of_matching_template(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    UpstreamTemplate.objects.update(position=1)
    UpstreamTemplate.objects.create(
        instance=chat,
        url_template="https://app.example.com/",
        event_pattern="refuse",
        auth_type="ManagedIdentity",
        resource="api://payroll",
    )
    assert service.post().status_code == 200
    refused = service.post(json_call(target="refuse"), event="refuse")
    assert code(refused) == "claims_mismatch"
    assert [call.event for call in project] == ["echo"]


@pytest.mark.parametrize(
    ("found", "body", "expected"),
    [
        ({"category": "groups"}, b"", (400, "category_unknown")),
        ({"hub": ""}, b"", (400, "header_missing")),
        ({"event": "\xff"}, b"", (400, "header_not_utf8")),
        ({}, b"{", (400, "body_malformed")),
        ({}, json_call(["hi"], target="other"), (400, "target_mismatch")),
        ({"content_type": "text/plain"}, b"", (415, "media_type")),
        ({}, b" " * (1_048_576 + 1), (413, "body_too_large")),
        ({"event": "nowhere"}, json_call(target="nowhere", id_=None), (404, "no_handler")),
        ({"hub": "game"}, json_call(id_=None), (404, "no_handler")),
        ({}, json_call([1], id_=None), (400, "arguments_type")),
    ],
)
def test_refuses_invalid_request(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    found: dict[str, str],
    body: bytes,
    expected: tuple[int, str],
) -> None:
    response = service.post(body, **found)
    assert (response.status_code, code(response)) == expected
    assert project == []


def test_does_not_read_body_before_authentication(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    assert service.post(b"{", authorization="Bearer a.b.c").status_code == 401


def test_applies_receivers_body_limit(
    chat: SignalRInstance, project: Calls, service: Service, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert service.post().status_code == 200


def test_does_not_wait_for_incomplete_body(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    service.client = Client(headers={"Transfer-Encoding": "chunked"})
    assert code(service.post()) == "body_chunked"


def test_unknown_instance_is_not_found(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    response = service.post(path="/upstream/forged-name/")
    assert (response.status_code, code(response)) == (404, "unknown_instance")
    assert b"invented" not in response.content
    assert (project, Delivery.objects.count(), DeliveryCount.objects.count()) == ([], 0, 0)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_allows_post_only(chat: SignalRInstance, method: str) -> None:
    response = Client().generic(method, f"/upstream/{seed.CHAT}/")
    assert response.status_code == 405


def test_hub_error_has_status_200(chat: SignalRInstance, project: Calls, service: Service) -> None:
    response = service.post(json_call(target="refuse"), event="refuse")
    assert response.status_code == 200
    assert b'"error":"You have not joined the group."' in response.content
    assert Delivery.objects.get().reason == "hub_error"


def test_records_outcome_of_each_delivery(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    service.post(user_id="ann")
    service.post(user_id="ann", hub="CHAT")
    row = Delivery.objects.first()
    assert row is not None
    assert (row.instance, row.outcome, row.status) == (chat, "accepted", 200)
    assert (row.user_id, row.connection_id, row.invocation_id) == ("ann", "c-1", "0")
    assert row.duration_ms > 0
    count = DeliveryCount.objects.get()
    assert (count.hub, count.category, count.event) == ("chat", "messages", "echo")
    assert (count.outcome, count.count) == ("accepted", 2)


def test_unregistered_names_add_no_count_rows(
    chat: SignalRInstance, project: Calls, service: Service
) -> None:
    for number in range(20):
        service.post(hub=f"h{number}", event=f"e{number}", authorization="Bearer a.b.c")
    count = DeliveryCount.objects.get()
    assert (count.hub, count.event, count.count) == ("", "", 20)


def test_no_secret_reaches_log_or_row(
    chat: SignalRInstance, project: Calls, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.post(client_query="?access_token=S3CRET")
    service.post(client_query="?access_token=S3CRET", hub="game")
    service.post(b"{", client_query="?access_token=S3CRET")
    service.post(authorization=f"Bearer {service.bearer}x", client_query="?access_token=S3CRET")
    written = caplog.text + repr(list(Delivery.objects.values()))
    assert "S3CRET" not in written
    assert service.bearer.rpartition(".")[2] not in written


def test_logs_refusal_with_reason(
    chat: SignalRInstance, project: Calls, token: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    Service(token("api://payroll")).post()
    assert "wrong_audience" in caplog.text
    Service(token(RESOURCE)).post(category="groups")
    assert "category_unknown" in caplog.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    found=st.fixed_dictionaries(
        {},
        optional={
            name: st.text(st.characters(max_codepoint=255), max_size=20)
            for name in ("hub", "category", "event", "connection_id", "user_id", "user_claims")
        }
        | {"content_type": st.sampled_from(["application/json", MESSAGEPACK, "", "text/plain"])},
    ),
    body=st.binary(max_size=40) | st.lists(st.text(max_size=5), max_size=3).map(json_call),
)
def test_no_request_is_a_server_error(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    found: dict[str, str],
    body: bytes,
) -> None:
    assert service.post(body, **found).status_code < 500
