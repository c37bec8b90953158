"""Conventions of the whole API: problems, pages, filters, limits and authentication."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance, Subscription
from tests.accounts.callers import caller, token, user

pytestmark = pytest.mark.django_db

INSTANCES = "/api/v1/instances/"


@pytest.fixture
def fleet() -> list[SignalRInstance]:
    subscription = Subscription.objects.create(
        subscription_id="bbbbbbbb-0000-4000-8000-000000000009",
        tenant_id="aaaaaaaa-0000-4000-8000-000000000009",
    )
    return [
        SignalRInstance.objects.create(
            name=f"contoso-{letter}", subscription=subscription, resource_group="rg"
        )
        for letter in "abc"
    ]


def test_challenges_requests_without_credentials() -> None:
    answer = APIClient().get(INSTANCES)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_refusal_is_a_problem_with_the_request_id() -> None:
    answer = APIClient().get(INSTANCES, headers={"X-Request-ID": "mine"})
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["X-Request-ID"] == "mine"
    problem = answer.json()
    assert problem["type"] == "/problems/unauthorized"
    assert problem["status"] == 401
    assert problem["instance"] == INSTANCES
    assert problem["request_id"] == "mine"


def test_ignores_request_ids_that_are_unsafe_in_logs() -> None:
    answer = APIClient().get(INSTANCES, headers={"X-Request-ID": "mine theirs"})
    assert answer["X-Request-ID"] != "mine theirs"


def test_unknown_api_url_is_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_unknown_url_outside_the_api_is_a_page(client: Client) -> None:
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_unknown_instance_is_a_problem() -> None:
    answer = caller(Role.VIEWER).get(f"{INSTANCES}contoso-x/")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


def test_user_without_groups_reads_nothing() -> None:
    assert token(None)[1].get(INSTANCES).status_code == 403


def test_session_authenticates_api_requests() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user(Role.VIEWER))
    assert client.get(INSTANCES).status_code == 200


def test_finds_instances_by_name_in_any_case(fleet: list[SignalRInstance]) -> None:
    found = caller(Role.VIEWER).get(f"{INSTANCES}CONTOSO-A/").json()
    assert found["name"] == "contoso-a"
    assert found["policy"] == "observe"


def test_pages_are_linked(fleet: list[SignalRInstance]) -> None:
    client = caller(Role.VIEWER)
    first = client.get(INSTANCES, {"page_size": 2}).json()
    second = client.get(first["next"]).json()
    names = [row["name"] for page in (first, second) for row in page["results"]]
    assert names == ["contoso-a", "contoso-b", "contoso-c"]
    assert second["next"] is None


def test_lists_are_ordered_and_filtered(fleet: list[SignalRInstance]) -> None:
    SignalRInstance.objects.filter(name="contoso-b").update(policy="manage")
    client = caller(Role.VIEWER)
    reverse = client.get(INSTANCES, {"ordering": "-name"}).json()["results"]
    assert [row["name"] for row in reverse] == ["contoso-c", "contoso-b", "contoso-a"]
    managed = client.get(INSTANCES, {"policy": "manage"}).json()["results"]
    assert [row["name"] for row in managed] == ["contoso-b"]


def test_names_invalid_filters() -> None:
    answer = caller(Role.VIEWER).get(INSTANCES, {"policy": "other"})
    assert answer.status_code == 400
    assert "policy" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("location", ""),
        ("page_size", "0"),
        ("page_size", "501"),
        ("page_size", "x"),
        ("cursor", "x"),
        ("polcy", "manage"),
    ],
)
def test_refuses_empty_and_unknown_filters_and_pages(name: str, value: str) -> None:
    answer = caller(Role.VIEWER).get(INSTANCES, {name: value})
    assert answer.status_code == 400
    assert name in answer.json()["errors"]
