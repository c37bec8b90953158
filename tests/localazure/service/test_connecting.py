from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

import jwt
import msgpack
import pytest
import requests
from websockets.exceptions import ConnectionClosed

from tests.cloud import LocalAzure
from tests.localazure.service.application import NAME, Application, running
from tests.localazure.service.sockets import SEPARATOR, Client, negotiate, open_socket, upgrade

ORIGIN = "https://app.example"


def test_negotiation_offers_three_transports(application: Application) -> None:
    answer = negotiate(application, application.client_token()).json()
    assert answer["negotiateVersion"] == 1
    assert answer["connectionId"] != answer["connectionToken"]
    assert "useStatefulReconnect" not in answer
    assert [one["transport"] for one in answer["availableTransports"]] == [
        "WebSockets",
        "ServerSentEvents",
        "LongPolling",
    ]


def test_negotiation_without_version_has_one_id(application: Application) -> None:
    answer = negotiate(application, application.client_token(), negotiateVersion="0").json()
    assert answer["negotiateVersion"] == 0
    assert "connectionToken" not in answer


def test_token_limits_the_transports(application: Application) -> None:
    token = application.client_token(**{"asrs.s.htt": 1})
    answer = negotiate(application, token).json()
    assert [one["transport"] for one in answer["availableTransports"]] == ["WebSockets"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1}, "The token expired"),
        ({"nbf": 32_000_000_000}, "The token is not valid yet"),
        ({"aud": "https://localhost/client/?hub=other"}, "The audience is invalid"),
        ({"aud": "https://localhost/api/hubs/chat"}, "The audience is invalid"),
        ({"aud": "https://other.example/client/?hub=chat"}, "The audience is invalid"),
        ({"iss": "https://sts.windows.net/"}, "The issuer is invalid"),
        ({"key": "x" * 64}, "The signature key was not found"),
        ({"exp": None}, "The token has no 'exp' claim"),
    ],
)
def test_refuses_client_token(
    application: Application, claims: dict[str, Any], reason: str
) -> None:
    refusal = negotiate(application, application.client_token(**claims))
    assert (refusal.status_code, refusal.text) == (401, "")
    assert reason in refusal.headers["WWW-Authenticate"]


def test_refuses_unsigned_client_token(application: Application) -> None:
    claims = {"aud": f"{application.endpoint}/client/?hub=chat", "exp": time.time() + 60}
    assert negotiate(application, jwt.encode(claims, "", "none")).status_code == 401


@pytest.mark.parametrize("audience", ["https://test-service.service.signalr.net", None])
def test_accepts_audience_of_either_host(application: Application, audience: str | None) -> None:
    token = application.client_token(
        aud=f"{audience or application.endpoint}/client/?hub=chat", iss="azure-signalr"
    )
    assert negotiate(application, token).status_code == 200


def test_refuses_too_long_token(application: Application) -> None:
    assert negotiate(application, application.client_token(name="x" * 4096)).status_code == 413


@pytest.mark.parametrize("hub", ["", "1chat", "a b"])
def test_refuses_invalid_hub(application: Application, hub: str) -> None:
    assert negotiate(application, application.client_token(), hub=hub).status_code == 400


def test_connects_without_id(application: Application) -> None:
    with open_socket(application, application.client_token()) as socket:
        socket.send('{"protocol":"json","version":1}' + SEPARATOR)
        assert socket.recv(20) == "{}" + SEPARATOR


def test_connects_with_token_in_query(application: Application) -> None:
    with open_socket(application, "", access_token=application.client_token()) as socket:
        socket.send('{"protocol":"json","version":1}' + SEPARATOR)
        assert socket.recv(20) == "{}" + SEPARATOR
    journal = application.cloud.get("/_local/requests")
    assert application.client_token()[:20] not in json.dumps(journal)


@pytest.mark.parametrize(("query", "status"), [({"id": "unknown"}, 404), ({}, 401)])
def test_refuses_upgrade(application: Application, query: dict[str, str], status: int) -> None:
    token = application.client_token() if query else ""
    assert upgrade(application, token, **query).status_code == status


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"protocol": "xml", "version": 1}, "The protocol 'xml' is not supported."),
        (
            {"protocol": "json", "version": 99},
            "The server does not support version 99 of the 'json' protocol.",
        ),
        (["odd"], "An unexpected error occurred during connection handshake."),
    ],
)
def test_answers_handshake_with_error(application: Application, request_: Any, error: str) -> None:
    with open_socket(application, application.client_token()) as socket:
        socket.send(json.dumps(request_) + SEPARATOR)
        assert socket.recv(20) == json.dumps({"error": error}) + SEPARATOR
        with pytest.raises(ConnectionClosed):
            socket.recv(20)
    assert application.upstream.received == []


