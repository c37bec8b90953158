from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from arm.instance_state import IdentityState
from arm.request_bodies import identity_patch
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.inventory.import_subscription import import_subscription
from tests.cloud import LocalAzure
from tests.sync.commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fleet(local_azure: LocalAzure) -> None:
    """Start from an imported fleet."""
    import_subscription(seed.SUBSCRIPTION_ID)
    local_azure.delete("/_local/requests")


def _change_azure() -> None:
    """Give the lab an identity in Azure, outside Signalman."""
    client = arm_client(seed.SUBSCRIPTION_ID)
    patch = identity_patch(IdentityState("SystemAssigned"))
    write = client.patch_instance(seed.PAYMENTS_GROUP, seed.LAB, patch)
    while not client.poll(write.continuation).done:
        pass


def _fail(local_azure: LocalAzure, **fault: Any) -> None:
    local_azure.post("/_local/faults", [{"times": None, **fault}])


def _document(*names: str) -> dict[str, Any]:
    entries = run("drift", *names, "--json").document["instances"]
    return {entry["instance"]: entry for entry in entries}


def test_unchanged_fleet_has_no_drift() -> None:
    outcome = run("drift")
    assert outcome.code == 0
    assert f"{seed.CHAT}\tSynced" in outcome.out


def test_change_in_azure_is_drift() -> None:
    _change_azure()
    outcome = run("drift")
    assert outcome.code == 2
    assert f"{seed.LAB}\tOutOfSync\tPlan: 0 to add, 0 to change, 1 to remove." in outcome.out


def arm_requests(local_azure: LocalAzure) -> list[dict[str, Any]]:
    """Return the requests to Azure Resource Manager, without those to Microsoft Graph."""
    return [each for each in local_azure.requests() if not each["path"].startswith("/v1.0/")]


def test_reads_a_fleet_with_one_list(local_azure: LocalAzure) -> None:
    run("drift")
    assert len(arm_requests(local_azure)) == 1


def test_reads_a_named_instance_alone(local_azure: LocalAzure) -> None:
    assert set(_document(seed.LAB)) == {seed.LAB}
    (request,) = arm_requests(local_azure)
    assert request["path"].endswith(seed.LAB)


def test_json_has_the_plan_that_reverts_the_drift() -> None:
    _change_azure()
    entry = _document()[seed.LAB]
    assert (entry["status"], entry["plan"]["action"]) == ("OutOfSync", "update")
    observed_at = SignalRInstance.objects.get(name=seed.LAB).observed_at
    assert parse_datetime(entry["observedAt"]) == observed_at


@pytest.mark.parametrize("arguments", [("drift",), ("drift", "--json"), ("plan", "--json")])
def test_reads_no_field_of_instances_one_by_one(arguments: tuple[str, ...]) -> None:
    with CaptureQueriesContext(connection) as queries:
        run(*arguments)
    by_key = (
        f'FROM "{SignalRInstance._meta.db_table}" WHERE "{SignalRInstance._meta.db_table}"."id" ='  # noqa: SLF001
    )
    assert [each["sql"] for each in queries if by_key in each["sql"]] == []


@pytest.mark.parametrize("names", [(), (seed.LAB,)])
def test_deleted_instance_is_missing(local_azure: LocalAzure, names: tuple[str, ...]) -> None:
    _fail(local_azure, path="/signalR$", status=200, body={"value": []})
    _fail(local_azure, path=seed.LAB, status=404, body={"error": {"code": "ResourceNotFound"}})
    assert _document(*names)[seed.LAB]["status"] == "Missing"
    assert run("drift", *names).code == 2


@pytest.mark.parametrize("names", [(), (seed.LAB,)])
def test_read_error_is_an_error_and_changes_nothing(
    local_azure: LocalAzure, names: tuple[str, ...]
) -> None:
    _fail(local_azure, path="signalR", status=403)
    outcome = run("drift", *names)
    assert outcome.code == 1
    assert "may not do this" in outcome.error
    assert f"{seed.LAB}\tSynced" in outcome.out
