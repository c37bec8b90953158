"""Function Apps over the API, and diagnoses that probe endpoints."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from sync.models import AuditEvent
from tests.accounts.callers import Scope, caller, token
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.functions import V1_ISSUER, change_app_in_azure, chat_to_functions
from upstreams.models import UpstreamTemplate

pytestmark = pytest.mark.django_db

APP = f"/api/v1/function-apps/{seed.FUNCTION_APP}/"
DIAGNOSIS = "/api/v1/instances/contoso-a/diagnosis/"


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    chat_to_functions()
    return caller(Role.OPERATOR)


def codes(document: dict[str, Any]) -> list[str]:
    return [each["code"] for each in document["mismatches"]]


def test_reports_differences_and_their_fix(operator: APIClient) -> None:
    found = operator.get(APP).json()
    assert (found["status"], found["instances"]) == ("disagrees", [seed.CHAT])
    assert "issuer_differs" in codes(found)


def test_refreshes_from_azure_on_request(operator: APIClient) -> None:
    change_app_in_azure(issuer=V1_ISSUER)
    assert "issuer_differs" in codes(operator.get(APP).json())
    assert "issuer_differs" not in codes(operator.post(APP).json())


def test_plans_write_an_app_whose_policy_is_manage(operator: APIClient) -> None:
    tag = operator.get(f"{APP}settings/")["ETag"]
    body = {"policy": "manage"}
    answer = operator.put(f"{APP}settings/", body, format="json", headers={"If-Match": tag})
    assert answer.json() == body
    assert AuditEvent.objects.filter(action="set policy", who="one-of-operators").exists()
    client = operator.put(f"/api/v1/instances/{seed.CHAT}/settings/", {}, format="json")
    assert client.status_code == 400
    plan = operator.get(f"/api/v1/instances/{seed.CHAT}/plan/").json()
    assert "function_apps" in [step["kind"] for step in plan["steps"]]


def test_unknown_app_is_not_found() -> None:
    assert caller(Role.VIEWER).get("/api/v1/function-apps/none/").status_code == 404


@pytest.fixture
def endpoint_url(settings: Settings) -> None:
    """A template to this machine, which probes may ask."""
    settings.SIGNALMAN_PROBE_NETWORKS = ["127.0.0.0/8", "::1/128"]
    UpstreamTemplate.objects.create(instance=instance(), url_template="https://localhost:1/{hub}")


def outcomes(client: APIClient, **query: str) -> dict[str, str]:
    return {each["key"]: each["outcome"] for each in client.get(DIAGNOSIS, query).json()}


@pytest.mark.usefixtures("endpoint_url")
def test_probes_endpoints_only_on_request() -> None:
    client = caller(Role.OPERATOR)
    assert outcomes(client)["templates[0].answers"] == "unknown"
    assert outcomes(client, probe="false")["templates[0].answers"] == "unknown"
    assert outcomes(client, probe="true")["templates[0].answers"] == "fail"


@pytest.mark.usefixtures("endpoint_url")
def test_viewer_cannot_start_probes() -> None:
    reader = token(Role.ADMINISTRATOR, scope=Scope.READ)[1]
    for client in (caller(Role.VIEWER), reader):
        assert client.get(DIAGNOSIS).status_code == 200
        assert client.get(DIAGNOSIS, {"probe": "true"}).status_code == 403


def test_refuses_unknown_values_of_probe() -> None:
    instance()
    answer = caller(Role.OPERATOR).get(DIAGNOSIS, {"probe": "maybe"})
    assert answer.status_code == 400
    assert "probe" in answer.json()["errors"]
