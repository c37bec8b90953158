"""Reading and setting the desired service mode over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import DesiredRevision, Operation
from tests.accounts.callers import caller
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import drive, managed, raw

pytestmark = pytest.mark.django_db

A = "/api/v1/instances/contoso-a/service-mode/"
CHAT = f"/api/v1/instances/{seed.CHAT}/"


def put(client: APIClient, address: str, mode: object, query: str = "") -> Any:
    tag = client.get(address)["ETag"]
    body = {"service_mode": mode}
    return client.put(address + query, body, format="json", headers={"If-Match": tag})


def test_sets_and_clears_the_mode_with_its_tag() -> None:
    instance()
    operator = caller(Role.OPERATOR)
    assert operator.get(A).json() == {"service_mode": None}
    answer = put(operator, A, "Serverless", "?comment=For+upstream")
    assert (answer.status_code, answer.json()) == (200, {"service_mode": "Serverless"})
    assert answer["ETag"] == operator.get(A)["ETag"]
    revision = DesiredRevision.objects.latest("number")
    assert (revision.action, revision.comment) == ("set service mode", "For upstream")
    stale = {"If-Match": '"old"'}
    refused = operator.put(A, {"service_mode": None}, format="json", headers=stale)
    assert refused.status_code == 412
    assert put(operator, A, None).json() == {"service_mode": None}


@pytest.mark.parametrize("mode", ["serverless", "", 5])
def test_names_the_field_of_an_invalid_mode(mode: object) -> None:
    instance()
    answer = put(caller(Role.OPERATOR), A, mode)
    assert answer.status_code == 400
    assert "service_mode" in answer.json()["errors"]
    assert SignalRInstance.objects.get().desired_service_mode == ""


def test_viewer_reads_and_cannot_set_it() -> None:
    instance()
    viewer = caller(Role.VIEWER)
    assert viewer.get(A).status_code == 200
    assert put(viewer, A, "Serverless").status_code == 403


def test_mode_is_applied_with_the_plan(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    managed(seed.CHAT)
    operator = caller(Role.OPERATOR)
    put(operator, f"{CHAT}service-mode/", "Default")
    plan = operator.get(f"{CHAT}plan/").json()
    assert [step["kind"] for step in plan["steps"]] == ["service_mode"]
    assert not plan["is_destructive"]
    body = {"digest": plan["digest"]}
    assert operator.post(f"{CHAT}apply/", body, format="json").status_code == 202
    assert drive(Operation.objects.get()).state == "succeeded"
    flags = {each["flag"]: each["value"] for each in raw(seed.CHAT)["properties"]["features"]}
    assert flags["ServiceMode"] == "Default"
    assert operator.get(CHAT).json()["service_mode"] == "Default"
