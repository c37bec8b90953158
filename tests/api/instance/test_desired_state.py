"""Reading and replacing the desired state, with entity tags."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from sync.models import AuditEvent, DesiredRevision
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance, user_assigned

pytestmark = pytest.mark.django_db

IDENTITY = "/api/v1/instances/contoso-a/identity/"
UPSTREAM = "/api/v1/instances/contoso-a/upstream/"
SYSTEM = {"type": "SystemAssigned"}
SIGNED = {
    "hubPattern": "chat",
    "categoryPattern": "*",
    "eventPattern": "*",
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://receiver"}},
}
OPEN = SIGNED | {"auth": None}


@pytest.fixture
def operator() -> APIClient:
    instance()
    return caller(Role.OPERATOR)


def put(client: APIClient, address: str, document: Any, match: str | None = None) -> Any:
    tag = match if match is not None else client.get(address)["ETag"]
    return client.put(address, document, format="json", headers={"If-Match": tag})


def test_replaces_identity_with_the_current_tag(operator: APIClient) -> None:
    answer = put(operator, IDENTITY, SYSTEM)
    assert answer.status_code == 200
    assert answer.json() == {"type": "SystemAssigned", "user_assigned": None}
    again = operator.get(IDENTITY)
    assert (again.json(), again["ETag"]) == (answer.json(), answer["ETag"])


def test_names_user_assigned_identity_by_arm_id_in_any_case(operator: APIClient) -> None:
    arm_id = user_assigned().arm_id
    document = {"type": "UserAssigned", "user_assigned": arm_id.upper()}
    assert put(operator, IDENTITY, document).json()["user_assigned"] == arm_id


@pytest.mark.parametrize("address", [IDENTITY, UPSTREAM])
def test_requires_if_match(operator: APIClient, address: str) -> None:
    document: Any = SYSTEM if address == IDENTITY else [SIGNED]
    before = operator.get(address)["ETag"]
    answer = operator.put(address, document, format="json")
    assert answer.status_code == 428
    assert answer.json()["type"] == "/problems/precondition-required"
    assert operator.get(address)["ETag"] == before


def test_one_of_two_writers_with_the_same_tag_wins(operator: APIClient) -> None:
    tag = operator.get(UPSTREAM)["ETag"]
    assert put(operator, UPSTREAM, [SIGNED], tag).status_code == 200
    answer = put(operator, UPSTREAM, [OPEN], tag)
    assert answer.status_code == 412
    assert answer.json()["type"] == "/problems/stale-document"
    assert operator.get(UPSTREAM).json() == [SIGNED]


@pytest.mark.parametrize("match", ["*", '"other", {tag}'])
def test_if_match_accepts_any_and_lists(operator: APIClient, match: str) -> None:
    tag = operator.get(IDENTITY)["ETag"]
    assert put(operator, IDENTITY, SYSTEM, match.format(tag=tag)).status_code == 200


def test_refuses_weak_tags(operator: APIClient) -> None:
    tag = operator.get(IDENTITY)["ETag"]
    assert put(operator, IDENTITY, SYSTEM, f"W/{tag}").status_code == 412


def test_keeps_the_order_of_templates(operator: APIClient) -> None:
    document = [SIGNED, OPEN, OPEN | {"hubPattern": "game"}]
    assert put(operator, UPSTREAM, document).json() == document


def test_changes_are_audited(operator: APIClient) -> None:
    put(operator, UPSTREAM, [SIGNED])
    revision = DesiredRevision.objects.first()
    assert revision is not None
    assert (revision.who, revision.action) == ("one-of-operators", "set upstream")
    event = AuditEvent.objects.first()
    assert event is not None
    assert event.who == "one-of-operators"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"type": "Other"}, "type"),
        ({"type": 5}, "type"),
        ({}, "type"),
        ({"type": "SystemAssigned", "user_assigned": 5}, "user_assigned"),
        ({"type": "UserAssigned"}, "user_assigned"),
        ({"type": "UserAssigned", "user_assigned": "/x"}, "user_assigned"),
        ({"type": "SystemAssigned", "kind": 1}, "kind"),
    ],
)
def test_refuses_invalid_identity_by_field(
    operator: APIClient, document: dict[str, Any], field: str
) -> None:
    answer = put(operator, IDENTITY, document)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert operator.get(IDENTITY).json()["type"] == "None"


@pytest.mark.parametrize(
    "document",
    [
        {},
        [5],
        [{}],
        [SIGNED | {"hubPattern": 5}],
        [SIGNED | {"urlTemplate": "nowhere"}],
        [SIGNED | {"url": "x"}],
        [SIGNED | {"auth": {"type": "ManagedIdentity"}}],
    ],
)
def test_refuses_invalid_templates_together(operator: APIClient, document: Any) -> None:
    put(operator, UPSTREAM, [OPEN])
    answer = put(operator, UPSTREAM, document)
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert operator.get(UPSTREAM).json() == [OPEN]


def test_names_the_position_of_an_invalid_template(operator: APIClient) -> None:
    errors = put(operator, UPSTREAM, [SIGNED, SIGNED | {"hubPattern": 5}]).json()["errors"]
    assert errors == {"1": {"hubPattern": ["Give a string."]}}


@pytest.mark.parametrize("address", [IDENTITY, UPSTREAM])
def test_viewer_and_read_only_token_cannot_write(address: str) -> None:
    instance()
    reader = token(Role.ADMINISTRATOR, scope=Scope.READ)[1]
    for client in (caller(Role.VIEWER), reader):
        assert client.get(address).status_code == 200
        assert put(client, address, [], "*").status_code == 403