def test_accepts_binary_handshake_with_messages(application: Application) -> None:
    with open_socket(application, application.client_token()) as socket:
        call = b'{"type":1,"invocationId":"7","target":"echo","arguments":["hi"]}\x1e'
        socket.send(b'{"protocol":"json","version":1}\x1e' + call)
        assert socket.recv(20) == "{}" + SEPARATOR
        assert json.loads(str(socket.recv(20))[:-1])["result"] == "hi"


def test_upstream_receives_unchanged_frame(application: Application) -> None:
    with Client(application, user="ada", role="admin") as client:
        frame = {"arguments": ["é"], "target": "echo", "invocationId": "1", "type": 1}
        client.send(frame)
        assert client.next() == {"type": 3, "invocationId": "1", "result": "é"}
    application.upstream.wait_for("connected", "echo", "disconnected")
    connected, sent = application.upstream.received[:2]
    assert sent.body == json.dumps(frame).encode()
    assert connected.headers["X-ASRS-User-Id"] == b"ada"
    claims = connected.headers["X-ASRS-User-Claims"].decode()
    assert "role: admin" in claims
    assert "asrs.s." not in claims
    assert connected.headers["X-ASRS-Client-Query"].startswith(b"?hub=chat&id=")


def test_events_of_a_connection_are_sent_one_at_a_time(application: Application) -> None:
    running_now: list[str] = []
    overlaps: list[str] = []
    handle = application.upstream.handler
    assert handle is not None

    def slowly(request: Any) -> bytes:
        running_now.append(request.path)
        overlaps.extend(running_now[1:])
        time.sleep(0.02)
        running_now.pop()
        return handle(request)

    application.upstream.handler = slowly
    with Client(application) as client:
        for number in range(10):
            client.invoke("echo", number, invocation_id=str(number))
        assert [client.next()["result"] for _ in range(10)] == list(range(10))
    assert overlaps == []


@pytest.mark.parametrize(
    "data", ["no json", '{"type":"1"}', '{"type":1}', "[]", '{"type":1,"target":3}']
)
def test_closes_connection_on_malformed_frame(application: Application, data: str) -> None:
    with Client(application) as client:
        client.socket.send(data + SEPARATOR)
        assert client.until_closed() == [
            {"type": 7, "error": "Connection closed with an error.", "allowReconnect": False}
        ]
    application.upstream.wait_for("connected", "disconnected")
    body = json.loads(application.upstream.received[-1].body)
    assert body == {"Type": 11, "Error": "Connection closed with an error."}


def test_ignores_unknown_frames_and_fields(application: Application) -> None:
    with Client(application) as client:
        client.send({"type": 99, "x": 1})
        client.send({"type": 6})
        client.send({"type": 8, "sequenceId": 1})
        client.invoke("echo", "still here")
        assert client.next()["result"] == "still here"


def test_refuses_stream_invocation(application: Application) -> None:
    with Client(application) as client:
        client.send({"type": 4, "invocationId": "1", "target": "echo", "arguments": []})
        assert "not supported" in client.next()["error"]


def test_close_frame_of_the_client_ends_the_connection(application: Application) -> None:
    with Client(application) as client:
        client.send({"type": 7})
        assert client.until_closed() == []
    application.upstream.wait_for("connected", "disconnected")
    assert json.loads(application.upstream.received[-1].body) == {"Type": 11}


def test_pings_a_silent_client_then_closes(local_azure: LocalAzure) -> None:
    serverless = {"connectionTimeoutInSeconds": 3, "keepAliveIntervalInSeconds": 1}
    with running(local_azure, serverless=serverless) as application, Client(application) as client:
        *pings, close = client.until_closed()
        assert pings
        assert all(ping == {"type": 6} for ping in pings)
        assert close["error"].startswith("Client timeout (3s) elapsed")
        assert close["allowReconnect"] is True


def test_closes_when_the_token_expires_if_asked_to(application: Application) -> None:
    expiry = int(time.time()) + 3
    claims = {"asrs.s.coae": "true", "asrs.s.aeo": str(expiry)}
    with Client(application, **claims) as client:
        close = client.until_closed()[-1]
    assert time.time() >= expiry
    assert close["allowReconnect"] is True


def test_default_mode_has_no_server(local_azure: LocalAzure) -> None:
    features = [{"flag": "ServiceMode", "value": "Default"}]
    with running(local_azure, features=features) as application, Client(application) as client:
        error = "No app server is currently connected to the Azure service."
        assert client.until_closed()[-1]["error"] == error
        assert application.upstream.received == []


def test_free_tier_allows_20_connections(local_azure: LocalAzure) -> None:
    with running(local_azure) as application, ExitStack() as open_clients:
        sku = {"name": "Free_F1", "tier": "Free", "capacity": 1}
        upstream: dict[str, Any] = {"templates": []}
        one = {"name": NAME, "resourceGroup": "rg-test", "sku": sku}
        local_azure.seed(instances=[one | {"properties": {"upstream": upstream}}])
        for _ in range(20):
            open_clients.enter_context(Client(application))
        token = application.client_token()
        assert negotiate(application, token).status_code == 429
        assert upgrade(application, token).status_code == 429


