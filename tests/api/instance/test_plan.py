"""The plan of an instance, and applying it, over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.roles import Role
from api.models import IdempotentAnswer
from localazure import seed
from sync.models import Operation
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance
from tests.api.plans import LAB, apply, digest
from tests.api.test_outages import AWAY
from tests.cloud import LocalAzure
from tests.sync.worker import drive, imported

pytestmark = pytest.mark.django_db


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


def test_repeated_apply_needs_no_cache(operator: APIClient, settings: Settings) -> None:
    settings.CACHES = AWAY
    plan = digest(operator)
    first, second = (apply(operator, plan, "once") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == first.json()


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


def test_viewer_and_read_only_token_cannot_start_operations(operator: APIClient) -> None:
    reader = token(Role.ADMINISTRATOR, scope=Scope.READ)[1]
    for client in (caller(Role.VIEWER), reader):
        assert apply(client).status_code == 403
        assert client.post(f"{LAB}drift/").status_code == 403
    assert not Operation.objects.exists()
