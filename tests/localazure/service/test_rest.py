from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import msgpack
import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.service.application import NAME, Application, running
from tests.localazure.service.sockets import Client, negotiate

SCOPE = seed.resource_id("rg-test", "Microsoft.SignalRService/SignalR", NAME)
SAID = {"target": "said", "arguments": ["hello"]}


def entra(application: Application, **order: Any) -> str:
    """Return a token of the chat's identity for the service, or as the order says."""
    asked = {"resource": "https://signalr.azure.com", "principal": seed.CHAT} | order
    return str(application.cloud.post("/_local/tokens", asked)["token"])


def grant(application: Application, role: str) -> None:
    one = {"role": role, "principalId": seed.CHAT_PRINCIPAL_ID, "scope": SCOPE}
    application.cloud.seed(roleAssignments=[one])


def said(*clients: Client) -> list[Any]:
    return [client.next()["arguments"] for client in clients]


def test_sends_reach_all_user_group_and_connection(application: Application) -> None:
    with Client(application, user="a/b") as ada, Client(application) as bob:
        assert application.send("", 1) == 202
        assert said(ada, bob) == [[1], [1]]
        assert application.send("/users/a%2Fb", 2) == 202
        assert application.send(f"/connections/{bob.connection_id}", 3) == 202
        assert said(ada, bob) == [[2], [3]]
        path = f"/hubs/chat/groups/r%2F1/connections/{bob.connection_id}"
        assert application.rest("PUT", path).status_code == 200
        assert application.send("/groups/r%2F1", 4) == 202
        excluded = {"excluded": [ada.connection_id]}
        body = {"Target": "said", "Arguments": [5]}
        sent = application.rest("POST", "/hubs/CHAT/:send", json=body, params=excluded)
        assert sent.status_code == 202
        assert said(bob, bob) == [[4], [5]]


@pytest.mark.parametrize("place", ["/users/missing", "/groups/missing", "/connections/missing"])
def test_send_without_recipients_is_accepted(application: Application, place: str) -> None:
    assert application.send(place, 1) == 202


def test_family_v1_has_its_own_paths_and_statuses(application: Application) -> None:
    with Client(application, user="ada") as client:
        hub = "/v1/hubs/chat"
        one = f"{hub}/connections/{client.connection_id}"
        for path in (hub, f"{hub}/users/ada", one):
            assert application.rest("POST", path, json=SAID).status_code == 202
        assert said(client, client, client) == [["hello"]] * 3
        assert application.rest("PUT", f"{hub}/groups/g/users/ada").status_code == 202
        assert application.rest("GET", f"{hub}/users/ada/groups/g").status_code == 200
        assert application.rest("POST", f"{hub}/groups/g", json=SAID).status_code == 202
        assert application.rest("DELETE", f"{hub}/users/ada/groups/g").status_code == 202
        assert application.rest("DELETE", one).status_code == 202
        assert application.rest("POST", f"{hub}/:send", json=SAID).status_code == 404


def test_existence(application: Application) -> None:
    with Client(application, user="ada") as client:
        group = f"/hubs/chat/groups/g/connections/{client.connection_id}"
        assert application.rest("PUT", group).status_code == 200
        for path in (f"connections/{client.connection_id}", "users/ada", "groups/g"):
            assert application.rest("HEAD", f"/hubs/chat/{path}").status_code == 200
    for path, code in (
        ("connections/missing", "Warning.Connection.NotExisted"),
        ("users/missing", "Warning.User.NotExisted"),
        ("groups/missing", "Warning.Group.NotExisted"),
        ("users/missing/groups/g", "Info.User.NotInGroup"),
    ):
        absent = application.rest("HEAD", f"/hubs/chat/{path}")
        assert (absent.status_code, absent.headers["x-ms-error-code"]) == (404, code)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_group_of_unknown_connection_is_an_error(application: Application, method: str) -> None:
    absent = application.rest(method, "/hubs/chat/groups/g/connections/missing")
    assert absent.status_code == 404
    assert absent.json()["code"] == absent.headers["x-ms-error-code"]
    assert absent.json()["code"] == "Error.Connection.NotExisted"