@pytest.mark.parametrize(
    "properties",
    [
        {"publicNetworkAccess": "Disabled"},
        {"networkACLs": {"defaultAction": "Deny", "publicNetwork": {"allow": ["RESTAPI"]}}},
        {
            "networkACLs": {
                "defaultAction": "Allow",
                "publicNetwork": {"deny": ["ClientConnection"]},
            }
        },
        {
            "networkACLs": {
                "defaultAction": "Allow",
                "publicNetwork": {"deny": None},
                "ipRules": [{"value": "10.0.0.0/8", "action": "Allow"}],
            }
        },
    ],
)
def test_network_rules_refuse_clients(local_azure: LocalAzure, properties: dict[str, Any]) -> None:
    with running(local_azure, **properties) as application:
        refusal = negotiate(application, application.client_token())
        assert refusal.status_code == 403
        assert "nginx" in refusal.text


def test_stopped_instance_refuses_clients(local_azure: LocalAzure) -> None:
    with running(local_azure, resourceStopped="true") as application:
        assert negotiate(application, application.client_token()).status_code == 404


def test_cors_echoes_allowed_origins_only(local_azure: LocalAzure) -> None:
    with running(local_azure, cors={"allowedOrigins": [ORIGIN]}) as application:
        url = f"{application.endpoint}/client/negotiate?hub=chat"

        def preflight(origin: str) -> requests.Response:
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,x-signalr-user-agent",
            }
            verify = str(local_azure.ca_file)
            return requests.options(url, headers=asked, verify=verify, timeout=20)

        allowed = preflight(ORIGIN).headers
        assert allowed["Access-Control-Allow-Origin"] == ORIGIN
        assert allowed["Access-Control-Allow-Credentials"] == "true"
        assert "authorization" in allowed["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Origin" not in preflight("https://evil.example").headers


@pytest.mark.parametrize("suffix", ["net", "localhost"])
def test_host_header_names_the_instance(application: Application, suffix: str) -> None:
    answer = requests.post(
        f"{application.cloud.url}/client/negotiate?hub=chat",
        headers={
            "Host": f"{NAME}.service.signalr.{suffix}",
            "Authorization": f"Bearer {application.client_token()}",
        },
        verify=str(application.cloud.ca_file),
        timeout=20,
    )
    assert answer.status_code == 200


def test_unknown_instance_is_not_found(local_azure: LocalAzure) -> None:
    answer = requests.get(
        f"{local_azure.url}/signalr/missing/api/health",
        verify=str(local_azure.ca_file),
        timeout=20,
    )
    assert answer.status_code == 404


def test_lists_and_drops_connections(application: Application) -> None:
    with Client(application, user="ada") as client:
        (listed,) = application.cloud.get("/_local/connections")
        assert listed["connectionId"] == client.connection_id
        assert (listed["hub"], listed["userId"]) == ("chat", "ada")
        assert application.cloud.post("/_local/connections/drop", {}) == {"dropped": 1}
        assert client.until_closed() == []
    application.upstream.wait_for("connected", "disconnected")


def test_reset_drops_connections_without_an_event(application: Application) -> None:
    with Client(application) as client:
        application.upstream.wait_for("connected")
        application.cloud.reset()
        assert client.until_closed() == []
    assert application.cloud.get("/_local/connections") == []
    assert application.upstream.events() == ["connected"]


def test_faults_refuse_an_upgrade(application: Application) -> None:
    fault = {"path": "/client/$", "status": 503, "headers": {"Retry-After": "1"}, "body": "busy"}
    application.cloud.post("/_local/faults", [fault])
    refused = upgrade(application, application.client_token())
    assert (refused.status_code, refused.text) == (503, "busy")
    assert refused.headers["Retry-After"] == "1"
    with Client(application):
        logged = application.cloud.get("/_local/requests")[-1]
    assert (logged["method"], logged["status"]) == ("GET", 101)
    assert logged["path"].endswith("/client/")


def test_faults_cut_an_upgrade(application: Application) -> None:
    application.cloud.post("/_local/faults", [{"path": "/client/$", "drop": True}])
    with pytest.raises(requests.ConnectionError):
        upgrade(application, application.client_token())


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-msgpack"])
def test_log_of_requests_has_no_tokens(application: Application, kind: str) -> None:
    token = application.client_token()
    frame = {"type": 1, "target": "x", "headers": {"Authorization": f"Bearer {token}"}}
    body = msgpack.packb([1, frame["headers"]]) if "msgpack" in kind else json.dumps(frame).encode()
    requests.post(
        f"{application.endpoint}/client/",
        params={"hub": "chat", "id": "none", "access_token": token},
        data=body + b"\x1e",
        headers={"Content-Type": kind},
        verify=str(application.cloud.ca_file),
        timeout=30,
    )
    [entry] = application.cloud.requests("POST")[-1:]
    assert "(hidden)" in str(entry["body"])
    assert token not in str(entry)
