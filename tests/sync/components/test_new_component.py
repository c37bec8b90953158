"""A component of this file alone is planned, shown, applied and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from arm.async_operations import LongRunning
from arm.instance_state import InstanceState
from arm.resources import SignalRResource
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.components.component import Component, SharedRows, Write
from sync.components.registry import REGISTRY
from sync.desired.sync_status import sync_status
from sync.inventory.refresh import refresh_subscription
from sync.models import AuditEvent, SyncStatus
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_text
from sync.planning.changes import Change, field_changes
from sync.planning.step_order import Order
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import drive, managed, patches, raw, start

pytestmark = pytest.mark.django_db

DESIRED = {"cost_centre": "4711"}


class TagsComponent(Component):
    """The ARM tags of an instance, which replace the existing ones."""

    kind = "tags"

    def read(self, resource: SignalRResource) -> dict[str, str]:
        return dict(resource.raw.get("tags") or {})

    def desired(self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows) -> Any:
        return DESIRED

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        return tuple(field_changes("tags", self.value(before) or {}, self.value(after) or {}))

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        return Order.AFTER_TEMPLATES

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        return "Nothing depends on tags."

    def title(self, before: InstanceState, after: InstanceState) -> str:
        return "Set the tags"

    def write(self, write: Write) -> LongRunning:
        resource = write.resource
        return write.client.patch_instance(
            resource.resource_group,
            resource.name,
            {"tags": self.value(write.after)},
            correlation_id=write.correlation_id,
        )


@pytest.fixture
def instance(local_azure: LocalAzure) -> Iterator[SignalRInstance]:
    """An imported instance whose tags are managed too."""
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    with REGISTRY.including(TagsComponent()):
        yield stored(managed(seed.CHAT))


def stored(instance: SignalRInstance) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


def test_is_planned_and_explained(instance: SignalRInstance) -> None:
    plan = plan_instance(instance)
    (step,) = plan.steps
    assert (step.kind, step.title) == ("tags", "Set the tags")
    assert [change.path for change in step.changes] == ["tags.cost_centre"]
    assert REGISTRY.explain(plan, step) == "Nothing depends on tags."


def test_is_shown_by_text_command_api_and_portal(
    instance: SignalRInstance, admin_client: Client
) -> None:
    assert '+ cost_centre = "4711"' in render_text(plan_instance(instance))
    document = json.loads(run("plan", instance.name, "--json").out)
    assert document["plans"][0]["steps"][0]["kind"] == "tags"
    answer = admin_client.get(f"/api/v1/instances/{instance.name}/plan/").json()
    assert answer["steps"][0]["changes"][0]["after"] == "4711"
    page = admin_client.get(reverse("portal:instance-plan", args=[instance.name]))
    assert "Set the tags" in page.content.decode()


def test_is_applied_and_then_in_sync(local_azure: LocalAzure, instance: SignalRInstance) -> None:
    operation = drive(start(instance))
    assert operation.state == "succeeded", operation.status_text
    assert patches(local_azure) == [{"tags": DESIRED}]
    assert raw(seed.CHAT)["tags"] == DESIRED
    assert plan_instance(stored(instance)).is_empty
    event = AuditEvent.objects.get(action="write tags")
    assert event.after == DESIRED


def test_drift_is_found_by_a_refresh_of_the_fleet(instance: SignalRInstance) -> None:
    drive(start(instance))
    client = arm_client(seed.SUBSCRIPTION_ID)
    changed = {"tags": {"cost_centre": "1"}}
    client.poll(client.patch_instance(seed.REALTIME_GROUP, seed.CHAT, changed).continuation)
    refresh_subscription(instance.subscription)
    assert sync_status(stored(instance)) == SyncStatus.OUT_OF_SYNC


def test_is_applied_alone_when_selected_by_path(
    local_azure: LocalAzure, instance: SignalRInstance
) -> None:
    assert plan_instance(instance, ["tags.cost_centre"]).changes[0].after == "4711"


def test_is_forgotten_afterwards(local_azure: LocalAzure) -> None:
    with REGISTRY.including(TagsComponent()):
        instance = managed(seed.CHAT)
    assert plan_instance(stored(instance)).is_empty
    with pytest.raises(ValueError, match="no component 'tags'"):
        REGISTRY["tags"]
