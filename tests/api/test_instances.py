"""Creating, deleting and removing instances over the API, and their settings."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import AuditEvent, Operation
from tests.accounts.callers import caller
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import drive, imported, managed, set_desired

pytestmark = pytest.mark.django_db

INSTANCES = "/api/v1/instances/"
LAB = f"{INSTANCES}{seed.LAB}/"
NEW = {
    "name": "contoso-new",
    "subscription_id": seed.SUBSCRIPTION_ID,
    "resource_group": seed.REALTIME_GROUP,
    "location": "westeurope",
}


@pytest.fixture
def operator() -> APIClient:
    return caller(Role.OPERATOR)


def post(client: APIClient, address: str, body: Any = None, **headers: str) -> Any:
    return client.post(address, {} if body is None else body, format="json", headers=headers)


def put(client: APIClient, address: str, document: Any) -> Any:
    tag = client.get(address)["ETag"]
    return client.put(address, document, format="json", headers={"If-Match": tag})


def test_desired_instance_is_created_by_an_apply(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    answer = post(operator, INSTANCES, NEW)
    assert answer.status_code == 201
    assert not local_azure.requests("PUT")
    address = answer["Location"]
    plan = operator.get(f"{address}plan/").json()
    assert [step["kind"] for step in plan["steps"]] == ["existence"]
    assert post(operator, f"{address}apply/", {"digest": plan["digest"]}).status_code == 202
    drive(Operation.objects.get())
    assert operator.get(address).json()["provisioning_state"] == "Succeeded"


def test_repeated_request_adds_the_instance_once(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    first, second = (post(operator, INSTANCES, NEW, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert SignalRInstance.objects.count() == 1


def test_refuses_names_in_use(operator: APIClient, local_azure: LocalAzure) -> None:
    answer = post(operator, INSTANCES, NEW | {"name": seed.CHAT})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/not-creatable"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", "Standard_S9"),
        ("subscription_id", "mine"),
        ("subscription_id", 5),
        ("location", 5),
        ("lokation", "westeurope"),
    ],
)
def test_names_invalid_fields_of_a_new_instance(
    operator: APIClient, field: str, value: object
) -> None:
    answer = post(operator, INSTANCES, NEW | {field: value})
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_deletes_unprotected_instance_whose_name_is_given(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    managed(seed.LAB)
    refused = post(operator, f"{LAB}deletion/", {"confirm": seed.LAB})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/protected")
    put(operator, f"{LAB}settings/", {"policy": "manage", "is_protected": False})
    assert post(operator, f"{LAB}deletion/", {"confirm": "other"}).status_code == 409
    answer = post(operator, f"{LAB}deletion/", {"confirm": seed.LAB})
    assert answer.status_code == 202
    drive(Operation.objects.get())
    assert operator.get(answer["Location"]).json()["state"] == "succeeded"
    assert local_azure.requests("DELETE")


def test_changes_of_settings_are_audited(operator: APIClient) -> None:
    instance()
    address = f"{INSTANCES}contoso-a/settings/"
    answer = put(operator, address, {"policy": "pause", "is_protected": False})
    assert answer.json() == {"policy": "pause", "is_protected": False}
    assert answer["ETag"] == operator.get(address)["ETag"]
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions == {"set policy", "set is_protected"}


def test_removing_an_instance_requires_its_current_tag(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    imported(seed.LAB)
    assert operator.delete(LAB).status_code == 428
    assert operator.delete(LAB, headers={"If-Match": '"old"'}).status_code == 412
    tag = operator.get(LAB)["ETag"]
    assert operator.delete(LAB, headers={"If-Match": tag}).status_code == 204
    assert operator.get(LAB).status_code == 404
    assert not local_azure.requests("DELETE")
    assert AuditEvent.objects.filter(action="remove", who="one-of-operators").exists()


def test_does_not_remove_an_instance_with_unfinished_operation(
    operator: APIClient, local_azure: LocalAzure
) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned")
    digest = operator.get(f"{LAB}plan/").json()["digest"]
    post(operator, f"{LAB}apply/", {"digest": digest})
    answer = operator.delete(LAB, headers={"If-Match": "*"})
    assert answer.json()["type"] == "/problems/operation-running"
