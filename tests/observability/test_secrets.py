"""Log lines contain no secrets, even without the filter that redacts them."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jwt
import msgpack
import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from arm.client import ArmClient
from arm.errors import CredentialRefused
from localazure import seed
from sync.azure_client import arm_settings
from sync.models import OperationStep
from tests.accounts.callers import DAY, Scope, bearing, user
from tests.cloud import LocalAzure
from tests.observability.lines import Lines
from tests.sync.worker import drive_to, imported, signed_lab, stage
from tests.upstreams.project import hubs
from tests.upstreams.receiver.conftest import Service, plant_rows
from tests.upstreams.receiver.requests import json_call
from upstreams.models import Delivery
from upstreams.receiver import Hub, UpstreamRequest
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.testing import installed_hubs
from upstreams.sender import SendError
from validation import configuration

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-0123456789abcdef"
CHAT = f"/upstream/{seed.CHAT}/"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> Iterator[None]:
    """Write each delivery before it is answered, and remember nothing of other tests."""
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 0}
    recorder.forget()
    policies.forget()
    configuration.forget()
    yield
    policies.forget()
    configuration.forget()


@pytest.fixture
def bare() -> Iterator[Lines]:
    """Every line from DEBUG on, with nothing hidden."""
    handler = Lines(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)


@pytest.fixture
def service(local_azure: LocalAzure) -> Iterator[Service]:
    """The seed's instance, as the service sends for it."""
    plant_rows()
    with installed_hubs(hubs.chat):
        yield Service(made(local_azure))


def made(cloud: LocalAzure, **changes: object) -> str:
    """Return a token of Local Azure, the seed's instance's own or another."""
    order = {"principal": seed.CHAT, "resource": seed.UPSTREAM_APP_URI, **changes}
    token: str = cloud.post("/_local/tokens", order)["token"]
    return token


def parts(token: str) -> list[str]:
    """Return what must not be seen of a token: its claims, its signature, any long part."""
    return [part for part in token.split(".") if len(part) > 12][-2:]


def test_logs_no_tokens_of_upstream_requests(
    local_azure: LocalAzure, service: Service, bare: Lines
) -> None:
    hostile = [
        made(local_azure, resource="api://other"),
        made(local_azure, key="unknown"),
        made(local_azure, key="none"),
        made(local_azure, claims={"oid": "another"}),
        made(local_azure, claims={"exp": 1}),
        f"eyJhbGciOiJub25lIn0.{SECRET}.",
        SECRET,
    ]
    for token in hostile:
        assert service.post(authorization=f"Bearer {token}").status_code in {401, 503}
    assert bare.text().count("Refused") == len(hostile)
    for token in [service.bearer, *hostile]:
        assert not [part for part in parts(token) if part in bare.text()]


def test_logs_no_secrets_of_clients(service: Service, bare: Lines) -> None:
    query = f"hub=chat&access_token={SECRET}"
    assert service.post(client_query=query).status_code == 200
    assert service.post(json_call([SECRET]), client_query=query).status_code == 200
    service.post(SECRET.encode(), client_query=query)
    service.post(path=f"{CHAT}{SECRET}", authorization=f"Basic {SECRET}")
    service.post(path=f"{CHAT}{SECRET}?code={SECRET}", category="groups", client_query=query)
    assert bare.text().count("Refused") == 3
    assert SECRET not in bare.text()


# A client's token for the service, as signalrcore puts it into the headers of its frames.
CLIENT_TOKEN = jwt.encode({"aud": f"https://{SECRET}/client/?hub=chat", "exp": 1}, SECRET * 2)
FRAME_HEADERS = {"Authorization": f"Bearer {CLIENT_TOKEN}"}
_MESSAGEPACK = "application/x-msgpack"


def frames() -> list[tuple[bytes, str]]:
    """Return bodies with the token: calls that succeed, and that fail in each way."""
    found = []
    for kind, target, arguments in (
        (1, "echo", ["x"]),
        (1, "echo", []),
        (1, "none", []),
        (9, "echo", []),
    ):
        call = {"type": kind, "target": target, "arguments": arguments, "headers": FRAME_HEADERS}
        binary = msgpack.packb([kind, FRAME_HEADERS, "0", target, arguments, []])
        found += [(json.dumps(call | {"invocationId": "0"}).encode(), "application/json")]
        found += [(binary, _MESSAGEPACK), (binary[:-1], _MESSAGEPACK)]
    return [*found, (json.dumps({"headers": FRAME_HEADERS}).encode()[:-1], "application/json")]


