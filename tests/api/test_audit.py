"""The audit trail, and its filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from tests.accounts.callers import caller
from tests.api.fleet import instance

pytestmark = pytest.mark.django_db

CONTOSO = "/api/v1/instances/contoso-a/"
AUDIT = "/api/v1/audit-events/"


@pytest.fixture
def operator() -> APIClient:
    instance()
    return caller(Role.OPERATOR)


def set_identity(client: APIClient) -> Any:
    return client.put(
        f"{CONTOSO}identity/", {"type": "SystemAssigned"}, format="json", headers={"If-Match": "*"}
    )


def test_filters_audit_trail_by_actor_object_and_time(operator: APIClient) -> None:
    set_identity(operator)
    soon = (timezone.now() + timedelta(minutes=1)).isoformat()

    def found(**filters: str) -> list[str]:
        rows = operator.get(AUDIT, filters).json()["results"]
        return [row["action"] for row in rows]

    assert found(object="CONTOSO-A") == [*found(who="one-of-operators"), "desired state: found"]
    assert found(who="no-such-user") == found(since=soon) == found(object="contoso") == []
    assert found(until=soon) == found()


def test_audit_event_names_its_request(operator: APIClient) -> None:
    name = set_identity(operator)["X-Request-ID"]
    (row,) = operator.get(AUDIT, {"who": "one-of-operators"}).json()["results"]
    assert row["request_id"] == name
    assert row["after"]["identity"]["type"] == "SystemAssigned"
