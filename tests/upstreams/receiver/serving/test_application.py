"""The ASGI application: what it answers, in which order, and what it needs for that."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from observability.correlation_ids import current_request_id
from tests.upstreams.receiver.conftest import Tokens
from tests.upstreams.receiver.hostile import HERE
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.serving.asgi_server import (
    Response,
    Server,
    answered,
    call_scope,
    run,
    scope,
)
from upstreams.models import Delivery
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.hubs.discovery import install
from upstreams.receiver.hubs.hub import Registry

# Its threads read what is committed.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_kept_connections"),
]

REPOSITORY = Path(__file__).resolve().parents[4]


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
    assert f"The receiver failed to process a request to {HERE}." in caplog.text
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
