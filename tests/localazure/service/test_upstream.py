from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import jwt
import msgpack
import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.service.upstream import Received, Upstream, serving

VECTOR_CONNECTION = "0f9c97a2f0bf4706afe87a14e0797b11"
HARDENED: dict[str, Any] = {"disableLocalAuth": True}
SYSTEM_ASSIGNED = {"type": "SystemAssigned"}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as one:
        yield one


def template(url: str, resource: str | None = None, **patterns: str) -> dict[str, Any]:
    auth = {"type": "ManagedIdentity", "managedIdentity": {"resource": resource}}
    patterns = {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"} | patterns
    return {"urlTemplate": url, "auth": auth if resource else None, **patterns}


def seed_instance(cloud: LocalAzure, *templates: dict[str, Any], **description: Any) -> None:
    properties = description.pop("properties", {}) | {"upstream": {"templates": list(templates)}}
    one = {"name": "test-one", "resourceGroup": "rg-test", "properties": properties, **description}
    cloud.seed(instances=[one])


def send(cloud: LocalAzure, **event: Any) -> Any:
    message = {"instance": "test-one", "hub": "chat", "category": "messages", "event": "echo"}
    return cloud.post("/_local/events", message | event)


def test_sends_to_the_first_matching_template(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(
        local_azure,
        template(f"{upstream.url}/a", hubPattern="other"),
        template(f"{upstream.url}/b", eventPattern="shout, echo"),
        template(f"{upstream.url}/c"),
    )
    assert send(local_azure)["matched"] == 1
    assert send(local_azure, event="Echo")["matched"] == 2
    assert [one.path for one in upstream.received] == ["/b", "/c"]


def test_sends_nothing_without_a_matching_template(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url, categoryPattern="connections"))
    outcome = send(local_azure, invocationId="0")
    assert (outcome["matched"], outcome["status"], outcome["clientFrame"]) == (None, None, None)
    assert upstream.received == []


def test_escapes_placeholders(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url + "/{hub}/{category}/{event}?x={other}"))
    send(local_azure, event="a/b ü")
    assert upstream.received[0].path.startswith("/chat/messages/a%2Fb%20%C3%BC?x=")


def test_sends_the_headers_of_the_service(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(
        local_azure,
        connectionId=VECTOR_CONNECTION,
        userId="jürgen",
        claims=[["name", "Jürgen"], ["role", "admin"]],
        query="a=1&b=2",
    )
    headers = upstream.received[0].headers
    assert headers["X-ASRS-Connection-Id"] == VECTOR_CONNECTION.encode()
    assert headers["X-ASRS-Hub"] == b"chat"
    assert headers["X-ASRS-Category"] == b"messages"
    assert headers["X-ASRS-Event"] == b"echo"
    assert headers["X-ASRS-User-Id"] == "jürgen".encode()
    assert headers["X-ASRS-User-Claims"] == "name: Jürgen, role: admin".encode()
    assert headers["X-ASRS-Client-Query"] == b"?a=1&b=2"
    assert headers["Content-Type"] == b"application/json"
    assert "Authorization" not in headers


def test_omits_headers_without_a_value(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url), properties=HARDENED)
    send(local_azure)
    missing = {"X-ASRS-User-Id", "X-ASRS-User-Claims", "X-ASRS-Client-Query", "X-ASRS-Signature"}
    assert missing.isdisjoint(upstream.received[0].headers)


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ({"category": "connections", "event": "connected"}, {"type": 10}),
        ({"category": "connections", "event": "disconnected"}, {"Type": 11}),
        (
            {"category": "connections", "event": "disconnected", "error": "lost"},
            {"Type": 11, "Error": "lost"},
        ),
        (
            {"arguments": ["hé", 1, None], "invocationId": "7"},
            {"type": 1, "invocationId": "7", "target": "echo", "arguments": ["hé", 1, None]},
        ),
        ({}, {"type": 1, "target": "echo", "arguments": []}),
    ],
)
def test_json_bodies(
    local_azure: LocalAzure, upstream: Upstream, event: dict[str, Any], body: dict[str, Any]
) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(local_azure, **event)
    assert json.loads(upstream.received[0].body) == body


