"""Lists to choose from: identities, applications and Azure services."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.api.fleet import user_assigned
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db

IDENTITIES = "/api/v1/user-assigned-identities/"
NEW = {
    "name": "id-new",
    "subscription_id": seed.SUBSCRIPTION_ID,
    "resource_group": seed.REALTIME_GROUP,
    "location": "westeurope",
}


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    return caller(Role.OPERATOR)


def test_creates_identity_in_azure_and_stores_it(operator: APIClient) -> None:
    answer = operator.post(IDENTITIES, NEW, format="json")
    assert answer.status_code == 201
    assert answer.json()["principal_id"]
    assert operator.get(IDENTITIES, {"search": "ID-NEW"}).json()["results"] == [answer.json()]


def test_accepts_longest_identity_name(operator: APIClient) -> None:
    name = "i" * 128
    assert operator.post(IDENTITIES, NEW | {"name": name}, format="json").status_code == 201
    events = operator.get("/api/v1/audit-events/", {"object": name}).json()["results"]
    assert [event["object"].endswith(f"/{name}") for event in events] == [True]


def test_refuses_invalid_name_before_calling_azure(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    answer = operator.post(IDENTITIES, NEW | {"name": "-"}, format="json")
    assert answer.status_code == 400
    assert not local_azure.requests("PUT")


def test_unknown_resource_group_is_a_problem(operator: APIClient) -> None:
    answer = operator.post(IDENTITIES, NEW | {"resource_group": "none"}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/azure")


def test_searches_identities_by_part_of_their_name() -> None:
    user_assigned("id-one")
    user_assigned("id-two")
    rows = caller(Role.VIEWER).get(IDENTITIES, {"search": "two"}).json()["results"]
    assert [row["name"] for row in rows] == ["id-two"]


def test_searches_applications_of_the_tenant(operator: APIClient) -> None:
    every = operator.get("/api/v1/applications/").json()
    one = operator.get("/api/v1/applications/", {"search": seed.UPSTREAM_APP_ID}).json()
    assert [row["app_id"] for row in one] == [seed.UPSTREAM_APP_ID]
    assert len(every) > len(one)
    assert seed.UPSTREAM_APP_ID in one[0]["resources"]


def test_lists_azure_services_with_their_sources() -> None:
    rows = caller(Role.VIEWER).get("/api/v1/data-planes/").json()
    assert all(row["resource"] and row["source"].startswith("https://") for row in rows)
