"""The requests that an apply sends, and what decides that a step is finished."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from localazure import seed
from sync.azure_client import arm_client
from sync.models import Operation, RequestBudget
from tests.cloud import LocalAzure
from tests.sync.worker import (
    SIGNED,
    UNSIGNED,
    drive,
    drive_to,
    imported,
    patches,
    raw,
    set_desired,
    signed_lab,
    stage,
    start,
)

pytestmark = pytest.mark.django_db

INSTANCE = f"/signalr/{seed.LAB}".lower()
RESULTS = "operationResults"


@pytest.fixture
def prompt(local_azure: LocalAzure) -> LocalAzure:
    """Local Azure, which finishes each change before the first poll."""
    local_azure.post("/_local/operations", {"seconds": 0})
    return local_azure


def sent(cloud: LocalAzure) -> list[str]:
    """Return the requests to ARM about the instance, without the ids of its operations."""
    return [
        f"{entry['method']} {path.partition(INSTANCE)[2].partition('/')[2].partition('/')[0]}"
        for entry in cloud.requests()
        if INSTANCE in (path := entry["path"].lower())
    ]


def answer_results_with(cloud: LocalAzure, **fault: object) -> None:
    cloud.post("/_local/faults", [{"path": RESULTS, "times": None} | fault])


def counted(cloud: LocalAzure) -> Operation:
    """Return an apply of two steps, with nothing in the log of requests."""
    operation = signed_lab()
    cloud.delete("/_local/requests")
    return operation


def test_each_step_takes_two_reads_and_a_write(prompt: LocalAzure) -> None:
    assert drive(counted(prompt)).state == "succeeded"
    assert sent(prompt) == ["GET ", "PATCH ", "GET operationresults"] * 2


def test_poll_that_finds_it_running_is_one_read(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1})
    assert drive(counted(local_azure)).state == "succeeded"
    step = ["GET ", "PATCH ", "GET operationresults", "GET operationresults"]
    assert sent(local_azure) == step * 2


def test_instance_is_stored_as_the_last_poll_returned_it(prompt: LocalAzure) -> None:
    operation = drive(start(set_desired(imported(seed.LAB), "SystemAssigned")))
    instance = operation.instance
    instance.refresh_from_db()
    assert instance.provisioning_state == "Succeeded"
    assert instance.observed is not None
    assert instance.observed["identity"]["type"] == "SystemAssigned"
    assert str(instance.identity.principal_id) == raw(seed.LAB)["identity"]["principalId"]


def test_result_without_the_planned_state_is_read_again(prompt: LocalAzure) -> None:
    operation = counted(prompt)
    answer_results_with(prompt, status=200, body=raw(seed.PAYMENTS) | {"id": raw(seed.LAB)["id"]})
    prompt.delete("/_local/requests")
    assert drive(operation).state == "succeeded"
    assert sent(prompt)[-2:] == ["GET operationresults", "GET "]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "body": {"error": {"code": "NotFound", "message": "No result."}}},
        {"status": 409, "body": {"error": {"code": "Conflict", "message": "Not yet."}}},
        {"status": 500},
        {"status": 204},
        {"status": 200, "body": {"properties": {"provisioningState": "Updating"}}},
        {"status": 200, "body": ["unknown"]},
    ],
)
def test_status_decides_if_the_result_does_not(
    prompt: LocalAzure, fault: dict[str, object]
) -> None:
    operation = counted(prompt)
    answer_results_with(prompt, **fault)
    assert drive(operation).state == "succeeded", operation.error_message
    assert sent(prompt)[-3:] == ["GET operationresults", "GET operationstatuses", "GET "]
    assert len(patches(prompt)) == 2


def test_change_while_azure_works_is_no_success(prompt: LocalAzure) -> None:
    operation = counted(prompt)
    drive_to(operation, "polling", position=1)
    theirs = {"properties": {"upstream": {"templates": [UNSIGNED]}}}
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, theirs)
    assert drive(operation).state == "failed"
    assert operation.error_code == "NotConverged"
    assert patches(prompt)[-1] == theirs


def test_change_while_it_waits_for_its_turn_is_not_overwritten(
    prompt: LocalAzure, settings: Settings
) -> None:
    settings.SIGNALMAN_WRITE_BURST = 1
    settings.SIGNALMAN_WRITES_PER_SECOND = 0.1
    first = start(set_desired(imported(seed.PAYMENTS), "SystemAssigned", SIGNED))
    second = signed_lab()
    stage(first)
    prompt.delete("/_local/requests")
    stage(second)
    assert second.waiting_for == "Azure's rate limit for writes"
    assert sent(prompt) == []
    theirs = {"identity": {"type": "SystemAssigned"}}
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, theirs)
    assert drive(second).state == "failed"
    assert second.error_code == "StalePlan"
    assert patches(prompt) == [theirs]


def test_reads_are_reserved_when_they_are_sent(prompt: LocalAzure) -> None:
    operation = counted(prompt)
    stage(operation)
    # The reservation of the write covers the read before it.
    assert [row.key.partition(":")[0] for row in RequestBudget.objects.all()] == ["writes"]
    stage(operation)
    assert RequestBudget.objects.filter(key__startswith="reads:").exists()