def test_messagepack_bodies_have_no_length_prefix(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(local_azure, protocol="messagepack", event="fire", arguments=["x"])
    # What Microsoft's JavaScript client sends for send("fire", "x").
    assert upstream.received[0].body == bytes.fromhex("950180c0a46669726591a178")
    assert upstream.received[0].headers["Content-Type"] == b"application/x-msgpack"


def test_connection_events_are_json_for_messagepack_clients(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(local_azure, protocol="messagepack", category="connections", event="connected")
    assert upstream.received[0].body == b'{"type":10}'


def test_signs_with_each_access_key(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(local_azure)
    signatures = upstream.received[0].headers["X-ASRS-Signature"].split(b", ")
    assert len(set(signatures)) == 2
    assert all(len(one.removeprefix(b"sha256=")) == 64 for one in signatures)


def test_signed_template_sends_token_of_the_identity(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(
        local_azure, template(upstream.url, "api://mine"), identity={"type": "SystemAssigned"}
    )
    send(local_azure)
    token = upstream.received[0].headers["Authorization"].removeprefix(b"Bearer ")
    claims = verified(local_azure, token.decode(), "api://mine")
    assert claims["iss"] == f"https://sts.windows.net/{seed.TENANT_ID}/"
    assert claims["tid"] == seed.TENANT_ID
    assert claims["sub"] == claims["oid"]
    assert (claims["ver"], claims["appidacr"]) == ("1.0", "2")
    assert claims["xms_mirid"].endswith("/providers/Microsoft.SignalRService/SignalR/test-one")
    assert claims["exp"] - claims["iat"] > 86_000


def verified(cloud: LocalAzure, token: str, audience: str) -> dict[str, Any]:
    """Verify a token like a receiver, with the keys from discovery."""
    base, ca = f"{cloud.url}/{seed.TENANT_ID}", str(cloud.ca_file)
    document = requests.get(f"{base}/.well-known/openid-configuration", verify=ca, timeout=5).json()
    keys = jwt.PyJWKSet(requests.get(document["jwks_uri"], verify=ca, timeout=5).json()["keys"])
    key = keys[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer=document["issuer"]
    )


def test_user_assigned_identity_has_its_own_principal(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    arm_id = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    identity = {"type": "UserAssigned", "userAssignedIdentities": {arm_id: {}}}
    seed_instance(local_azure, template(upstream.url, "api://mine"), identity=identity)
    send(local_azure)
    token = upstream.received[0].headers["Authorization"].removeprefix(b"Bearer ")
    claims = verified(local_azure, token.decode(), "api://mine")
    assert claims["oid"] == seed.ORDERS_PRINCIPAL_ID
    assert claims["appid"] == seed.ORDERS_CLIENT_ID
    assert claims["xms_mirid"] == arm_id
    assert claims["xms_az_rid"].endswith("/test-one")


def test_sends_nothing_without_the_identity_that_a_template_needs(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url, "api://mine"))
    outcome = send(local_azure)
    assert outcome["error"] == "The instance 'test-one' has no managed identity."
    assert upstream.received == []


def test_sends_the_given_token_instead(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url, "api://mine"))
    send(local_azure, token="forged")
    send(local_azure, token="")
    assert upstream.received[0].headers["Authorization"] == b"Bearer forged"
    assert "Authorization" not in upstream.received[1].headers


def test_sends_to_this_machine_only(local_azure: LocalAzure) -> None:
    seed_instance(local_azure, template("https://example.com/"))
    assert "only to this machine" in send(local_azure)["error"]


@pytest.mark.parametrize(
    ("status", "answer", "seen"),
    [
        (200, b'{"type":3,"invocationId":"0","result":1}\x1e', None),
        (200, b"", {"type": 3, "invocationId": "0"}),
        (204, b"", {"type": 3, "invocationId": "0"}),
        (
            401,
            b"no",
            {"type": 3, "invocationId": "0", "error": "Invocation failed, status code 401"},
        ),
    ],
)
def test_waiting_client_receives_a_completion(
    local_azure: LocalAzure,
    upstream: Upstream,
    status: int,
    answer: bytes,
    seen: dict[str, Any] | None,
) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.status, upstream.answer = status, answer
    outcome = send(local_azure, invocationId="0")
    assert outcome["status"] == status
    expected = answer.decode() if seen is None else json.dumps(seen, separators=(",", ":")) + "\x1e"
    assert outcome["clientFrame"] == expected


def test_messagepack_client_receives_an_error_with_its_length(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.status = 404
    outcome = send(local_azure, protocol="messagepack", invocationId="0")
    frame = base64.b64decode(outcome["clientFrame"])
    assert frame[0] == len(frame) - 1
    assert msgpack.unpackb(frame[1:]) == [3, {}, "0", 1, "Invocation failed, status code 404"]


def test_client_that_does_not_wait_receives_nothing(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.answer = b"ignored"
    assert send(local_azure)["clientFrame"] is None


def test_unreachable_upstream_is_status_500_to_the_client(local_azure: LocalAzure) -> None:
    seed_instance(local_azure, template("http://127.0.0.1:1/"))
    outcome = send(local_azure, invocationId="0")
    assert outcome["status"] is None
    assert "status code 500" in outcome["clientFrame"]


def test_default_mode_sends_nothing(local_azure: LocalAzure, upstream: Upstream) -> None:
    features = [{"flag": "ServiceMode", "value": "Default"}]
    seed_instance(local_azure, template(upstream.url), properties={"features": features})
    outcome = send(local_azure)
    assert (
        outcome["error"] == "The instance is in Default mode. Only Serverless mode uses upstream."
    )
    assert upstream.received == []


def test_sends_no_headers_of_its_own(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url))
    send(local_azure)
    names = {name.lower() for name in upstream.received[0].headers}
    assert {name for name in names if not name.startswith("x-asrs-")} == {
        "host",
        "content-type",
        "content-length",
    }


def test_empty_chunked_answer_completes_nothing(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.chunked = True
    outcome = send(local_azure, invocationId="0")
    assert (outcome["status"], outcome["clientFrame"]) == (200, None)


def test_chunked_answer_reaches_the_client(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.chunked, upstream.answer = True, b'{"type":3,"invocationId":"0"}\x1e'
    assert send(local_azure, invocationId="0")["clientFrame"] == upstream.answer.decode()


def test_answer_beyond_16_mib_is_an_error(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.answer = b" " * (16 * 1024 * 1024 + 1)
    frame = json.loads(send(local_azure, invocationId="0")["clientFrame"][:-1])
    assert frame["error"] == "Invocation failed, response too large."


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [(307, "POST", b'{"type":10}'), (308, "POST", b'{"type":10}'), (302, "GET", b"")],
)
def test_follows_redirects_without_the_token(
    local_azure: LocalAzure, upstream: Upstream, status: int, method: str, body: bytes
) -> None:
    def redirect(request: Received) -> bytes:
        upstream.status = status if request.path == "/first" else 200
        return b""

    upstream.handler, upstream.headers = redirect, {"Location": "/second"}
    seed_instance(
        local_azure, template(f"{upstream.url}/first", "api://x"), identity=SYSTEM_ASSIGNED
    )
    outcome = send(local_azure, category="connections", event="connected")
    assert outcome["status"] == 200
    first, second = upstream.received
    assert "Authorization" in first.headers
    assert "Authorization" not in second.headers
    assert (second.path, second.method, second.body) == ("/second", method, body)
    assert second.headers["X-ASRS-Event"] == b"connected"


def test_follows_no_redirect_to_another_machine(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url))
    upstream.status, upstream.headers = 307, {"Location": "http://example.com/"}
    assert "only to this machine" in send(local_azure)["error"]


@pytest.mark.parametrize(
    "event",
    [
        {"event": "\ud800"},
        {"event": ""},
        {"event": "a" * 5000},
        {"userId": "ä\udfff"},
        {"claims": [["name", "a\r\nX-Injected: 1"]]},
        {"arguments": ["\ud800"], "protocol": "messagepack"},
        {"arguments": [10**40]},
        {"arguments": [10**40], "protocol": "messagepack"},
        {"hub": ""},
    ],
)
def test_invalid_events_are_no_server_error(
    local_azure: LocalAzure, upstream: Upstream, event: dict[str, Any]
) -> None:
    seed_instance(local_azure, template(upstream.url + "/{event}"))
    outcome = send(local_azure, invocationId="0", **event)
    assert outcome["status"] == 200 or outcome["error"]
    assert all("X-Injected" not in one.headers for one in upstream.received)


@pytest.mark.parametrize(
    "properties",
    [
        {"upstream": None},
        {"upstream": {"templates": [{"urlTemplate": "http://127.0.0.1:1/"}]}},
        {"upstream": {"templates": [{}]}},
        {"upstream": {"templates": [{"urlTemplate": "http://127.0.0.1:1/", "auth": {}}]}},
        {"features": None},
        {"features": [{"flag": "ServiceMode", "value": None}]},
    ],
)
def test_invalid_instance_is_no_server_error(
    local_azure: LocalAzure, properties: dict[str, Any]
) -> None:
    one = {"name": "test-one", "resourceGroup": "rg-test", "properties": properties}
    local_azure.seed(instances=[one])
    assert send(local_azure)["status"] is None