def test_wrong_path_is_not_found_without_error_code(application: Application) -> None:
    absent = application.rest("POST", "/hubs/chat/:nothing")
    assert absent.status_code == 404
    assert "x-ms-error-code" not in absent.headers


def test_groups_of_user_apply_to_later_connections(application: Application) -> None:
    def member(method: str, group: str, **query: str) -> int:
        path = f"/hubs/chat/users/ada/groups/{group}"
        return int(application.rest(method, path, params=query).status_code)

    assert member("PUT", "lasting") == 200
    assert member("PUT", "short", ttl="1") == 200
    assert member("PUT", "present", ttl="0") == 200
    time.sleep(1.1)
    with Client(application, user="ada") as client:
        assert [member("GET", one) for one in ("lasting", "short", "present")] == [200, 404, 404]
        assert member("PUT", "present", ttl="0") == 200
        assert application.send("/groups/lasting", 1) == 202
        assert application.send("/groups/present", 2) == 202
        assert said(client, client) == [[1], [2]]
        assert member("DELETE", "present") == 204
        assert application.rest("DELETE", "/hubs/chat/users/ada/groups").status_code == 204
        assert member("GET", "lasting") == 404
        assert member("PUT", "odd", ttl="-1") == 400


def test_closes_users_groups_and_all(application: Application) -> None:
    with Client(application, user="ada") as ada, Client(application, user="bob") as bob:
        reason = {"reason": "enough"}
        path = "/hubs/chat/users/ada/:closeConnections"
        assert application.rest("POST", path, params=reason).status_code == 204
        close = {"type": 7, "error": "enough", "allowReconnect": True}
        assert ada.until_closed() == [close]
        path, excluded = "/hubs/chat/:closeConnections", {"excluded": bob.connection_id}
        assert application.rest("POST", path, params=excluded).status_code == 204
        assert application.send("", "still here") == 202
        assert said(bob) == [["still here"]]
        assert application.rest("POST", path).status_code == 204
        assert bob.until_closed() == [{"type": 7, "allowReconnect": True}]


def test_lists_a_groups_connections_in_pages(application: Application) -> None:
    with Client(application, user="ada") as ada, Client(application) as bob:
        expected = [{"connectionId": ada.connection_id, "userId": "ada"}]
        expected.append({"connectionId": bob.connection_id})
        for one in expected:
            path = f"/hubs/chat/groups/g/connections/{one['connectionId']}"
            application.rest("PUT", path)
        path, found = "/hubs/chat/groups/g/connections", []
        page = application.rest("GET", path, params={"maxpagesize": "1"}).json()
        found += page["value"]
        following = page["nextLink"].partition("continuationToken=")[2]
        query = {"maxpagesize": "1", "continuationToken": following}
        page = application.rest("GET", path, params=query).json()
        assert "nextLink" not in page
        assert sorted(found + page["value"], key=str) == sorted(expected, key=str)


def test_client_without_a_handler_answers_an_invocation_with_an_error(
    application: Application,
) -> None:
    with Client(application) as client, ThreadPoolExecutor(1) as pool:
        path = f"/hubs/chat/connections/{client.connection_id}/:invoke"
        answer = pool.submit(application.rest, "POST", path, json=SAID)
        call = client.next()
        client.send({"type": 3, "invocationId": call["invocationId"], "error": "No handler."})
        assert (answer.result().status_code, answer.result().text) == (400, "No handler.")


def test_frames_of_both_protocols_reach_their_clients(application: Application) -> None:
    frames = {"json": b'{"type":1,"target":"raw","arguments":[1]}\x1e', "messagepack": b"\x01\x06"}
    with Client(application) as client:
        sent = application.rest(
            "POST",
            "/hubs/chat/:send",
            data=msgpack.packb(frames),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert sent.status_code == 202
        assert client.next()["target"] == "raw"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"arguments":[]}',
        b'{"target":""}',
        b'{"target":1}',
        b'{"target":"x","arguments":{}}',
        b'{"target":"x","arguments":[NaN]}',
        b"\xff",
    ],
)
def test_refuses_body(application: Application, body: bytes) -> None:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    refused = application.rest("POST", "/hubs/chat/:send", data=body, headers=kind)
    assert refused.status_code == 400
    assert refused.json()["message"]


