"""Drift of an instance over the API."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.api.plans import LAB
from tests.cloud import LocalAzure
from tests.sync.worker import managed

pytestmark = pytest.mark.django_db


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
