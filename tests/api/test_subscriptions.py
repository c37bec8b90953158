"""Importing and refreshing the instances of a subscription, over the API."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, imported, set_desired

pytestmark = pytest.mark.django_db

HOME = f"/api/v1/subscriptions/{seed.SUBSCRIPTION_ID}/"


def test_imports_and_refreshes_a_subscription(local_azure: LocalAzure) -> None:
    client = caller(Role.OPERATOR)
    report = client.post(f"{HOME}import/", {}, format="json").json()
    assert seed.CHAT in report["created"]
    again = client.post(f"{HOME}import/", {}, format="json").json()
    assert again["created"] == []
    assert client.post(f"{HOME}refresh/").json()["unchanged"] == again["unchanged"]


def test_imports_one_group_and_one_instance(local_azure: LocalAzure) -> None:
    client = caller(Role.OPERATOR)
    one = client.post(f"{HOME}import/", {"name": seed.CHAT}, format="json").json()
    assert one["created"] == [seed.CHAT]
    body = {"resource_group": seed.PAYMENTS_GROUP}
    group = client.post(f"{HOME}import/", body, format="json").json()
    assert seed.LAB in group["created"]
    assert client.post(f"{HOME}import/", {"name": "none"}, format="json").status_code == 404


def test_import_accepts_azures_state_when_asked_to(local_azure: LocalAzure) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    client = caller(Role.OPERATOR)
    report = client.post(f"{HOME}import/", {"name": seed.LAB, "accept": True}, format="json").json()
    assert report["updated"] == [seed.LAB]
    assert client.get("/api/v1/plan/").json()["plans"] == []


def test_invisible_subscription_is_a_problem(local_azure: LocalAzure) -> None:
    unknown = "/api/v1/subscriptions/bbbbbbbb-0000-4000-8000-00000000000f/"
    client = caller(Role.OPERATOR)
    assert client.post(f"{unknown}import/", {}, format="json").status_code == 409
    assert client.post(f"{unknown}refresh/").status_code == 404


def test_lists_what_can_be_imported(local_azure: LocalAzure) -> None:
    rows = caller(Role.VIEWER).get("/api/v1/subscriptions/visible/").json()
    assert seed.SUBSCRIPTION_ID in [row["subscription_id"] for row in rows]
