"""Operations over the API."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from sync.models import AuditEvent, Operation
from tests.api.plans import apply

pytestmark = pytest.mark.django_db

OPERATIONS = "/api/v1/operations/"


def test_operation_names_its_requester(operator: APIClient) -> None:
    assert apply(operator).json()["requested_by"] == "one-of-operators"


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