def test_refuses_body_beyond_1_mb(application: Application) -> None:
    body = {"target": "said", "arguments": ["x" * 1024 * 1024]}
    assert application.rest("POST", "/hubs/chat/:send", json=body).status_code == 413


@pytest.mark.parametrize("hub", ["1chat", "a%20b", "a" * 129])
def test_refuses_hub_name(application: Application, hub: str) -> None:
    refused = application.rest("POST", f"/hubs/{hub}/:send", json=SAID)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("Invalid hub name. Valid hub name should be")


class _BrokenOff(Exception):
    """The client fails while it sends the body."""


def test_request_that_breaks_off_sends_nothing(application: Application) -> None:
    def body() -> Iterator[bytes]:
        yield json.dumps({"target": "said", "arguments": ["unfinished"]}).encode()
        raise _BrokenOff

    headers = {"Content-Type": "application/json"}
    with Client(application) as client:
        for _ in range(3):
            with pytest.raises(_BrokenOff):
                application.rest("POST", "/hubs/chat/:send", data=body(), headers=headers)
            assert application.send("", "complete") == 202
            assert said(client) == [["complete"]]


def test_application_prefixes_the_hub(application: Application) -> None:
    token = application.client_token(aud=f"{application.endpoint}/client/?hub=app_chat")
    assert negotiate(application, token, hub="App_Chat").status_code == 200
    sent = application.rest("POST", "/hubs/chat/:send", json=SAID, params={"application": "App"})
    assert sent.status_code == 202


@pytest.mark.parametrize("version", ["2022-06-01", "2022-11-01", "2023-07-01", "2024-12-01"])
def test_serves_every_api_version(application: Application, version: str) -> None:
    query = {"api-version": version}
    sent = application.rest("POST", "/hubs/chat/:send", json=SAID, params=query)
    assert sent.status_code == 202
    token = application.rest("POST", "/hubs/chat/:generateToken", params=query)
    assert token.status_code == (404 if version == "2022-06-01" else 200)


@pytest.mark.parametrize("version", ["2021-01-01", ""])
def test_refuses_unknown_api_version(application: Application, version: str) -> None:
    query = {"api-version": version}
    refused = application.rest("POST", "/hubs/chat/:send", json=SAID, params=query)
    assert refused.status_code == 400


def test_health_is_public(application: Application) -> None:
    for path in ("/health", "/v1/health"):
        assert application.rest("HEAD", path, token="").status_code == 200


def test_access_key_token_is_for_one_path(application: Application) -> None:
    def sent(**claims: Any) -> requests.Response:
        valid = {"aud": f"{application.endpoint}/api/hubs/chat/:send", "exp": time.time() + 60}
        token = jwt.encode(valid | claims, application.key)
        answer: requests.Response = application.rest(
            "POST", "/hubs/chat/:send", json=SAID, token=token
        )
        return answer

    assert sent().status_code == 202
    audience = f"https://{NAME}.service.signalr.net/api/hubs/chat/:send"
    assert sent(aud=f"{audience}?api-version=2022-06-01").status_code == 202
    for claims in (
        {"aud": f"{application.endpoint}/api/hubs/chat/users/ada/:send"},
        {"aud": f"{application.endpoint}/client/?hub=chat"},
        {"aud": "https://other.example/api/hubs/chat/:send"},
    ):
        refused = sent(**claims)
        assert (refused.status_code, refused.text) == (401, "")
        assert "The audience is invalid" in refused.headers["WWW-Authenticate"]
    assert "expired" in sent(exp=1).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("role", "sends", "reads", "generates", "key"),
    [
        (None, 403, 403, 403, 403),
        ("SignalR REST API Owner", 202, 404, 200, 403),
        ("SignalR REST API Reader", 403, 404, 403, 403),
        ("SignalR App Server", 403, 403, 403, 200),
        ("SignalR Service Owner", 202, 404, 200, 200),
        ("Owner", 403, 403, 403, 403),
        ("SignalR/Web PubSub Contributor", 403, 403, 403, 403),
    ],
)
def test_roles_decide_what_an_entra_caller_may(
    application: Application, role: str | None, sends: int, reads: int, generates: int, key: int
) -> None:
    if role:
        grant(application, role)
    token = entra(application)
    statuses = [
        application.rest(method, path, token=token, json=SAID).status_code
        for method, path in (
            ("POST", "/hubs/chat/:send"),
            ("GET", "/hubs/chat/users/missing"),
            ("POST", "/hubs/chat/:generateToken"),
            ("GET", "/auth/accessKey"),
        )
    ]
    assert statuses == [sends, reads, generates, key]


