"""From a client's event in Local Azure, over HTTP, to a handler and back to the client."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest

from identities.models import SignalRInstance
from localazure import seed
from sync.inventory.token_resources import read_token_resources
from tests.cloud import LocalAzure
from tests.upstreams.receiver.conftest import RESOURCE, plant_rows
from tests.upstreams.receiver.servers import serving
from upstreams.models import Delivery
from upstreams.receiver import UpstreamRequest

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "contoso-live"
MODERN = {
    "appId": seed.UPSTREAM_APP_ID,
    "displayName": "Signalman upstream",
    "identifierUris": [RESOURCE],
    "requestedAccessTokenVersion": 2,
}


@pytest.fixture
def live(local_azure: LocalAzure, project: list[UpstreamRequest]) -> Iterator[LocalAzure]:
    """Local Azure with an instance whose events come to this process."""
    template = {
        "hubPattern": "*",
        "categoryPattern": "*",
        "eventPattern": "*",
        "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": RESOURCE}},
    }
    one: dict[str, Any] = {
        "name": NAME,
        "resourceGroup": seed.REALTIME_GROUP,
        "identity": {"type": "SystemAssigned", "principalId": seed.CHAT_PRINCIPAL_ID},
        "properties": {"upstream": {"templates": [template]}},
    }
    plant_rows()
    SignalRInstance.objects.update(name=NAME)
    with serving() as url:
        template["urlTemplate"] = f"{url}/upstream/{NAME}/{{hub}}/{{category}}/{{event}}"
        local_azure.seed(instances=[one])
        yield local_azure


def send(cloud: LocalAzure, category: str, event: str, **more: Any) -> Any:
    return cloud.post(
        "/_local/events",
        {"instance": NAME, "hub": "chat", "category": category, "event": event, **more},
    )


def test_connect_invoke_and_disconnect(live: LocalAzure, project: list[UpstreamRequest]) -> None:
    who = {"connectionId": "c-9", "userId": "änn", "claims": [["role", "admin"]]}
    assert send(live, "connections", "connected", **who)["status"] == 200
    answer = send(live, "messages", "echo", invocationId="7", arguments=["hé"], **who)
    assert answer["clientFrame"] == '{"type":3,"invocationId":"7","result":"h\\u00e9"}\x1e'
    assert send(live, "messages", "echo", arguments=["hi"], **who)["clientFrame"] is None
    assert send(live, "connections", "disconnected", error="gone", **who)["status"] == 200
    assert [call.event for call in project] == ["connected", "echo", "echo", "disconnected"]
    assert {call.user_id for call in project} == {"änn"}
    assert project[-1].error == "gone"
    assert project[0].claims["role"] == "admin"
    assert Delivery.objects.filter(outcome="accepted").count() == 4


def test_messagepack_client(live: LocalAzure) -> None:
    call = {"invocationId": "7", "arguments": ["hi"], "protocol": "messagepack"}
    frame = base64.b64decode(send(live, "messages", "echo", **call)["clientFrame"])
    assert frame[0] == len(frame) - 1
    assert msgpack.unpackb(frame[1:]) == [3, {}, "7", 3, "hi"]


def test_names_method_with_slash_to_client(live: LocalAzure) -> None:
    answer = send(live, "messages", "a/b c", invocationId="7")
    assert "has no method 'a/b c'" in answer["clientFrame"]


def test_refuses_token_of_another_identity(
    live: LocalAzure, project: list[UpstreamRequest]
) -> None:
    order = {"principal": seed.ORDERS, "resource": RESOURCE}
    token = live.post("/_local/tokens", order)["token"]
    answer = send(live, "messages", "echo", arguments=["hi"], token=token)
    assert answer["status"] == 401
    assert project == []
    assert Delivery.objects.get().reason == "wrong_principal"


def test_accepts_v2_tokens_of_application_that_requests_them(
    live: LocalAzure, project: list[UpstreamRequest]
) -> None:
    v1 = live.post("/_local/tokens", {"principal": NAME, "resource": RESOURCE})["token"]
    live.seed(applications=[MODERN])
    # Refused until the registration is read.
    assert send(live, "messages", "echo", arguments=["hi"])["status"] == 401
    read_token_resources(SignalRInstance.objects.with_desired())
    assert send(live, "messages", "echo", arguments=["hi"])["status"] == 200
    # The service keeps a token for a day, also one from before the version changed.
    assert send(live, "messages", "echo", arguments=["hi"], token=v1)["status"] == 200
    assert len(project) == 2


def test_refuses_v2_token_of_another_identity(
    live: LocalAzure, project: list[UpstreamRequest]
) -> None:
    live.seed(applications=[MODERN])
    read_token_resources(SignalRInstance.objects.with_desired())
    order = {"principal": seed.ORDERS, "resource": RESOURCE}
    token = live.post("/_local/tokens", order)["token"]
    assert send(live, "messages", "echo", arguments=["hi"], token=token)["status"] == 401
    assert Delivery.objects.get().reason == "wrong_principal"
    assert project == []


def test_accepts_request_after_key_rotation(
    live: LocalAzure, project: list[UpstreamRequest]
) -> None:
    assert send(live, "messages", "echo", arguments=["hi"])["status"] == 200
    live.post("/_local/keys/rotate")
    assert send(live, "messages", "echo", arguments=["hi"])["status"] == 200
    assert len(project) == 2
