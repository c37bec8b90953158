"""No valid request is lost during key rollover, an Entra outage or a flood of forged key IDs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.core.cache import cache
from django.test.testcases import LiveServerThread
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.upstreams.receiver.conftest import RESOURCE, Service, Tokens, plant_rows
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.servers import serving
from tests.upstreams.receiver.sockets import Reply, exchange
from tests.validation.keys.rings import DAY, Clock, at_once
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.protocol.requests import Route
from validation import configuration
from validation.keys.discovery import Discovery
from validation.keys.key_ring import KeyRing, Timing, Work, in_daemon_thread
from validation.policy import TokenPolicy
from validation.shared_keys import SharedKeys
from validation.validator import Validator

ECHO = Route("chat", "messages", "echo", "c-1")
ENTRA = {"path": "openid-configuration|discovery", "times": None}
FLOOD = 100_000


@pytest.fixture
def url(
    transactional_db: None, local_azure: LocalAzure, settings: Settings, project: object
) -> Iterator[str]:
    """A web server with many threads."""
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 3600}
    plant_rows()
    with serving(LiveServerThread) as url:
        yield url


def test_key_rollover_under_load_loses_no_request(
    url: str, local_azure: LocalAzure, project: list[UpstreamRequest]
) -> None:
    assert replies_under_load(url, local_azure, rotations={50}) == {Reply(200, "")}
    assert len(project) == 100


def test_repeated_rotation_loses_no_request(
    url: str, local_azure: LocalAzure, project: list[UpstreamRequest]
) -> None:
    rotations = set(range(10, 100, 20))
    assert replies_under_load(url, local_azure, rotations) == {Reply(200, "")}
    assert len(project) == 100


def replies_under_load(url: str, cloud: LocalAzure, rotations: set[int]) -> set[Reply]:
    """Send a hundred requests, each with a new token, and change the keys before some of them."""
    body = json_call(["hi"])

    def send(number: int) -> Reply:
        if number in rotations:
            ask(cloud, "/_local/keys/rotate")
        return exchange(url, HERE, sent(ask(cloud, "/_local/tokens")["token"]), body)

    with ThreadPoolExecutor(4) as senders:
        return set(senders.map(send, range(100)))


def ask(cloud: LocalAzure, path: str) -> Any:
    """Ask Local Azure from any thread; its own session is for one."""
    order = {"principal": seed.CHAT, "resource": RESOURCE}
    answer = requests.post(cloud.url + path, json=order, verify=str(cloud.ca_file), timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_entra_outage_loses_no_request(
    chat: SignalRInstance,
    local_azure: LocalAzure,
    project: list[UpstreamRequest],
    token: Tokens,
) -> None:
    assert Service(token()).post().status_code == 200
    local_azure.post("/_local/faults", [ENTRA | {"drop": True}])
    for _ in range(20):
        assert Service(token(key="unknown")).post().status_code == 401
        assert Service(token()).post().status_code == 200
    assert len(project) == 21


def test_process_without_keys_answers_503(
    chat: SignalRInstance, local_azure: LocalAzure, project: list[UpstreamRequest], token: Tokens
) -> None:
    local_azure.post("/_local/faults", [ENTRA | {"status": 503}])
    refused = Service(token()).post()
    assert (refused.status_code, json.loads(refused.content)["code"]) == (503, "keys_unavailable")
    assert int(refused["Retry-After"]) > 0
    assert project == []


def test_outage_of_a_day_loses_no_request(
    chat: SignalRInstance, local_azure: LocalAzure, token: Tokens
) -> None:
    clock = Clock()
    policy = policies.get(seed.CHAT).token_policies(ECHO)[-1]
    ring = ring_at(clock, local_azure, policy)
    bearer = token()
    assert is_accepted(bearer, policy, ring)
    local_azure.post("/_local/faults", [ENTRA | {"status": 503}])
    local_azure.delete("/_local/requests")
    for _ in range(24 * 12 + 1):
        clock.forward(DAY / (24 * 12))
        ring.refresh_if_due()
        assert is_accepted(bearer, policy, ring)
    assert len(local_azure.requests("GET")) > 24
    local_azure.delete("/_local/faults")
    local_azure.post("/_local/keys/rotate")
    clock.forward(60)
    assert is_accepted(token(), policy, ring)


@pytest.mark.parametrize("seconds", [0, 1, 3, 20])
def test_key_rollover_loses_no_request_of_any_process(
    chat: SignalRInstance, local_azure: LocalAzure, token: Tokens, seconds: float
) -> None:
    """Although both processes read for invented key ids, the second so long after the first."""
    clock = Clock()
    policy = policies.get(seed.CHAT).token_policies(ECHO)[-1]
    rings = [ring_at(clock, local_azure, policy, start=in_daemon_thread) for _ in range(2)]
    assert all(is_accepted(token(), policy, ring) for ring in rings)
    for number, ring in enumerate(rings):
        clock.forward(number * seconds)
        assert not is_accepted(invented(token(), number), policy, ring)
    clock.forward(Timing.pacing)
    local_azure.post("/_local/keys/rotate")
    local_azure.delete("/_local/requests")
    bearers = [token(claims={"uti": str(number)}) for number in range(40)]
    with ThreadPoolExecutor(4) as senders:
        accepted = senders.map(
            lambda number: is_accepted(bearers[number], policy, rings[number % 2]), range(40)
        )
        assert all(accepted)
    assert paths_asked(local_azure) == ["keys", "openid-configuration"]


def paths_asked(cloud: LocalAzure) -> list[str]:
    return sorted(entry["path"].rsplit("/", 1)[-1] for entry in cloud.requests("GET"))


def ring_at(
    clock: Clock,
    cloud: LocalAzure,
    policy: TokenPolicy,
    start: Callable[[Work], None] = at_once,
) -> KeyRing:
    """Return a process's key ring, which reads Local Azure's Entra over HTTPS, by this clock."""
    discovery = Discovery.of(policy, authority=cloud.url, key_hosts=frozenset())
    shared = SharedKeys(
        discovery.signing_keys, cache, issuer=policy.issuer, timing=Timing(), clock=clock
    )
    return KeyRing(shared, clock=clock, start=start)


def is_accepted(bearer: str, policy: TokenPolicy, ring: KeyRing) -> bool:
    return Validator(lambda _policy: ring).verdict(bearer, policy).is_accepted


def test_paces_readings_for_forged_key_ids(
    chat: SignalRInstance, local_azure: LocalAzure, token: Tokens
) -> None:
    policy = policies.get(seed.CHAT).token_policies(ECHO)[-1]
    validator = configuration.validator()
    bearer = token()
    assert validator.verdict(bearer, policy).is_accepted
    local_azure.delete("/_local/requests")
    began = time.monotonic()
    with ThreadPoolExecutor(4) as senders:
        reasons = set(
            senders.map(
                lambda number: validator.verdict(invented(bearer, number), policy).reason,
                range(FLOOD),
            )
        )
    assert reasons == {"key_id_unknown"}
    # Each key id is another one, so that only the pacing delays the next reading.
    readings = paths_asked(local_azure).count("keys")
    assert 1 <= readings <= 2 + (time.monotonic() - began) // Timing.pacing
    assert validator.verdict(bearer, policy).is_accepted


def invented(bearer: str, number: int) -> str:
    """Return the token with an unpublished key ID."""
    header = {"typ": "JWT", "alg": "RS256", "kid": f"invented-{number}"}
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{bearer.partition('.')[2]}"
