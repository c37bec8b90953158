"""Third-party clients, each in its own process, against hubs and the negotiation of a project.

No access key exists: Local Azure's service authenticates Signalman by its role, and Signalman
authenticates the service by the token of the instance's managed identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.service.environments import run_javascript, run_python
from tests.localazure.service.test_clients import BYTES, JAVASCRIPT, RECEIVED
from tests.upstreams.receiver.conftest import RESOURCE, plant_rows
from tests.upstreams.receiver.servers import serving
from tests.upstreams.sender.conftest import OWNER
from tests.upstreams.sender.negotiation import clients_project as project
from tests.waits import wait_until
from upstreams.models import Delivery, DeliveryCount, SenderActivity
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.testing import installed_hubs

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NAME = "contoso-live"


@dataclass
class Chain:
    """A project at `url`, whose instance has no access keys."""

    url: str
    cloud: LocalAzure

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a driver."""
        ca_file = str(self.cloud.ca_file)
        return {
            "APPLICATION_URL": self.url,
            "NODE_EXTRA_CA_CERTS": ca_file,
            "SSL_CERT_FILE": ca_file,
            "REQUESTS_CA_BUNDLE": ca_file,
        }


@pytest.fixture
def chain(
    local_azure: LocalAzure, settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Chain]:
    """The whole chain; without the role for sending where the parameter is False."""
    settings.ROOT_URLCONF = "tests.upstreams.sender.negotiation.clients_project"
    settings.SENDER = settings.SENDER | {"DEFAULT_INSTANCE": NAME}
    template = {
        "hubPattern": "*",
        "categoryPattern": "*",
        "eventPattern": "*",
        "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": RESOURCE}},
    }
    properties = {"upstream": {"templates": [template]}, "disableLocalAuth": True}
    instance: dict[str, Any] = {
        "name": NAME,
        "resourceGroup": seed.REALTIME_GROUP,
        "identity": {"type": "SystemAssigned", "principalId": seed.CHAT_PRINCIPAL_ID},
        "properties": properties,
    }
    scope = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.SignalRService/SignalR", NAME)
    role = {"role": OWNER, "principalId": seed.CLIENT_OBJECT_ID, "scope": scope}
    plant_rows()
    SignalRInstance.objects.update(name=NAME)
    project.cloud[:] = [local_azure]
    project.events.clear()
    with installed_hubs(project.chat, project.other), serving() as url:
        template["urlTemplate"] = f"{url}/upstream/{NAME}/"
        local_azure.seed(instances=[instance])
        if getattr(request, "param", True):
            local_azure.seed(roleAssignments=[role])
        yield Chain(url, local_azure)


def test_microsofts_javascript_client(chain: Chain) -> None:
    seen = run_javascript(chain.environment)
    assert seen == {
        "WebSockets json": JAVASCRIPT,
        "WebSockets messagepack": JAVASCRIPT | BYTES,
        "ServerSentEvents json": JAVASCRIPT,
        "LongPolling json": JAVASCRIPT,
        "LongPolling messagepack": JAVASCRIPT | BYTES,
    }
    events = project.events
    # The last clients may not be gone yet.
    wait_until(lambda: events.count("disconnected") == 20, "20 clients did not disconnect.")
    assert events.count("connected") == 20
    # Not every delivery has a row; every one is counted.
    outcomes = set(DeliveryCount.objects.values_list("outcome", flat=True))
    assert "accepted" in outcomes
    assert "refused" not in outcomes


def test_pysignalr(chain: Chain) -> None:
    seen = run_python("drive_pysignalr.py", chain.environment)
    for each in seen.values():
        assert {name: each[name] for name in RECEIVED} == RECEIVED
        assert each["result"] == [{"text": "hé"}, None]
        assert each["error"] == "This method fails."
        assert "bye" in each["kicked"]


def test_signalrcore(chain: Chain) -> None:
    seen = run_python("drive_signalrcore.py", chain.environment)
    for each in seen.values():
        assert {name: each[name] for name in RECEIVED} == RECEIVED


@pytest.mark.parametrize("chain", [False], indirect=True, ids=["no role"])
def test_without_the_role_receiving_is_not_affected(chain: Chain) -> None:
    def invoke(target: str, *arguments: object) -> str:
        event = {"instance": NAME, "hub": "chat", "category": "messages", "event": target}
        call = event | {"invocationId": "1", "arguments": arguments, "connectionId": "c"}
        frame: str = chain.cloud.post("/_local/events", call)["clientFrame"]
        return frame

    assert '"result":"hi"' in invoke("echo", "hi")
    assert "The server could not send a message." in invoke("all", "hi")
    assert '"result":"hi"' in invoke("echo", "hi")
    recorder.flush()
    found = Delivery.objects.order_by("pk").values_list("event", "outcome", "reason")
    assert list(found) == [
        ("echo", "accepted", ""),
        ("all", "failed", "send_forbidden"),
        ("echo", "accepted", ""),
    ]
    activity = SenderActivity.objects.get(instance__name=NAME)
    assert (activity.sent_at, activity.refused_at is not None) == (None, True)
