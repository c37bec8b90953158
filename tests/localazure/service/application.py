"""An application beside the service: negotiates, handles upstream events, calls the REST API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
import msgpack
import requests

from localazure import seed
from localazure.service.protocol.frames import Completion, protocol_named
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.localazure.service.upstream import Received, Upstream, serving

NAME = "test-service"
API_VERSION = "2024-12-01"
_ID = seed.resource_id("rg-test", "Microsoft.SignalRService/SignalR", NAME)


class Application:
    """An application with an access key; `url` is where clients negotiate.

    `<url>/<kind>?user=<name>`: kind is valid, expired, forged or foreign (another hub's token).
    """

    def __init__(self, cloud: LocalAzure, upstream: Upstream, **properties: Any) -> None:
        self.cloud, self.upstream, self.url = cloud, upstream, upstream.url
        self.endpoint = f"{cloud.url}/signalr/{NAME}"
        template = {"urlTemplate": f"{upstream.url}/upstream"}
        patterns = {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
        given = {"upstream": {"templates": [template | patterns]}, **properties}
        cloud.seed(instances=[{"name": NAME, "resourceGroup": "rg-test", "properties": given}])
        arm = Arm(cloud, seed.CLIENT_ID, seed.CLIENT_SECRET)
        keys = arm.call("POST", f"{_ID}/listKeys").json()
        # An instance without local authentication has no keys.
        self.key = str(keys.get("primaryKey", "no access key" * 5))
        upstream.handler = self._handle
        upstream.headers = {"Content-Type": "application/json"}

    def client_token(self, **claims: Any) -> str:
        """Return a client token for the hub chat; `key` signs it, the instance's by default."""
        key = claims.pop("key", self.key)
        valid = {"aud": f"{self.endpoint}/client/?hub=chat", "exp": int(time.time()) + 600}
        return jwt.encode(valid | claims, key, algorithm="HS256")

    def rest(self, method: str, path: str, *, token: str | None = None, **rest: Any) -> Any:
        """Call the REST API with a token of the access key, or with `token`."""
        audience = f"{self.endpoint}/api{path}"
        if token is None:
            claims = {"aud": audience, "exp": int(time.time()) + 600}
            token = jwt.encode(claims, self.key, algorithm="HS256")
        version = {} if path.startswith("/v1") else {"api-version": API_VERSION}
        params = version | rest.pop("params", {})
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method,
            audience,
            params=params,
            headers=headers | rest.pop("headers", {}),
            verify=str(self.cloud.ca_file),
            timeout=40,
            **rest,
        )

    def send(self, path: str, *arguments: Any) -> int:
        """Call the clients' method said, and return the status."""
        body = {"target": "said", "arguments": list(arguments)}
        status: int = self.rest("POST", f"/hubs/chat{path}/:send", json=body).status_code
        return status

    def _handle(self, request: Received) -> bytes:
        if request.path.startswith("/upstream"):
            return self._event(request)
        return self._negotiate(request)

    def _negotiate(self, request: Received) -> bytes:
        parts = urlsplit(request.path)
        user = parse_qs(parts.query).get("user", [None])[0]
        claims: dict[str, Any] = {"asrs.s.uid": user} if user else {}
        kinds: dict[str, dict[str, Any]] = {
            "expired": {"exp": int(time.time()) - 1},
            "forged": {"key": "not the access key of this instance"},
            "foreign": {"aud": f"{self.endpoint}/client/?hub=other"},
        }
        claims |= kinds.get(parts.path.split("/")[1], {})
        url = f"{self.endpoint}/client/?hub=chat"
        return json.dumps({"url": url, "accessToken": self.client_token(**claims)}).encode()

    def _event(self, request: Received) -> bytes:
        if request.headers["X-ASRS-Category"] == b"connections":
            return b""
        name, invocation_id, arguments = _call(request)
        method: Callable[..., Any] = getattr(self, f"on_{name}")
        if invocation_id is None:
            method(request, *arguments)
            return b""
        try:
            result = method(request, *arguments)
        except ValueError as error:
            return _complete(request, Completion(invocation_id, error=str(error)))
        if result is None:
            return b""
        return _complete(request, Completion(invocation_id, result, has_result=True))

    def on_echo(self, _request: Received, value: Any) -> Any:
        return value

    def on_fail(self, _request: Received) -> None:
        raise ValueError("This method fails.")

    def on_nothing(self, _request: Received) -> None:
        return None

    def on_all(self, _request: Received, text: str) -> int:
        return self.send("", text)

    def on_user(self, _request: Received, user: str, text: str) -> int:
        return self.send(f"/users/{quote(user, safe='')}", text)

    def on_group(self, _request: Received, group: str, text: str) -> int:
        return self.send(f"/groups/{quote(group, safe='')}", text)

    def on_connection(self, request: Received, text: str) -> int:
        return self.send(f"/connections/{_connection(request)}", text)

    def on_join(self, request: Received, group: str) -> int:
        path = f"/hubs/chat/groups/{quote(group, safe='')}/connections/{_connection(request)}"
        return int(self.rest("PUT", path).status_code)

    def on_kick(self, request: Received, reason: str) -> int:
        path = f"/hubs/chat/connections/{_connection(request)}"
        return int(self.rest("DELETE", path, params={"reason": reason}).status_code)

    def on_drop(self, request: Received) -> None:
        self.cloud.post("/_local/connections/drop", {"connectionId": _connection(request)})

    def on_ask(self, _request: Received, connection_id: str, question: str) -> Any:
        body = {"target": "asked", "arguments": [question]}
        path = f"/hubs/chat/connections/{connection_id}/:invoke"
        answer = self.rest("POST", path, json=body)
        if answer.status_code != 200:
            raise ValueError(f"{answer.status_code} {answer.text}")
        return answer.json()["result"]


@contextmanager
def running(cloud: LocalAzure, **properties: Any) -> Iterator[Application]:
    """Run an application with an instance of its own."""
    with serving() as upstream:
        yield Application(cloud, upstream, **properties)


def _connection(request: Received) -> str:
    return request.headers["X-ASRS-Connection-Id"].decode()


def _call(request: Received) -> tuple[str, str | None, list[Any]]:
    if request.headers["Content-Type"] == b"application/x-msgpack":
        _, _, invocation_id, target, arguments, *_ = msgpack.unpackb(request.body)
        return target, invocation_id, arguments
    frame = json.loads(request.body)
    return frame["target"], frame.get("invocationId"), frame["arguments"]


def _complete(request: Received, completion: Completion) -> bytes:
    is_binary = request.headers["Content-Type"] == b"application/x-msgpack"
    return protocol_named("messagepack" if is_binary else "json").encode(completion)
