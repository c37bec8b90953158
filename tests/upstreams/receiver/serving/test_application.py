"""The ASGI application: what it answers, in which order, and what waits for what."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from observability.context import current_request_id
from tests.upstreams.receiver.conftest import Tokens, plant_rows
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from upstreams.models import Delivery
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.authentication.policies import policies
from upstreams.receiver.hubs.discovery import install
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.serving.application import ReceiverApplication
from upstreams.receiver.testing import installed_hubs

# Its threads read what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

REPOSITORY = Path(__file__).resolve().parents[4]

Message = dict[str, Any]


def scope(path: str = HERE, method: str = "POST", **headers: str) -> Any:
    """Return a request's scope; `_` stands for `-`."""
    found = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "headers": found,
    }


def call_scope(bearer: str, path: str = HERE, **headers: str) -> Any:
    """Return the scope of an invocation of `echo`."""
    found = [(name.lower().encode(), value.encode()) for name, value in sent(bearer)]
    return scope(path, **headers) | {"headers": [*found, *scope(**headers)["headers"]]}


async def others(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "others", "scope": scope})


class Response:
    """A response as the ASGI server gets it."""

    def __init__(self, messages: list[Message]) -> None:
        start, body = messages
        self.status: int = start["status"]
        self.headers = dict(start["headers"])
        self.body: bytes = body["body"]

    @property
    def code(self) -> str:
        """The problem's code, or an empty string."""
        is_problem = self.headers[b"content-type"] == b"application/problem+json"
        return str(json.loads(self.body)["code"]) if is_problem else ""


class Server:
    """Calls the application as an ASGI server does."""

    def __init__(self, threads: int = 2) -> None:
        self.application: Any = ReceiverApplication(others, threads=threads)

    async def messages(self, request: Any, body: Any = None) -> list[Message]:
        """Return what the application sends; `body` is awaited for the request's body."""
        messages: list[Message] = []

        async def receive() -> Message:
            content = json_call(["hi"]) if body is None else await body
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        await self.application(request, receive, send)
        return messages

    async def call(self, bearer: str, body: Any = None, **headers: str) -> Response:
        """Send an invocation of `echo`."""
        return Response(await self.messages(call_scope(bearer, **headers), body))


def run(main: Callable[[Server], Coroutine[Any, Any, None]], threads: int = 2) -> None:
    """Run `main` in an event loop, with a server."""
    asyncio.run(main(Server(threads)))


def answered(request: Any) -> list[Message]:
    """Return what the application sends."""
    return asyncio.run(Server().messages(request))


@pytest.fixture(autouse=True)
def closed_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    # A test database cannot be deleted while a thread is connected.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def instance() -> SignalRInstance:
    """The instance that tokens of Local Azure are for."""
    return plant_rows()


@pytest.mark.parametrize(
    "path", ["/", "/upstream", "/upstream/", "/upstream/chat", "/upstream//", "/x/upstream/chat/"]
)
def test_passes_on_other_paths(path: str) -> None:
    request = scope(path)
    assert answered(request) == [{"type": "others", "scope": request}]


def test_passes_on_other_protocols() -> None:
    request = {"type": "websocket", "path": HERE}
    assert answered(request) == [{"type": "others", "scope": request}]


