"""Traffic, deliveries, diagnoses and the token inspector."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance, Subscription
from localazure import seed
from tests.accounts.callers import caller
from tests.api.fleet import instance, user_assigned
from tests.cloud import LocalAzure
from tests.sync.worker import imported
from upstreams.models import Delivery, DeliveryCount, FunctionApp

pytestmark = pytest.mark.django_db

CONTOSO = "/api/v1/instances/contoso-a/"
INSPECT = "/api/v1/tokens/inspect/"


@pytest.fixture
def viewer() -> APIClient:
    return caller(Role.VIEWER)


def count(row: SignalRInstance, outcome: str, reason: str, number: int, hours: int = 0) -> None:
    DeliveryCount.objects.create(
        instance=row,
        minute=timezone.now() - timedelta(hours=hours),
        outcome=outcome,
        reason=reason,
        count=number,
    )


def test_sums_traffic_over_the_requested_hours(viewer: APIClient) -> None:
    row = instance()
    count(row, "accepted", "", 2)
    count(row, "refused", "wrong_audience", 3)
    count(row, "refused", "wrong_audience", 4, hours=2)
    recent = viewer.get(f"{CONTOSO}traffic/", {"hours": 1}).json()
    assert recent[0] == {"outcome": "refused", "reason": "wrong_audience", "count": 3}
    assert [kind["count"] for kind in viewer.get(f"{CONTOSO}traffic/").json()] == [7, 2]


@pytest.mark.parametrize("hours", ["0", "x", "999999999999"])
def test_refuses_invalid_hours(viewer: APIClient, hours: str) -> None:
    instance()
    answer = viewer.get(f"{CONTOSO}traffic/", {"hours": hours})
    assert answer.status_code == 400
    assert "hours" in answer.json()["errors"]


def test_lists_deliveries_of_the_instance(viewer: APIClient) -> None:
    for name in ("contoso-a", "contoso-b"):
        Delivery.objects.create(
            instance=instance(name),
            received_at=timezone.now(),
            hub=name,
            outcome="accepted",
            status=204,
            duration_ms=1.5,
        )
    rows = viewer.get(f"{CONTOSO}deliveries/").json()["results"]
    assert [row["hub"] for row in rows] == ["contoso-a"]


def test_diagnosis_reports_differences(viewer: APIClient) -> None:
    instance()
    findings = {entry["key"]: entry for entry in viewer.get(f"{CONTOSO}diagnosis/").json()}
    assert findings["templates_present"]["outcome"] == "fail"
    assert findings["templates_present"]["fix"]


def test_lists_related_resources(viewer: APIClient) -> None:
    instance()
    user_assigned("id-one")
    FunctionApp.objects.create(
        subscription=Subscription.objects.get(), arm_id="/x/sites/app", host_name="app.example"
    )
    for address, name in [("user-assigned-identities", "id-one"), ("function-apps", "app")]:
        rows = viewer.get(f"/api/v1/{address}/").json()["results"]
        assert [row["name"] for row in rows] == [name]
    (row,) = viewer.get("/api/v1/subscriptions/").json()["results"]
    assert viewer.get(f"/api/v1/subscriptions/{row['subscription_id']}/").json() == row


def inspect(client: APIClient, secret: str, name: str = seed.CHAT) -> Any:
    return client.post(INSPECT, {"token": secret, "instance": name}, format="json")


def test_inspects_a_token_as_the_receiver_would(local_azure: LocalAzure, viewer: APIClient) -> None:
    imported(seed.CHAT)
    order = {"resource": seed.UPSTREAM_APP_URI, "principal": seed.CHAT}
    secret = local_azure.post("/_local/tokens", order)["token"]
    verdict = inspect(viewer, secret).json()
    assert verdict["accepted"] is True, verdict
    assert {check["outcome"] for check in verdict["checks"]} == {"pass"}


def test_inspected_token_is_neither_logged_nor_returned(
    local_azure: LocalAzure, viewer: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    imported(seed.CHAT)
    caplog.set_level(logging.DEBUG)
    secret = "eyJmine.theirs.signature"
    answer = inspect(viewer, secret)
    assert answer.json()["accepted"] is False
    assert answer["Cache-Control"] == "no-store"
    assert secret not in answer.content.decode() + caplog.text


def test_inspecting_for_unknown_instance_is_a_problem(viewer: APIClient) -> None:
    assert inspect(viewer, "x", "contoso-x").status_code == 404