def test_403_names_reason(application: Application) -> None:
    refused = application.rest("POST", "/hubs/chat/:send", json=SAID, token=entra(application))
    assert refused.text == "Please check your role assignments."


@pytest.mark.parametrize(
    "order",
    [
        {"resource": "https://management.azure.com"},
        {"claims": {"exp": 1}},
        {"tenant": seed.OTHER_TENANT_ID},
        {"key": "unknown"},
        {"key": "none"},
        {"key": "hs256-public-key"},
    ],
)
def test_refuses_entra_token(application: Application, order: dict[str, Any]) -> None:
    grant(application, "SignalR Service Owner")
    refused = application.rest(
        "POST", "/hubs/chat/:send", json=SAID, token=entra(application, **order)
    )
    assert (refused.status_code, refused.text) == (401, "")


def test_generated_token_connects_its_user(application: Application) -> None:
    query = {"userId": "ada", "minutesToExpire": "5"}
    answer = application.rest("POST", "/hubs/chat/:generateToken", params=query)
    token = answer.json()["token"]
    assert negotiate(application, token).status_code == 200
    assert negotiate(application, token, hub="other").status_code == 401
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 300
    query = {"minutesToExpire": "0"}
    refused = application.rest("POST", "/hubs/chat/:generateToken", params=query)
    assert refused.status_code == 400


def test_temporary_key_signs_client_tokens_without_access_keys(local_azure: LocalAzure) -> None:
    with running(local_azure, disableLocalAuth=True) as application:
        grant(application, "SignalR App Server")
        answer = application.rest("GET", "/auth/accessKey", token=entra(application)).json()
        claims = {"aud": f"{application.endpoint}/client/?hub=chat", "exp": time.time() + 60}
        token = jwt.encode(claims, answer["AccessKey"], headers={"kid": answer["KeyId"]})
        assert negotiate(application, token).status_code == 200
        forged = jwt.encode(claims, "x" * 64, headers={"kid": answer["KeyId"]})
        assert negotiate(application, forged).status_code == 401


def test_disabled_access_keys_are_refused(application: Application) -> None:
    token = application.client_token()
    one = {"name": NAME, "resourceGroup": "rg-test", "properties": {"disableLocalAuth": True}}
    application.cloud.seed(instances=[one])
    refused = application.rest("POST", "/hubs/chat/:send", json=SAID)
    assert refused.status_code == 401
    assert "The signature key was not found" in refused.headers["WWW-Authenticate"]
    assert negotiate(application, token).status_code == 401


def test_disabled_entra_is_refused(local_azure: LocalAzure) -> None:
    with running(local_azure, disableAadAuth=True) as application:
        grant(application, "SignalR Service Owner")
        refused = application.rest("POST", "/hubs/chat/:send", json=SAID, token=entra(application))
        assert refused.status_code == 401


def test_network_rules_refuse_the_rest_api(local_azure: LocalAzure) -> None:
    rules = {"defaultAction": "Deny", "publicNetwork": {"allow": ["ClientConnection"]}}
    with running(local_azure, networkACLs=rules) as application:
        refused = application.rest("POST", "/hubs/chat/:send", json=SAID)
        assert refused.status_code == 403
        assert "nginx" in refused.text
        assert negotiate(application, application.client_token()).status_code == 200


def test_faults_reach_the_rest_api(application: Application) -> None:
    fault = {"path": "/api/hubs/", "status": 429, "headers": {"Retry-After": "1"}}
    application.cloud.post("/_local/faults", [fault])
    throttled = application.rest("POST", "/hubs/chat/:send", json=SAID)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "1")
    assert application.send("", 1) == 202
