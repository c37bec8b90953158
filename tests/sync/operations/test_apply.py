from __future__ import annotations

import json

import pytest

from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.models import AuditEvent, Operation
from sync.operations.cancel import cancel
from sync.operations.plans.instance import plan_instance
from sync.operations.polling import LONGEST_WAIT
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
    unmanaged,
)

pytestmark = pytest.mark.django_db


def fail_later(cloud: LocalAzure, **progression: object) -> None:
    """Make long-running operations that start from now on fail."""
    failure = {"polls": 1, "outcome": "Failed", "code": "Teapot", "message": "Short and stout."}
    cloud.post("/_local/operations", failure | progression)


def steps_of(operation: Operation) -> list[str]:
    return [step.state for step in operation.steps.all()]


def test_apply_changes_only_the_identity_and_templates(
    local_azure: LocalAzure,
) -> None:
    before = raw(seed.PAYMENTS)
    operation = start(set_desired(imported(seed.PAYMENTS), "SystemAssigned", SIGNED))
    assert drive(operation).state == "succeeded", operation.error_message
    after = raw(seed.PAYMENTS)
    assert after["identity"]["type"] == "SystemAssigned"
    assert after["properties"]["upstream"]["templates"][0]["auth"] == SIGNED["auth"]
    assert unmanaged(after) == unmanaged(before)


def test_plan_after_an_apply_is_empty(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    instance = SignalRInstance.objects.with_desired().get(pk=operation.instance_id)
    assert plan_instance(instance).is_empty
    assert instance.identity.principal_id is not None


def test_each_step_is_one_write_of_its_changes(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    identity, templates = patches(local_azure)
    assert identity == {"identity": {"type": "SystemAssigned"}}
    assert list(templates) == ["properties"]
    assert list(templates["properties"]) == ["upstream"]
    assert steps_of(operation) == ["done", "done"]


def test_templates_are_removed_before_their_identity(local_azure: LocalAzure) -> None:
    drive(start(set_desired(imported(seed.CHAT), "None", UNSIGNED)))
    templates, identity = patches(local_azure)
    assert "auth" not in templates["properties"]["upstream"]["templates"][0]
    assert identity == {"identity": {"type": "None"}}


def test_operation_always_says_what_it_waits_for(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    words = [operation.waiting_for]
    while not operation.is_finished:
        stage(operation)
        words.append(operation.waiting_for)
    assert words == [
        "a worker",
        "Azure to finish: Assign a system-assigned identity",
        "Azure to finish: Assign a system-assigned identity",
        "a worker for the next step",
        "Azure to finish: Set 1 upstream template",
        "Azure to finish: Set 1 upstream template",
        "",
    ]


def test_polls_when_azure_asks_for_it(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 17})
    operation = signed_lab()
    began = operation.due_at
    due_at = stage(operation, began)
    assert began is not None
    assert due_at is not None
    assert (due_at - began).total_seconds() == 17


def test_every_write_is_audited_with_before_and_after(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    events = AuditEvent.objects.filter(operation_id=operation.pk)
    begun, identity, templates = events.order_by("pk")
    assert begun.action == "start apply"
    assert (identity.action, identity.who) == ("write identity", "ada")
    assert identity.before == {"type": "None", "user_assigned_id": None}
    assert identity.after == {"type": "SystemAssigned", "user_assigned_id": None}
    assert templates.action == "write templates"
    assert templates.before == []
    assert templates.after == operation.read_plan().target.to_json()["templates"]
    assert templates.object == operation.instance.arm_id
    assert templates.operation_id == operation.pk


def test_change_in_azure_after_the_plan_stops_the_apply_before_it_writes(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    theirs = {"identity": {"type": "SystemAssigned"}}
    local_azure.post("/_local/operations", {"seconds": 0})
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, theirs)
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert "Review the new plan" in operation.error_message
    assert patches(local_azure) == [theirs]
    assert steps_of(operation) == ["pending", "pending"]


def test_stale_plan_is_replaced_by_one_of_azures_current_state(local_azure: LocalAzure) -> None:
    test_change_in_azure_after_the_plan_stops_the_apply_before_it_writes(local_azure)
    instance = SignalRInstance.objects.with_desired().get(name=seed.LAB)
    assert [step.kind for step in plan_instance(instance).steps] == ["templates"]
    assert drive(start(instance)).state == "succeeded"


def test_change_in_azure_between_two_steps_stops_the_apply(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    drive_to(operation, "done")
    theirs = {"properties": {"upstream": {"templates": [UNSIGNED]}}}
    local_azure.post("/_local/operations", {"seconds": 0})
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, theirs)
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert steps_of(operation) == ["done", "pending"]


def test_change_in_azure_after_the_last_step_is_not_success(
    local_azure: LocalAzure,
) -> None:
    local_azure.post("/_local/operations", {"seconds": 0})
    operation = signed_lab()
    drive_to(operation, "polling", position=1)
    theirs = {"properties": {"upstream": {"templates": [UNSIGNED]}}}
    local_azure.post("/_local/operations", {"seconds": 0})
    arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, theirs)
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "NotConverged")


def test_failure_in_azure_is_reported_with_its_message(local_azure: LocalAzure) -> None:
    fail_later(local_azure)
    operation = drive(signed_lab())
    assert (operation.state, operation.error_code) == ("failed", "Teapot")
    assert "Short and stout." in operation.error_message
    assert steps_of(operation) == ["failed", "pending"]
    operation.instance.refresh_from_db()
    assert operation.instance.provisioning_state == "Failed"


def test_apply_after_a_failed_one_continues(local_azure: LocalAzure) -> None:
    fail_later(local_azure)
    instance = drive(signed_lab()).instance
    local_azure.post("/_local/operations", {"polls": 1})
    assert drive(start(SignalRInstance.objects.with_desired().get(pk=instance.pk))).state == (
        "succeeded"
    )


def test_deleted_instance_fails_the_operation(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    local_azure.post(
        "/_local/faults",
        [{"method": "GET", "path": seed.LAB, "status": 404, "body": not_found(), "times": None}],
    )
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "ResourceNotFound")


def not_found() -> dict[str, object]:
    return {"error": {"code": "ResourceNotFound", "message": "Not here."}}


def test_operation_that_azure_never_finishes_times_out(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 100_000, "retryAfter": 1})
    operation = signed_lab()
    drive_to(operation, "polling")
    assert operation.started_at is not None
    stage(operation, operation.started_at + LONGEST_WAIT * 2)
    assert (operation.state, operation.error_code) == ("failed", "TimedOut")


