"""What is sent to the receiver goes past Django's own handler, and nothing else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from observability.context import current_request_id
from observability.logs import LineFormatter
from tests.upstreams.receiver.conftest import Tokens
from tests.upstreams.receiver.requests import headers, json_call
from upstreams.receiver import Hub, UpstreamRequest
from upstreams.receiver.hubs.discovery import install
from upstreams.receiver.hubs.hub import Registry
from upstreams.receiver.serving.wsgi import ReceiverFirst
from upstreams.receiver.testing import installed_hubs

# As a server does, it closes a connection that somebody left in a transaction: a test's own, too.
pytestmark = pytest.mark.django_db(transaction=True)

REPOSITORY = Path(__file__).resolve().parents[4]


class Server:
    """A WSGI server of one request: what the application answered is its attributes."""

    def __init__(self, path: str = f"/upstream/{seed.CHAT}/", **more: Any) -> None:
        self.headers: dict[str, str] = {}
        # A request line holds the path after its first slash as it is.
        found: dict[str, Any] = dict(headers())
        content_type = found.pop("CONTENT_TYPE")
        sent = RequestFactory().post("/", json_call(["hi"]), content_type=content_type, **found)
        environ = sent.environ
        application = ReceiverFirst(django, name=lambda given: given or "new")
        self.body = b"".join(application(environ | {"PATH_INFO": path} | more, self._start))

    def _start(self, status: str, found: list[tuple[str, str]], _error: Any = None) -> Any:
        self.status = status
        self.headers = dict(found)


def django(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the portal"]


@pytest.mark.parametrize("path", ["/upstream/chat/", "/upstream/chat/a/b//", "/upstream/c/x\ny"])
def test_the_receiver_answers_before_django(path: str) -> None:
    answered = Server(path)
    assert answered.status == "404 Not Found"
    assert json.loads(answered.body)["code"] == "unknown_instance"


@pytest.mark.parametrize(
    "path", ["/", "/upstream", "/upstream/", "/upstream/chat", "/upstream//", "/x/upstream/chat/"]
)
def test_everything_else_is_djangos(path: str) -> None:
    assert Server(path).body == b"the portal"


def test_a_token_that_came_in_the_clear_is_turned_away_where_https_is_demanded(
    chat: SignalRInstance, project: list[UpstreamRequest], token: Tokens, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token()}"}
    assert Server(**bearer).body == b"the portal"
    assert project == []
    assert Server(**bearer, HTTP_X_FORWARDED_PROTO="https").status == "200 OK"
    assert len(project) == 1


def test_a_request_has_a_name_while_its_handler_runs_and_in_its_answer(
    chat: SignalRInstance, token: Tokens
) -> None:
    names: list[str] = []
    hub = Hub("chat")
    hub.message("echo")(lambda _request, _text: names.append(current_request_id()))
    with installed_hubs(hub):
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {token()}"}
        answers = [Server(**bearer, HTTP_X_REQUEST_ID="deploy-7"), Server(**bearer)]
    assert names == ["deploy-7", "new"]
    assert [one.headers["X-Request-ID"] for one in answers] == names
    assert current_request_id() == ""


def test_a_refusal_is_logged_under_its_requests_name(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(LineFormatter())
    Server("/upstream/nobody/", HTTP_X_REQUEST_ID="deploy-7")
    assert caplog.text.endswith("[request_id=deploy-7]\n")


class Broken(Registry):
    """A registry with a mistake in it."""

    def find(self, hub: str, category: str, event: str) -> None:
        raise RuntimeError("A mistake of ours.")


def test_a_mistake_of_ours_is_answered_and_logged_without_the_rest_of_the_address(
    chat: SignalRInstance, token: Tokens, caplog: pytest.LogCaptureFixture
) -> None:
    before = install(Broken())
    try:
        path = f"/upstream/{seed.CHAT}/secret"
        answered = Server(path, HTTP_AUTHORIZATION=f"Bearer {token()}")
    finally:
        install(before)
    assert answered.status == "500 Internal Server Error"
    assert json.loads(answered.body)["code"] == "internal_error"
    assert f"Failed at /upstream/{seed.CHAT}/." in caplog.text
    assert "A mistake of ours." in caplog.text
    assert "secret" not in caplog.text


CONNECTED = """
import django; django.setup()
from django.db import connection
from upstreams.receiver.serving.database_connections import tend_connections
connection.ensure_connection()
tend_connections()
print("open" if connection.connection else "closed")
"""


@pytest.mark.parametrize(("max_age", "found"), [("0", "closed"), ("60", "open")])
def test_a_connection_that_a_handler_opened_lives_as_long_as_django_would_let_it(
    tmp_path: Path, max_age: str, found: str
) -> None:
    # A process of its own: Django never closes the tests' own database, which is in memory.
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}?conn_max_age={max_age}"
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "SIGNALMAN_DATABASE_URL": url}
    ended = subprocess.run(
        [sys.executable, "-c", CONNECTED],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == found
