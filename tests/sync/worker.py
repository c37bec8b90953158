"""A worker's job within a test: stage after stage, with the clock put forward."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.desired.management_policy import Policy, set_policy
from sync.inventory.import_subscription import import_instance
from sync.models import Operation, OperationStep
from sync.operations.plans.instance import plan_instance
from sync.operations.run import run_stage
from sync.operations.start import start_apply
from tests.cloud import LocalAzure
from upstreams.url_templates.arm_json import load_templates

SIGNED = {
    "urlTemplate": "https://receiver.example/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://receiver"}},
}
UNSIGNED = {"urlTemplate": "https://receiver.example/{hub}"}
GROUPS = {seed.PAYMENTS: seed.PAYMENTS_GROUP, seed.LAB: seed.PAYMENTS_GROUP}
STAGES = 200
# Local Azure's clock cannot be put forward, and its operations without polls end by it. After this
# many stages there is a pause before each, in seconds.
WITHOUT_PAUSE = 20
PAUSE = 0.05


def imported(name: str) -> SignalRInstance:
    """Return an instance of the built-in fleet, as an import leaves it."""
    group = GROUPS.get(name, seed.REALTIME_GROUP)
    return import_instance(seed.SUBSCRIPTION_ID, group, name)


def managed(name: str) -> SignalRInstance:
    """Return an imported instance whose policy is manage."""
    instance = imported(name)
    set_policy(instance, Policy.MANAGE, who="ada")
    return instance


def set_desired(
    instance: SignalRInstance, kind: str, *templates: dict[str, Any]
) -> SignalRInstance:
    """Manage the instance with that identity and these templates; return it as stored."""
    set_policy(instance, Policy.MANAGE, who="ada")
    instance.identity.become(ManagedIdentity.Type(kind))
    load_templates(instance, list(templates))
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


def start(instance: SignalRInstance, who: str = "ada") -> Operation:
    """Start an apply of the current plan."""
    return start_apply(
        instance, digest=plan_instance(instance).digest, actor=Actor(who), confirm_destructive=True
    )


def signed_lab() -> Operation:
    """Start an apply of two steps, on an instance that has nothing set."""
    return start(set_desired(imported(seed.LAB), "SystemAssigned", SIGNED))


def stage(operation: Operation, now: datetime | None = None) -> datetime | None:
    """Run the next stage when it is due, and refresh `operation`."""
    due_at = operation.lease_until or operation.due_at or timezone.now()
    following = run_stage(operation.pk, max(now or due_at, due_at))
    operation.refresh_from_db()
    return following


def stage_numbers(operations: int = 1) -> Iterator[int]:
    """Yield a number for each stage that the operations may take, with pauses before late ones."""
    for number in range(STAGES * operations):
        if number >= WITHOUT_PAUSE * operations:
            time.sleep(PAUSE)
        yield number


def drive(operation: Operation) -> Operation:
    """Run stages until the operation has ended."""
    for _ in stage_numbers():
        if operation.is_finished:
            return operation
        stage(operation)
    raise AssertionError(f"{operation} does not end; it waits for {operation.waiting_for}.")


def drive_to(operation: Operation, state: str, *, position: int = 0) -> OperationStep:
    """Run stages until that step is in that state."""
    for _ in stage_numbers():
        step = operation.steps.get(position=position)
        if step.state == state:
            return step
        stage(operation)
    raise AssertionError(f"Step {position} of {operation} was never {state}.")


def after_lease(operation: Operation) -> datetime:
    """Return a time after the end of the operation's lease."""
    assert operation.lease_until is not None
    return operation.lease_until + timedelta(seconds=1)


def raw(name: str) -> dict[str, Any]:
    """Return an instance as Azure returns it."""
    client = arm_client(seed.SUBSCRIPTION_ID)
    return dict(client.get_instance(GROUPS.get(name, seed.REALTIME_GROUP), name).raw)


def unmanaged(document: dict[str, Any]) -> str:
    """Return as JSON all that Signalman's writes must leave unchanged."""
    document = copy.deepcopy(document)
    del document["properties"]["upstream"]
    document.pop("identity", None)
    for field in ("lastModifiedAt", "lastModifiedBy", "lastModifiedByType"):
        del document["systemData"][field]
    return json.dumps(document)


def forget_results(cloud: LocalAzure) -> None:
    """Answer no more with the result of a write: only its status says that it has finished."""
    fault = {"path": "operationResults", "status": 404, "times": None}
    cloud.post("/_local/faults", [fault | {"body": {"error": {"code": "NotFound"}}}])


def patches(cloud: LocalAzure) -> list[dict[str, Any]]:
    """Return the bodies of the received PATCH requests, oldest first."""
    return [entry["body"] for entry in cloud.requests("PATCH")]