def test_time_limit_of_a_step_starts_with_the_step(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    drive_to(operation, "done")
    assert operation.started_at is not None
    much_later = operation.started_at + LONGEST_WAIT * 2
    local_azure.post("/_local/operations", {"polls": 100_000, "retryAfter": 1})
    stage(operation, much_later)
    stage(operation, much_later + LONGEST_WAIT / 2)
    assert operation.state == "running", operation.error_message
    stage(operation, much_later + LONGEST_WAIT * 2)
    assert operation.error_code == "TimedOut"


def test_refused_write_is_not_audited_as_unconfirmed(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    refused = {"method": "PATCH", "path": seed.LAB, "status": 400, "body": not_found()}
    local_azure.post("/_local/faults", [refused])
    drive(operation)
    assert steps_of(operation) == ["failed", "pending"]
    assert not AuditEvent.objects.filter(action__startswith="write").exists()


def test_throttled_write_can_be_cancelled(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    throttled = {"method": "PATCH", "path": seed.LAB, "status": 429, "body": not_found()}
    local_azure.post("/_local/faults", [throttled])
    stage(operation)
    cancel(operation, who="grace")
    assert drive(operation).state == "cancelled"
    assert len(patches(local_azure)) == 1


def test_signed_url_of_a_write_is_not_logged(
    local_azure: LocalAzure, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    operation = signed_lab()
    drive_to(operation, "polling")
    signature = json.loads(operation.continuation)["status_url"].rpartition("/")[2]
    fail_later(local_azure)
    drive(operation)
    assert signature.partition("?")[0] not in ours(caplog)


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """Return what Signalman logged, without urllib3's debug lines, which production disables."""
    return "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("sync", "arm"))
    )
