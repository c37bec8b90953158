"""Tokens that the service keeps: what it sends upstream, and what callers of the REST API send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import time_machine

from localazure import seed, seed_loader
from localazure.entra.directory.managed_identities import NoIdentity, principal_of
from localazure.entra.issuance import issue
from localazure.entra.tokens import IDENTITY_TOKEN_SECONDS, Principal
from localazure.service.authentication.entra import read_entra_token
from localazure.service.authentication.tokens import Unauthorized
from localazure.service.expiry_cache import ExpiryCache
from localazure.service.instances import find_instance
from localazure.service.upstream.identity_tokens import RENEWAL_SECONDS, identity_token
from localazure.world import World
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.localazure.service.application import Application
from tests.localazure.service.test_rest import SAID, SCOPE, entra
from tests.localazure.service.test_upstream import SYSTEM_ASSIGNED, seed_instance, send, template
from tests.localazure.service.upstream import Upstream, serving

SERVICE = "https://signalr.azure.com"
OWNER = "SignalR REST API Owner"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as one:
        yield one


@pytest.fixture
def world() -> World:
    """Local Azure's built-in fleet, in this process."""
    one = World("https://localhost:8443")
    seed_loader.load_seed(one, seed.foundation())
    seed_loader.load_seed(one, seed.fleet())
    return one


def identity(world: World) -> Principal:
    instance = find_instance(world, seed.CHAT)
    assert instance is not None
    return principal_of(instance.resource, world.resources)


def sent_tokens(upstream: Upstream) -> list[str]:
    found = [one.headers["Authorization"].decode() for one in upstream.received]
    return [one.removeprefix("Bearer ") for one in found]


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_events_carry_one_token(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url, "api://mine"), identity=SYSTEM_ASSIGNED)
    send(local_azure)
    send(local_azure, event="other")
    first, second = sent_tokens(upstream)
    assert first == second


def test_new_signing_key_signs_the_next_event(local_azure: LocalAzure, upstream: Upstream) -> None:
    seed_instance(local_azure, template(upstream.url, "api://mine"), identity=SYSTEM_ASSIGNED)
    send(local_azure)
    local_azure.post("/_local/keys/rotate")
    send(local_azure)
    first, second = map(jwt.get_unverified_header, sent_tokens(upstream))
    assert first["kid"] != second["kid"]


def test_another_resource_applies_to_the_next_event(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    for resource in ("api://mine", "api://yours"):
        seed_instance(local_azure, template(upstream.url, resource), identity=SYSTEM_ASSIGNED)
        send(local_azure)
    assert [claims(one)["aud"] for one in sent_tokens(upstream)] == ["api://mine", "api://yours"]


def test_another_identity_applies_to_the_next_event(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    arm_id = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    user_assigned = {"type": "UserAssigned", "userAssignedIdentities": {arm_id: {}}}
    for one in (SYSTEM_ASSIGNED, user_assigned):
        seed_instance(local_azure, template(upstream.url, "api://mine"), identity=one)
        send(local_azure)
    first, second = map(claims, sent_tokens(upstream))
    assert first["oid"] != second["oid"] == seed.ORDERS_PRINCIPAL_ID


def test_removed_identity_sends_no_kept_token(local_azure: LocalAzure, upstream: Upstream) -> None:
    signed = template(upstream.url, "api://mine")
    seed_instance(local_azure, signed, identity=SYSTEM_ASSIGNED)
    send(local_azure)
    seed_instance(local_azure, signed)
    assert send(local_azure)["error"] == "The instance 'test-one' has no managed identity."
    assert len(upstream.received) == 1


def test_version_of_the_registration_applies_to_the_next_event(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    seed_instance(local_azure, template(upstream.url, "api://mine"), identity=SYSTEM_ASSIGNED)
    for version in (1, 2):
        one = {"displayName": "mine", "identifierUris": ["api://mine"]}
        local_azure.seed(applications=[one | {"requestedAccessTokenVersion": version}])
        send(local_azure)
    assert [claims(one)["ver"] for one in sent_tokens(upstream)] == ["1.0", "2.0"]


def test_kept_token_is_replaced_before_it_expires(world: World) -> None:
    principal = identity(world)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        first = identity_token(world, principal, "api://mine")
        clock.shift(IDENTITY_TOKEN_SECONDS - RENEWAL_SECONDS - 1)
        assert identity_token(world, principal, "api://mine") == first
        clock.shift(1)
        second = identity_token(world, principal, "api://mine")
        assert second != first
        assert claims(first)["exp"] - 1_800_000_000 == IDENTITY_TOKEN_SECONDS
        assert claims(second)["exp"] > claims(first)["exp"]


def test_reset_forgets_kept_tokens(world: World) -> None:
    principal = identity(world)
    first = identity_token(world, principal, "api://mine")
    world.service.clear()
    assert identity_token(world, principal, "api://mine") != first


def test_identity_that_is_gone_has_no_principal(world: World) -> None:
    instance = find_instance(world, seed.CHAT)
    assert instance is not None
    identity_token(world, identity(world), "api://mine")
    instance.resource.document["identity"] = {"type": "None"}
    with pytest.raises(NoIdentity):
        identity(world)


def test_verified_token_is_refused_once_it_expires(world: World) -> None:
    caller = identity(world)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        token = issue(world, caller, SERVICE)
        assert read_entra_token(world, token) == caller.object_id
        clock.move_to(claims(token)["exp"] - 1)
        assert read_entra_token(world, token) == caller.object_id
        clock.shift(1)
        with pytest.raises(Unauthorized, match="expired"):
            read_entra_token(world, token)


def test_verified_token_is_refused_once_its_key_is_not_published(world: World) -> None:
    world.keys.rotate()
    token = issue(world, identity(world), SERVICE)
    read_entra_token(world, token)
    world.keys.forget_rotations()
    with pytest.raises(Unauthorized, match="key was not found"):
        read_entra_token(world, token)


def test_token_is_verified_as_a_whole(world: World) -> None:
    token = issue(world, identity(world), SERVICE)
    read_entra_token(world, token)
    for changed in (token[:-4] + "AAAA", token + "A", token.upper()):
        with pytest.raises(Unauthorized):
            read_entra_token(world, changed)


def test_role_that_is_taken_away_refuses_a_verified_token(application: Application) -> None:
    name = "0f0f0f0f-0000-4000-8000-000000000001"
    role_id = "fd53cd77-2268-407a-8f46-7e7863d0f521"
    path = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{name}"
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{role_id}"
    properties = {"roleDefinitionId": definition, "principalId": seed.CHAT_PRINCIPAL_ID}
    arm = Arm(application.cloud, seed.CLIENT_ID, seed.CLIENT_SECRET)
    owner = {"role": "Owner", "principalId": seed.CLIENT_OBJECT_ID, "scope": SCOPE}
    application.cloud.seed(roleAssignments=[owner])
    token = entra(application)

    def status() -> int:
        sent = application.rest("POST", "/hubs/chat/:send", json=SAID, token=token)
        return int(sent.status_code)

    version = "2022-04-01"
    assert status() == 403
    assert arm.call("PUT", path, {"properties": properties}, version).status_code == 201
    assert status() == 202
    assert arm.call("DELETE", path, None, version).status_code == 200
    assert status() == 403


def test_oldest_entries_go_first() -> None:
    kept: ExpiryCache[str, int] = ExpiryCache(most=2)
    for number, name in enumerate("aba"):
        kept.put(name, number, until=9_999_999_999)
    kept.put("c", 3, until=9_999_999_999)
    assert [kept.get(name) for name in "abc"] == [2, None, 3]
