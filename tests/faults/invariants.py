"""Invariants of every apply, whichever faults it met."""

from __future__ import annotations

from collections import Counter
from typing import Any

from identities.models import SignalRInstance
from sync.azure_client import arm_client
from sync.desired.state import as_planned, desired_state
from sync.inventory.create_and_update_instances import with_components
from sync.inventory.refresh import refresh
from sync.models import AuditEvent, Operation
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.worker import drive, raw, start, unmanaged

ACCEPTED = 202
# Local Azure ends operations without polls after `seconds`.
CALM = {"polls": 1, "seconds": 0.05}


def assert_invariants(cloud: LocalAzure, operation: Operation, before: str) -> None:
    """Assert the invariants of an apply whose faults are over.

    `before` is the result of `unmanaged` when the apply started.
    """
    operation.refresh_from_db()
    assert_not_stuck(operation)
    assert_at_a_prefix_of_the_plan(operation)
    assert_written_once(cloud, operation)
    assert unmanaged(calm(operation.instance.name)) == before


def calm(name: str) -> dict[str, Any]:
    """Return an instance as Azure returns it, in the state `Succeeded`."""
    document = raw(name)
    document["properties"]["provisioningState"] = "Succeeded"
    return document


def assert_not_stuck(operation: Operation) -> None:
    """Assert that the operation ended, has no claim, and has an error if it failed."""
    assert operation.is_finished, operation.status_text
    assert not operation.lease_owner
    states = [step.state for step in operation.steps.all()]
    if operation.state == "succeeded":
        assert set(states) == {"done"}
        assert operation.error_code == ""
        return
    assert operation.state == "failed"
    assert operation.error_code
    assert operation.error_message
    assert not {"sending", "polling"} & set(states), states


def assert_at_a_prefix_of_the_plan(operation: Operation) -> None:
    """Assert that Azure has the planned state, or that after some steps if the operation failed."""
    instance = operation.instance
    read = arm_client(instance.subscription_id).get_instance(instance.resource_group, instance.name)
    has = as_planned(instance, with_components(read).state)
    plan = operation.read_plan()
    if operation.state == "succeeded":
        assert has == plan.target
    else:
        assert has in plan.states, operation.status_text


def assert_written_once(cloud: LocalAzure, operation: Operation) -> None:
    """Assert that Azure accepted no write of this operation twice, and that each is audited.

    A write that was given up without an answer is audited as unconfirmed.
    """
    taken = [
        entry
        for entry in cloud.requests("PATCH")
        if entry["headers"].get("x-ms-client-request-id") == str(operation.pk)
        and entry["served"] == ACCEPTED
    ]
    assert_no_duplicates(taken)
    written = AuditEvent.objects.filter(operation_id=operation.pk, action__startswith="write")
    unconfirmed = written.filter(action__endswith="unconfirmed").count()
    assert unconfirmed <= (operation.state == "failed")
    assert written.count() - unconfirmed <= len(taken) <= written.count()


def assert_no_duplicates(taken: list[dict[str, Any]]) -> None:
    """Assert that no two of these requests are the same write."""
    bodies = Counter((entry["path"].lower(), repr(entry["body"])) for entry in taken)
    assert all(times == 1 for times in bodies.values()), bodies


def assert_recovers(cloud: LocalAzure, operation: Operation) -> None:
    """Assert that another apply, without faults, reaches the desired state."""
    cloud.delete("/_local/faults")
    cloud.post("/_local/operations", CALM)
    instance = SignalRInstance.objects.with_desired().get(pk=operation.instance_id)
    # A pending write may end between the first plan and its apply, which is then stale.
    for _ in range(2):
        refresh(instance)
        if not plan_instance(instance).is_empty:
            again = drive(start(instance))
            assert again.error_code in {"", "StalePlan"}, again.status_text
    assert refresh(instance).state == desired_state(instance)
