"""The plans of all instances that match a filter, and applying them, over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from sync.models import Operation
from sync.operations.plans.fleet import MOST_INSTANCES
from tests.accounts.callers import caller
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, drive, imported, managed, set_desired

pytestmark = pytest.mark.django_db

PLAN = "/api/v1/plan/"
APPLY = "/api/v1/apply/"


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    """Return an operator's client for three instances, two of which have pending changes.

    One of the two is in another group than most tests name.
    """
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    set_desired(imported(seed.CHAT), "None")
    managed(seed.PAYMENTS)
    return caller(Role.OPERATOR)


def apply(client: APIClient, digest: str, query: str = "", **headers: str) -> Any:
    body = {"digest": digest, "confirm_destructive": True}
    return client.post(f"{APPLY}{query}", body, format="json", headers=headers)


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["instance"] for row in rows]


def test_plans_all_instances(operator: APIClient) -> None:
    plan = operator.get(PLAN).json()
    assert names(plan["plans"]) == sorted([seed.CHAT, seed.LAB])
    assert plan["unchanged"] == [seed.PAYMENTS]
    assert plan["refusals"] == []


def test_filters_select_instances_and_change_the_digest(operator: APIClient) -> None:
    plan = operator.get(PLAN, {"name": seed.LAB}).json()
    assert names(plan["plans"]) == [seed.LAB]
    assert plan["digest"] != operator.get(PLAN).json()["digest"]


def test_explains_why_observed_instances_are_not_planned(operator: APIClient) -> None:
    SignalRInstance.objects.filter(name=seed.LAB).update(policy="observe")
    plan = operator.get(PLAN).json()
    assert names(plan["plans"]) == [seed.CHAT]
    assert names(plan["refusals"]) == [seed.LAB]
    assert "is observe" in plan["refusals"][0]["detail"]


def test_apply_starts_an_operation_for_each_plan(operator: APIClient) -> None:
    answer = apply(operator, operator.get(PLAN).json()["digest"])
    assert answer.status_code == 202
    assert sorted(names(answer.json()["operations"])) == sorted([seed.CHAT, seed.LAB])
    for operation in Operation.objects.all():
        assert drive(operation).state == "succeeded"
    assert operator.get(PLAN).json()["plans"] == []


def test_apply_changes_only_filtered_instances(operator: APIClient) -> None:
    query = f"?resource_group={seed.PAYMENTS_GROUP}"
    digest = operator.get(f"{PLAN}{query}").json()["digest"]
    answer = apply(operator, digest, query)
    assert names(answer.json()["operations"]) == [seed.LAB]


@pytest.mark.parametrize("query", ["", f"?name={seed.CHAT}"])
def test_refuses_digest_of_other_filters(operator: APIClient, query: str) -> None:
    digest = operator.get(PLAN, {"name": seed.LAB}).json()["digest"]
    answer = apply(operator, digest, query)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/stale-plan"
    assert answer.json()["digest"] == operator.get(f"{PLAN}{query}").json()["digest"]
    assert not Operation.objects.exists()


def test_does_not_apply_changes_made_after_the_plan(operator: APIClient) -> None:
    digest = operator.get(PLAN).json()["digest"]
    set_desired(SignalRInstance.objects.get(name=seed.PAYMENTS), "SystemAssigned", SIGNED)
    assert apply(operator, digest).status_code == 409
    assert not Operation.objects.exists()


def test_busy_instance_does_not_block_the_others(operator: APIClient) -> None:
    single = operator.get(f"/api/v1/instances/{seed.LAB}/plan/").json()["digest"]
    address = f"/api/v1/instances/{seed.LAB}/apply/"
    operator.post(address, {"digest": single}, format="json")
    answer = apply(operator, operator.get(PLAN).json()["digest"])
    assert names(answer.json()["operations"]) == [seed.CHAT]
    assert names(answer.json()["refusals"]) == [seed.LAB]


def test_repeated_apply_starts_nothing_and_other_filters_are_a_new_request(
    operator: APIClient,
) -> None:
    digest = operator.get(PLAN).json()["digest"]
    key = {"Idempotency-Key": "once"}
    first, second = (apply(operator, digest, "", **key) for _ in range(2))
    assert (second.status_code, second.json()) == (202, first.json())
    assert Operation.objects.count() == 2
    assert apply(operator, digest, "?policy=manage", **key).status_code == 422


def test_applies_nothing_where_nothing_differs(operator: APIClient) -> None:
    query = f"?name={seed.PAYMENTS}"
    digest = operator.get(f"{PLAN}{query}").json()["digest"]
    answer = apply(operator, digest, query)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/nothing-to-apply")


@pytest.mark.parametrize(("name", "value"), [("polcy", "manage"), ("policy", "")])
def test_refuses_filters_that_would_select_everything(
    operator: APIClient, name: str, value: str
) -> None:
    answer = apply(operator, "0", f"?{name}={value}")
    assert answer.status_code == 400
    assert name in answer.json()["errors"]


def test_refuses_too_many_instances_before_planning() -> None:
    for number in range(MOST_INSTANCES + 1):
        instance(f"contoso-{number}")
    answer = caller(Role.VIEWER).get(PLAN)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-instances")


def test_plans_local_azures_fleet_as_imported(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    plan = caller(Role.VIEWER).get(PLAN).json()
    assert plan["plans"] == []
    assert plan["refusals"] == []