@pytest.mark.parametrize("number", range(len(frames())))
def test_logs_no_tokens_in_frames(service: Service, bare: Lines, number: int) -> None:
    body, content_type = frames()[number]
    chat, seen = Hub("chat"), []

    @chat.message("echo")
    def echo(request: UpstreamRequest, _text: str) -> str:
        seen.append(repr([request, vars(request), request.query, request.claims]))
        raise RuntimeError(seen)

    with installed_hubs(chat):
        answer = service.post(body, content_type=content_type)
    shown = [bare.text(), answer.content.decode("latin-1"), *seen]
    shown += [repr(row) for row in Delivery.objects.values()]
    assert len(Delivery.objects.all()) == 1
    assert not [part for part in parts(CLIENT_TOKEN) if part in "".join(shown)]


def test_logs_no_tokens_of_sends(
    local_azure: LocalAzure, bare: Lines, settings: Settings, tmp_path: Path
) -> None:
    chat = Hub("chat")
    shown: list[object] = []
    for key in ("", SECRET * 2):
        if key:
            path = tmp_path / "strings.json"
            path.touch(mode=0o600)
            endpoint = f"{local_azure.url}/signalr/{seed.CHAT}"
            path.write_text(json.dumps({seed.CHAT: f"Endpoint={endpoint};AccessKey={key}"}))
            settings.SENDER = settings.SENDER | {"CONNECTION_STRINGS_FILE": str(path)}
        for call in (
            lambda: chat.on(seed.CHAT).send_to_user(SECRET, "said", SECRET),
            lambda: chat.on(seed.CHAT).negotiate(user_id=SECRET, claims={"name": SECRET}),
            lambda: asyncio.run(chat.on(seed.CHAT).asend_to_user(SECRET, "said", SECRET)),
            lambda: asyncio.run(chat.on(seed.CHAT).anegotiate(user_id=SECRET)),
        ):
            try:
                shown.append(call())
            except SendError as error:
                shown.append(traceback.format_exception(error))
    assert SECRET not in bare.text()
    assert SECRET not in repr(shown)
    assert "eyJ" not in bare.text() + repr(shown)


def test_logs_no_tokens_of_api_callers(bare: Lines) -> None:
    _, kept = PersonalAccessToken.issue(
        user(Role.OPERATOR), name="test", scope=Scope.WRITE, lifetime=DAY
    )
    for secret in (kept, f"smp_{SECRET}", SECRET, f"eyJhbGciOiJSUzI1NiJ9.{SECRET}.{SECRET}"):
        client = bearing(secret)
        client.get("/api/v1/instances/")
        client.get(f"/api/v1/nothing/?access_token={secret}")
        client.post("/api/v1/tokens/inspect/", {"instance": "none", "token": secret}, format="json")
        APIClient().get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert "Not Found" in bare.text()
    assert kept not in bare.text()
    assert SECRET not in bare.text()


def test_logs_no_inspected_tokens(local_azure: LocalAzure, bare: Lines) -> None:
    imported(seed.CHAT)
    token = made(local_azure, claims={"name": SECRET})
    _, secret = PersonalAccessToken.issue(
        user(Role.VIEWER), name="test", scope=Scope.READ, lifetime=DAY
    )
    body = {"instance": seed.CHAT, "token": token}
    assert bearing(secret).post("/api/v1/tokens/inspect/", body, format="json").status_code == 200
    assert not [part for part in (*parts(token), secret) if part in bare.text()]


def test_logs_no_signed_urls_of_operations(local_azure: LocalAzure, bare: Lines) -> None:
    local_azure.post("/_local/operations", {"polls": 3})
    operation = signed_lab()
    drive_to(operation, OperationStep.State.POLLING)
    # Local Azure does not sign them: as Azure would.
    operation.continuation = operation.continuation.replace("?", f"?t=1&s={SECRET}&")
    operation.save()
    faults = [
        {"method": "GET", "path": ".*operation.*", "times": 1, "status": 500},
        {"method": "GET", "path": ".*operation.*", "times": 1, "drop": True},
        {"method": "GET", "path": ".*operation.*", "times": 1, "status": 403},
    ]
    local_azure.post("/_local/faults", faults)
    for _ in faults:
        stage(operation)
    assert "attempt" in bare.text()
    assert SECRET not in bare.text()


def test_logs_no_credential_of_its_own(
    local_azure: LocalAzure, bare: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    # Settings of its own, so that it does not have a token yet.
    client = ArmClient(seed.SUBSCRIPTION_ID, replace(arm_settings(), connect_seconds=4))
    with pytest.raises(CredentialRefused) as refused:
        client.get_instance(seed.REALTIME_GROUP, seed.CHAT)
    assert SECRET not in bare.text() + str(refused.value)