def test_refuses_http_where_https_is_required(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    insecure = [scope(), scope(x_forwarded_proto="http"), scope(x_forwarded_proto="http, https")]
    assert [Response(answered(each)).code for each in insecure] == ["https_required"] * 3
    secure = [scope(method="GET") | {"scheme": "https"}]
    secure += [scope(method="GET", x_forwarded_proto=each) for each in ("https", "https, http")]
    assert [Response(answered(each)).status for each in secure] == [405] * 3


def test_sends_security_headers(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_HSTS_PRELOAD = False
    response = Response(answered(scope(method="GET", x_request_id="deploy-7")))
    assert response.status == 405
    expected = {
        b"allow": b"POST",
        b"content-type": b"application/problem+json",
        b"content-length": str(len(response.body)).encode(),
        b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
        b"x-content-type-options": b"nosniff",
        b"x-request-id": b"deploy-7",
    }
    assert response.headers == expected
    assert response.code == "method_not_allowed"
    assert current_request_id() == ""
    secure = Response(answered(scope(method="GET") | {"scheme": "https"}))
    assert secure.headers[b"strict-transport-security"] == b"max-age=60; includeSubDomains"


@pytest.mark.parametrize("path", ["/upstream/chat/", "/upstream/chat/a/b//", "/upstream/c/x\ny"])
def test_refuses_unknown_instance(path: str) -> None:
    response = Response(answered(scope(path)))
    assert (response.status, response.code) == (404, "unknown_instance")


def test_runs_coroutine_functions_on_the_event_loop(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    threads: list[int] = []

    @hub.message("echo")
    async def echo(_request: UpstreamRequest, text: str) -> str:
        await asyncio.sleep(0)
        threads.append(threading.get_ident())
        if text == "no":
            raise HubError("Not this.")
        return text

    async def main(server: Server) -> None:
        response = await server.call(token())
        assert response.body == b'{"type":3,"invocationId":"0","result":"hi"}\x1e'
        refused = await server.call(token(), asyncio.sleep(0, json_call(["no"])))
        assert b'"error":"Not this."' in refused.body
        assert threads == [threading.get_ident()] * 2

    with installed_hubs(hub):
        run(main)


def test_runs_many_coroutine_functions_at_once_without_a_thread_each(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    number = 500

    async def main(server: Server) -> None:
        everyone, started, is_first = asyncio.Event(), 0, True

        @hub.message("echo")
        async def echo(_request: UpstreamRequest, text: str) -> str:
            nonlocal started
            if is_first:
                return text
            started += 1
            if started == number:
                everyone.set()
            await everyone.wait()
            return text

        with installed_hubs(hub):
            bearer = token()
            # Reads the signing keys.
            assert (await server.call(bearer)).status == 200
            is_first = False
            threads = threading.active_count()
            calls = [asyncio.ensure_future(server.call(bearer)) for _ in range(number)]
            # A refused call never starts its handler, and all others would wait for it.
            done, _ = await asyncio.wait(calls, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            assert {(each.result().status, each.result().code) for each in done} <= {(200, "")}
            found = await asyncio.gather(*calls)
            assert {each.status for each in found} == {200}
            # Those of the policies' reading and of the key set's.
            assert threading.active_count() <= threads + 4

    run(main)


def test_plain_functions_do_not_block_the_event_loop(
    instance: SignalRInstance, token: Tokens
) -> None:
    hub = Hub("chat")
    end = threading.Event()

    @hub.message("echo")
    def echo(_request: UpstreamRequest, text: str) -> str:
        assert end.wait(30)
        return text

    async def main(server: Server) -> None:
        bearer = token()
        waiting = [asyncio.ensure_future(server.call(bearer)) for _ in range(3)]
        await asyncio.sleep(0.05)
        refused = await server.call("a.b.c")
        assert (refused.status, refused.code) == (401, "bad_base64url")
        assert not any(each.done() for each in waiting)
        end.set()
        assert [(await each).status for each in waiting] == [200] * 3

    with installed_hubs(hub):
        run(main)


@pytest.mark.parametrize("raised", [SystemExit("enough"), KeyError("x"), asyncio.CancelledError()])
@pytest.mark.parametrize("is_async", [False, True])
def test_responds_to_any_exception_of_handler(
    instance: SignalRInstance, token: Tokens, raised: BaseException, is_async: bool
) -> None:
    hub = Hub("chat")

    def fail(_request: UpstreamRequest, text: str) -> str:
        raise raised

    async def afail(_request: UpstreamRequest, text: str) -> str:
        raise raised

    hub.message("echo")(afail if is_async else fail)

    async def main(server: Server) -> None:
        response = await server.call(token())
        assert response.status == 200
        assert b"The server failed to handle the call." in response.body

    with installed_hubs(hub):
        run(main)


def test_refuses_before_the_body_arrives(
    instance: SignalRInstance, project: list[UpstreamRequest], token: Tokens
) -> None:
    async def main(server: Server) -> None:
        never = asyncio.get_running_loop().create_future()
        refused = await asyncio.wait_for(server.call("a.b.c", never), 30)
        assert refused.code == "bad_base64url"
        comes = asyncio.get_running_loop().create_future()
        slow = asyncio.ensure_future(server.call(token(), comes))
        assert (await server.call(token())).status == 200
        assert not slow.done()
        comes.set_result(json_call(["hi"]))
        assert (await slow).status == 200

    run(main)


def test_does_not_disclose_matching_claims(
    instance: SignalRInstance, project: list[UpstreamRequest], token: Tokens
) -> None:
    wrong: list[dict[str, Any]] = [
        {"resource": "api://payroll"},
        {"principal": seed.ORDERS},
        {"tenant": seed.OTHER_TENANT_ID},
        {"claims": {"ver": "2.0"}},
    ]

    async def main(server: Server) -> None:
        # Reads the signing keys.
        assert (await server.call(token())).status == 200
        found = [await server.call(token(**changes)) for changes in wrong]
        assert {(each.status, each.code) for each in found} == {(401, "claims_mismatch")}
        assert len({(each.body, each.headers[b"www-authenticate"]) for each in found}) == 1

    run(main)
    reasons = set(Delivery.objects.exclude(reason="").values_list("reason", flat=True))
    assert reasons == {"wrong_audience", "wrong_principal", "wrong_issuer", "wrong_version"}


def test_handlers_see_the_request_id(instance: SignalRInstance, token: Tokens) -> None:
    names: list[str] = []
    sent_back: list[str] = []
    hub = Hub("chat")

    @hub.message("echo")
    async def echo(_request: UpstreamRequest, _text: str) -> None:
        names.append(current_request_id())

    @hub.message("plain")
    def plain(_request: UpstreamRequest) -> None:
        names.append(current_request_id())

    async def main(server: Server) -> None:
        responses = [
            await server.call(token(), x_request_id="deploy-7"),
            await server.call(token()),
        ]
        sent_back.extend(each.headers[b"x-request-id"].decode() for each in responses)

    with installed_hubs(hub):
        run(main)
    assert names == sent_back
    assert names[0] == "deploy-7"
    assert current_request_id() == ""


class Broken(Registry):
    """A registry with a defect."""

    def find(self, hub: str, category: str, event: str) -> None:
        raise RuntimeError("A defect.")


def test_logs_a_defect_without_the_secret_part_of_the_path(
    instance: SignalRInstance, token: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(server: Server) -> None:
        request = call_scope(token(), f"{HERE}secret")
        response = Response(await server.messages(request))
        assert (response.status, response.code) == (500, "internal_error")

    before = install(Broken())
    try:
        run(main)
    finally:
        install(before)
    assert f"Failed at {HERE}." in caplog.text
    assert "A defect." in caplog.text
    assert "secret" not in caplog.text


def test_requests_use_no_database_with_policy_thread(
    instance: SignalRInstance, project: list[UpstreamRequest], token: Tokens
) -> None:
    policies.refresh()
    reader, policies._thread = policies._thread, threading.current_thread()  # noqa: SLF001
    try:

        async def main(server: Server) -> None:
            assert (await server.call(token())).status == 200

        assert not policies.is_due
        run(main)
    finally:
        policies._thread = reader  # noqa: SLF001
    assert len(project) == 1


CONNECTED = """
import django; django.setup()
import sys
from django.db import connection
from upstreams.receiver.serving.database_connections import close_unusable_connections
connection.settings_dict["CONN_MAX_AGE"] = int(sys.argv[1])
connection.ensure_connection()
close_unusable_connections()
print("open" if connection.connection else "closed")
"""


@pytest.mark.parametrize(("max_age", "found"), [("0", "closed"), ("60", "open")])
def test_closes_connections_as_django_does(tmp_path: Path, max_age: str, found: str) -> None:
    # A process of its own: Django never closes the tests' own database, which is in memory.
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "SIGNALMAN_DATABASE_URL": url}
    ended = subprocess.run(
        [sys.executable, "-c", CONNECTED, max_age],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == found
