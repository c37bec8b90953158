"""Third-party clients, each in its own process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localazure import seed
from tests.localazure.service.application import NAME, Application
from tests.localazure.service.environments import run_javascript, run_python
from tests.localazure.service.sockets import Client
from tests.waits import wait_until

pytestmark = pytest.mark.slow

UNAUTHORIZED = (
    "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'"
)
JAVASCRIPT: dict[str, Any] = {
    "result": {"text": "hé", "list": [1, 2.5, None, True]},
    "error": "This method fails.",
    "void": None,
    "all": ["to all", "to all"],
    "user": "to ada",
    "group": "to the group",
    "connection": "to this connection",
    "asked": "sure!",
    "order": list(range(20)),
    "kicked": [True, "Server returned an error on close: go away"],
    "dropped": True,
    "after": "still here",
    "closed": "Server returned an error on close: bye",
    "expired": UNAUTHORIZED,
    "forged": UNAUTHORIZED,
    "foreign": UNAUTHORIZED,
}
BYTES = {"bytes": [0, 1, 255]}
RECEIVED = {
    "all": ["to all"],
    "user": ["to the user"],
    "group": ["to the group"],
    "connection": ["to the connection"],
}


def environment(application: Application) -> dict[str, str]:
    ca_file = str(application.cloud.ca_file)
    return {
        "APPLICATION_URL": application.url,
        "NODE_EXTRA_CA_CERTS": ca_file,
        "SSL_CERT_FILE": ca_file,
        "REQUESTS_CA_BUNDLE": ca_file,
    }


def test_microsofts_javascript_client(application: Application) -> None:
    assert run_javascript(environment(application)) == {
        "WebSockets json": JAVASCRIPT,
        "WebSockets messagepack": JAVASCRIPT | BYTES,
        "ServerSentEvents json": JAVASCRIPT,
        "LongPolling json": JAVASCRIPT,
        "LongPolling messagepack": JAVASCRIPT | BYTES,
    }
    # Two clients each way; one comes back twice. The last ones may not be gone yet.
    events = application.upstream.events
    wait_until(lambda: events().count("disconnected") == 20, "20 clients did not disconnect.")
    assert events().count("connected") == 20


def test_pysignalr(application: Application) -> None:
    expected = RECEIVED | {
        "result": [{"text": "hé"}, None],
        "void": [None, None],
        "error": "This method fails.",
        "joined": 200,
        "kicked": "ServerError: bye",
    }
    seen = run_python("drive_pysignalr.py", environment(application))
    assert seen == {"json": expected, "messagepack": expected}


def test_signalrcore(application: Application) -> None:
    expected = RECEIVED | {
        "result": {"text": "hé"},
        "joined": 200,
        "error": ["error", "This method fails."],
    }
    seen = run_python("drive_signalrcore.py", environment(application))
    assert seen == {"json": expected, "messagepack": expected}
    sent = [one for one in application.upstream.received if b'"echo"' in one.body]
    # It puts the service's own token into its frames, which are forwarded unchanged.
    assert "Authorization" in json.loads(sent[0].body)["headers"]


def test_web_pubsub_sdk_calls_the_rest_api(application: Application) -> None:
    scope = seed.resource_id("rg-test", "Microsoft.SignalRService/SignalR", NAME)
    owner = {"role": "SignalR REST API Owner", "principalId": seed.CLIENT_OBJECT_ID}
    application.cloud.seed(roleAssignments=[owner | {"scope": scope}])
    with Client(application, user="ada") as client:
        asked = {
            "ENDPOINT": application.endpoint,
            "ACCESS_KEY": application.key,
            "CONNECTION_ID": client.connection_id,
            "USER_ID": "ada",
        }
        seen = run_python(
            "drive_webpubsub.py",
            application.cloud.environment | environment(application) | asked,
        )
        # Removals and closes: Web PubSub answers 204 where SignalR answers 200.
        removals = ["ok", 200, *["ok"] * 5, 200]
        calls = [*["ok"] * 4, True, False, True, False, "ok", True, *removals]
        expected = {"key": calls, "entra": calls, "listed": [], "token": True, "closed": 200}
        assert seen == expected
        received = client.until_closed()
    # To all, to the user, to the connection and to the group, by each caller.
    assert [frame["target"] for frame in received if frame["type"] == 1] == ["said"] * 8
    assert received[-1] == {"type": 7, "error": "enough", "allowReconnect": True}
