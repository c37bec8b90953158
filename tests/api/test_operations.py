"""Plans, applies, operations and drift over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from api.models import IdempotentAnswer
from localazure import seed
from sync.models import AuditEvent, Operation
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, drive, imported, managed, set_desired

pytestmark = pytest.mark.django_db

LAB = f"/api/v1/instances/{seed.LAB}/"
OPERATIONS = "/api/v1/operations/"


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    """Return an operator's client for a fleet in which one instance has pending changes."""
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    return caller(Role.OPERATOR)


def digest(client: APIClient) -> str:
    return str(client.get(f"{LAB}plan/").json()["digest"])


def apply(client: APIClient, plan: str | None = None, key: str = "", **more: Any) -> Any:
    body = {"digest": digest(client) if plan is None else plan, **more}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{LAB}apply/", body, format="json", headers=headers)


def test_plan_lists_the_changes(operator: APIClient) -> None:
    plan = operator.get(f"{LAB}plan/").json()
    assert plan["action"] == "update"
    assert plan["counts"] == {"create": 2, "update": 0, "delete": 0}


def test_limits_a_plan_to_a_path(operator: APIClient) -> None:
    plan = operator.get(f"{LAB}plan/", {"path": "identity"}).json()
    assert [step["kind"] for step in plan["steps"]] == ["identity"]


def test_path_without_difference_is_a_problem(operator: APIClient) -> None:
    answer = operator.get(f"{LAB}plan/", {"path": "nothing"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/no-such-change"


def test_instance_that_was_never_read_has_no_plan() -> None:
    instance()
    answer = caller(Role.VIEWER).get("/api/v1/instances/contoso-a/plan/")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/never-read"


def test_apply_is_accepted_and_can_be_followed(operator: APIClient) -> None:
    answer = apply(operator)
    assert answer.status_code == 202
    assert int(answer["Retry-After"]) > 0
    waiting = operator.get(answer["Location"])
    assert waiting.json()["state"] == "queued"
    assert int(waiting["Retry-After"]) > 0
    drive(Operation.objects.get())
    ended = operator.get(answer["Location"])
    assert ended.json()["state"] == "succeeded"
    assert "Retry-After" not in ended


def test_operation_names_its_requester(operator: APIClient) -> None:
    assert apply(operator).json()["requested_by"] == "one-of-operators"


def test_stale_apply_names_the_current_plan(operator: APIClient) -> None:
    answer = apply(operator, "0" * 64)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/stale-plan"
    assert answer.json()["digest"] == digest(operator)


def test_second_apply_names_the_first(operator: APIClient) -> None:
    first = apply(operator).json()["id"]
    answer = apply(operator)
    assert answer.status_code == 409
    assert answer.json()["operation"] == first


def test_observed_instance_is_not_written(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    answer = apply(caller(Role.OPERATOR))
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/not-managed"


def test_repeated_apply_gets_the_same_response_and_starts_nothing(operator: APIClient) -> None:
    plan = digest(operator)
    first, second = (apply(operator, plan, "once") for _ in range(2))
    assert second.status_code == 202
    assert second.json() == first.json()
    assert second["Location"] == first["Location"]
    assert Operation.objects.count() == 1


def test_refuses_key_of_another_request(operator: APIClient) -> None:
    plan = digest(operator)
    apply(operator, plan, "once")
    answer = apply(operator, plan, "once", paths=["identity"])
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"


def test_idempotency_keys_are_per_caller(operator: APIClient) -> None:
    plan = digest(operator)
    apply(operator, plan, "once")
    assert apply(caller(Role.ADMINISTRATOR), plan, "once").status_code == 409


def test_refused_request_can_be_repeated_with_its_key(operator: APIClient) -> None:
    assert apply(operator, "0" * 64, "once").status_code == 409
    assert not IdempotentAnswer.objects.exists()
    assert apply(operator, None, "once").status_code == 202


def test_idempotency_key_expires_after_a_day(operator: APIClient) -> None:
    plan = digest(operator)
    apply(operator, plan, "once")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert apply(operator, plan, "once").status_code == 409


def test_refuses_idempotency_key_that_is_too_long(operator: APIClient) -> None:
    assert apply(operator, None, "x" * 129).status_code == 400


def test_cancelling_is_audited(operator: APIClient) -> None:
    address = apply(operator)["Location"]
    answer = operator.post(f"{address}cancel/")
    assert answer.json()["state"] == "cancelled"
    assert AuditEvent.objects.filter(action="cancel apply", who="one-of-operators").exists()
    assert operator.post(f"{address}cancel/").status_code == 409


def test_lists_and_filters_operations(operator: APIClient) -> None:
    identifier = apply(operator).json()["id"]
    rows = operator.get(OPERATIONS, {"state": "queued"}).json()["results"]
    assert [row["id"] for row in rows] == [identifier]
    assert operator.get(OPERATIONS, {"state": "failed"}).json()["results"] == []


def test_responses_omit_azures_signed_urls(operator: APIClient) -> None:
    address = apply(operator)["Location"]
    Operation.objects.update(continuation="https://azure.example/?s=signature")
    assert "signature" not in operator.get(address).content.decode()


def test_drift_is_as_of_the_last_read_and_refreshed_on_request(
    local_azure: LocalAzure,
) -> None:
    managed(seed.CHAT)
    address = f"/api/v1/instances/{seed.CHAT}/drift/"
    client = caller(Role.OPERATOR)
    asked = len(local_azure.requests())
    assert client.get(address).json()["status"] == "Synced"
    assert len(local_azure.requests()) == asked
    assert client.post(address).json()["status"] == "Synced"
    assert len(local_azure.requests()) > asked


def test_drift_lists_the_changes(operator: APIClient) -> None:
    drift = operator.get(f"{LAB}drift/").json()
    assert drift["status"] == "OutOfSync"
    assert [change["action"] for change in drift["changes"]] == ["create", "create"]


@pytest.mark.parametrize(("theirs", "ours"), [(403, 409), (503, 502)])
def test_distinguishes_refusal_by_azure_from_failure(
    operator: APIClient, local_azure: LocalAzure, theirs: int, ours: int
) -> None:
    fault = {"method": "GET", "path": f".*/{seed.LAB}.*", "times": 9, "status": theirs}
    local_azure.post("/_local/faults", [fault])
    answer = operator.post(f"{LAB}drift/")
    assert answer.status_code == ours
    assert answer.json()["type"] == "/problems/azure"


def test_viewer_and_read_only_token_cannot_start_operations(operator: APIClient) -> None:
    reader = token(Role.ADMINISTRATOR, scope=Scope.READ)[1]
    for client in (caller(Role.VIEWER), reader):
        assert apply(client).status_code == 403
        assert client.post(f"{LAB}drift/").status_code == 403
    assert not Operation.objects.exists()
