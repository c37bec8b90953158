"""One request to every operation of the API, on a fleet that has data for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from rest_framework.test import APIClient

from identities.models import SignalRInstance
from localazure import seed
from sync.models import Operation
from tests.api.routes import Route
from tests.cloud import LocalAzure
from tests.sync.functions import chat_to_functions
from tests.sync.worker import SIGNED, drive, imported, managed, set_desired
from upstreams.models import Delivery, DeliveryCount

V1: Final = "/api/v1"
INSTANCE: Final = f"{V1}/instances/{{name}}"
_VAULT: Final = (
    "{@Microsoft.KeyVault(SecretUri=https://contoso-vault.vault.azure.net/secrets/code)}"
)
_NAMING: Final = SIGNED | {"urlTemplate": f"https://receiver.example/{{hub}}?code={_VAULT}"}
# Path parameters whose name in the schema is also that of others.
_NAMES: Final = {"{app}": "{name}", "{token}": "{id}"}
_NEW: Final = {
    "subscription_id": seed.SUBSCRIPTION_ID,
    "resource_group": seed.REALTIME_GROUP,
    "location": "westeurope",
}
# The bodies of writes, in the order in which they are sent. The instance is the chat.
_WRITES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("post", "/subscriptions/{subscription_id}/import/", {"accept": False}),
    ("post", "/subscriptions/{subscription_id}/refresh/", None),
    ("post", "/instances/", {"name": "contoso-new", **_NEW}),
    ("post", "/user-assigned-identities/", {"name": "id-new", **_NEW}),
    ("put", "/instances/{name}/identity/", {"type": "SystemAssigned"}),
    ("put", "/instances/{name}/service-mode/", {"service_mode": "Serverless"}),
    ("put", "/instances/{name}/upstream/", [_NAMING]),
    ("put", "/instances/{name}/grants/", [{"vault": "contoso-vault", "is_desired": True}]),
    (
        "put",
        "/instances/{name}/senders/",
        [{"principal_id": seed.CLIENT_OBJECT_ID, "principal_type": "ServicePrincipal"}],
    ),
    ("put", "/instances/{name}/settings/", {"policy": "manage", "is_protected": True}),
    (
        "put",
        "/instances/{name}/receiver/",
        {"signature": False, "url_secret": False, "url_secret_parameter": "code"},
    ),
    ("post", "/instances/{name}/receiver/secret/", {"secret": "a-secret-that-is-none"}),
    ("delete", "/instances/{name}/receiver/secret/", None),
    ("post", "/instances/{name}/references/", None),
    ("post", "/instances/{name}/drift/", None),
    ("post", "/function-apps/{app}/", None),
    ("put", "/function-apps/{app}/settings/", {"policy": "observe"}),
    ("post", "/tokens/inspect/", {"token": "e30.e30.e30", "instance": seed.CHAT}),
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A request, its body and its response."""

    route: Route
    parameters: dict[str, str]
    request: Any
    response: Any


class Tour:
    """A sequence of requests of one caller. `local_azure` is in its initial state."""

    def __init__(self, client: APIClient, token_id: int, local_azure: LocalAzure) -> None:
        self.client = client
        self.cloud = local_azure
        self.parts = {
            "{name}": seed.CHAT,
            "{app}": seed.FUNCTION_APP,
            "{subscription_id}": seed.SUBSCRIPTION_ID,
            "{token}": str(token_id),
        }

    def stops(self, reads: list[Route]) -> Iterator[Stop]:
        """Send each of `reads`, and every write."""
        _prepare()
        yield from (self.ask(method, path, body) for method, path, body in _WRITES)
        yield from self._work()
        for route in reads:
            yield self.ask(route.method, route.path.removeprefix(V1))
        yield self.ask("delete", "/instances/{name}/")
        yield self.ask("delete", "/tokens/{token}/")

    def ask(self, method: str, path: str, body: Any = None) -> Stop:
        """Send a request; a document is replaced regardless of its version."""
        path = path.replace("/function-apps/{name}", "/function-apps/{app}")
        path = path.replace("/tokens/{id}", "/tokens/{token}")
        address = V1 + path
        parameters = {}
        for part, value in self.parts.items():
            if part in address:
                parameters[_NAMES.get(part, part).strip("{}")] = value
                address = address.replace(part, value)
        answer = getattr(self.client, method)(
            address, body, format="json", headers={"If-Match": "*"}
        )
        for part, name in _NAMES.items():
            path = path.replace(part, name)
        return Stop(Route(V1 + path, method), parameters, body, answer)

    def _work(self) -> Iterator[Stop]:
        """Plan, apply, cancel, roll back and delete."""
        plan = self.client.get(f"{V1}/instances/{seed.CHAT}/plan/").json()
        body = {"digest": plan["digest"], "confirm_destructive": True}
        applied = self.ask("post", "/instances/{name}/apply/", body)
        yield applied
        self.parts["{id}"] = applied.response.json()["id"]
        yield self.ask("post", "/operations/{id}/cancel/")
        fleet = self.client.get(f"{V1}/plan/").json()
        body = {"digest": fleet["digest"], "confirm_destructive": True}
        yield self.ask("post", "/apply/", body)
        for operation in Operation.objects.unfinished():
            drive(operation)
        yield self.ask("post", "/instances/{name}/rollback/", {"number": 1, "comment": "too early"})
        yield self.ask("post", "/instances/{name}/drift/accept/", {"comment": "theirs is right"})
        self.client.put(
            f"{V1}/instances/{seed.LAB}/settings/",
            {"policy": "manage", "is_protected": False},
            format="json",
            headers={"If-Match": "*"},
        )
        here, self.parts["{name}"] = self.parts["{name}"], seed.LAB
        yield self.ask("post", "/instances/{name}/deletion/", {"confirm": seed.LAB})
        self.parts["{name}"] = here
        set_desired(_row(seed.CHAT), "SystemAssigned", SIGNED)


def _prepare() -> None:
    chat_to_functions()
    managed(seed.LAB)
    set_desired(imported(seed.PAYMENTS), "SystemAssigned", SIGNED)
    row, now = _row(seed.CHAT), timezone.now()
    Delivery.objects.create(
        instance=row,
        received_at=now,
        hub="chat",
        category="messages",
        event="echo",
        connection_id="zR2c",
        user_id="ada",
        outcome="accepted",
        status=200,
        duration_ms=1.5,
    )
    DeliveryCount.objects.create(instance=row, minute=now, outcome="accepted", count=7)


def _row(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)
