"""Revisions of the desired state, rollback, and accepting drift."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, imported, set_desired

pytestmark = pytest.mark.django_db

CONTOSO = "/api/v1/instances/contoso-a/"
LAB = f"/api/v1/instances/{seed.LAB}/"


@pytest.fixture
def operator() -> APIClient:
    instance()
    return caller(Role.OPERATOR)


def put_identity(client: APIClient, kind: str, comment: str = "", address: str = CONTOSO) -> Any:
    query = f"?comment={comment}" if comment else ""
    return client.put(
        f"{address}identity/{query}", {"type": kind}, format="json", headers={"If-Match": "*"}
    )


def test_history_records_author_change_and_comment(operator: APIClient) -> None:
    put_identity(operator, "SystemAssigned", "for the chat")
    last = operator.get(f"{CONTOSO}history/").json()["results"][0]
    assert last["who"] == "one-of-operators"
    assert last["action"] == "set identity"
    assert last["comment"] == "for the chat"
    assert last["state"]["identity"]["type"] == "SystemAssigned"


def test_refuses_comment_that_is_too_long(operator: APIClient) -> None:
    answer = put_identity(operator, "SystemAssigned", "x" * 256)
    assert answer.status_code == 400
    assert "comment" in answer.json()["errors"]


def test_rollback_restores_an_earlier_revision_and_plans_it(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    client = caller(Role.OPERATOR)
    put_identity(client, "SystemAssigned", address=LAB)
    assert client.get(f"{LAB}plan/").json()["action"] == "update"
    body = {"number": 1, "comment": "too early"}
    plan = client.post(f"{LAB}rollback/", body, format="json").json()
    assert plan["action"] == "no-op"
    newest = client.get(f"{LAB}history/").json()["results"][0]
    assert (newest["action"], newest["comment"]) == ("rollback to 1", "too early")


@pytest.mark.parametrize(("number", "status"), [(9, 409), (0, 400), ("1", 400), (True, 400)])
def test_refuses_unknown_revision(operator: APIClient, number: object, status: int) -> None:
    answer = operator.post(f"{CONTOSO}rollback/", {"number": number}, format="json")
    assert answer.status_code == status


def test_rollback_that_cannot_be_planned_changes_nothing(operator: APIClient) -> None:
    # Azure was never asked about this one.
    put_identity(operator, "SystemAssigned")
    before = operator.get(f"{CONTOSO}history/").json()
    answer = operator.post(f"{CONTOSO}rollback/", {"number": 1}, format="json")
    assert answer.json()["type"] == "/problems/never-read"
    assert operator.get(f"{CONTOSO}history/").json() == before


@pytest.fixture
def drifted(local_azure: LocalAzure) -> APIClient:
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    return caller(Role.OPERATOR)


def accept(client: APIClient, **body: Any) -> Any:
    return client.post(f"{LAB}drift/accept/", body, format="json")


def test_accepts_all_drift(drifted: APIClient) -> None:
    answer = accept(drifted, comment="theirs is right")
    assert answer.json()["status"] == "Synced"
    newest = drifted.get(f"{LAB}history/").json()["results"][0]
    assert (newest["action"], newest["comment"]) == ("accept", "theirs is right")


def test_accepts_one_change_and_applies_the_other(drifted: APIClient) -> None:
    paths = [change["path"] for change in drifted.get(f"{LAB}drift/").json()["changes"]]
    templates = [path for path in paths if path.startswith("upstream") or "templates" in path]
    left = accept(drifted, paths=templates).json()["changes"]
    assert {change["path"] for change in left} == set(paths) - set(templates)


def test_refuses_to_accept_unknown_change(drifted: APIClient) -> None:
    answer = accept(drifted, paths=["nothing"])
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-such-change")
