"""What there is to choose from: identities, applications and Azure's own services."""

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


def test_an_identity_is_made_in_azure_and_known_here(operator: APIClient) -> None:
    answer = operator.post(IDENTITIES, NEW, format="json")
    assert answer.status_code == 201
    assert answer.json()["principal_id"]
    assert operator.get(IDENTITIES, {"search": "ID-NEW"}).json()["results"] == [answer.json()]


def test_an_identity_may_have_the_longest_name_that_azure_takes(operator: APIClient) -> None:
    name = "i" * 128
    assert operator.post(IDENTITIES, NEW | {"name": name}, format="json").status_code == 201
    events = operator.get("/api/v1/audit-events/", {"object": name}).json()["results"]
    assert [event["object"].endswith(f"/{name}") for event in events] == [True]


def test_a_name_that_azure_does_not_take_is_refused_before_it_is_asked(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    answer = operator.post(IDENTITIES, NEW | {"name": "-"}, format="json")
    assert answer.status_code == 400
    assert not local_azure.requests("PUT")


def test_a_group_that_there_is_not_is_a_problem(operator: APIClient) -> None:
    answer = operator.post(IDENTITIES, NEW | {"resource_group": "none"}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/azure")


def test_identities_are_searched_by_a_part_of_their_name() -> None:
    user_assigned("id-one")
    user_assigned("id-two")
    rows = caller(Role.VIEWER).get(IDENTITIES, {"search": "two"}).json()["results"]
    assert [row["name"] for row in rows] == ["id-two"]


def test_applications_are_searched_in_the_tenant(operator: APIClient) -> None:
    every = operator.get("/api/v1/applications/").json()
    one = operator.get("/api/v1/applications/", {"search": seed.UPSTREAM_APP_ID}).json()
    assert [row["app_id"] for row in one] == [seed.UPSTREAM_APP_ID]
    assert len(every) > len(one)
    assert seed.UPSTREAM_APP_ID in one[0]["resources"]


def test_azures_own_services_are_listed_with_their_sources() -> None:
    rows = caller(Role.VIEWER).get("/api/v1/data-planes/").json()
    assert all(row["resource"] and row["source"].startswith("https://") for row in rows)
