"""Destructive plans require a confirmation in every interface."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actor import Actor
from identities.models import SignalRInstance
from localazure import seed
from sync.errors import ConfirmationRequired
from sync.models import Operation
from sync.operations.plans.fleet import apply_instances, plan_instances
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_apply
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import SIGNED, UNSIGNED, drive, imported, set_desired, start

pytestmark = pytest.mark.django_db
ADA = Actor("ada")


@pytest.fixture
def instance(local_azure: LocalAzure) -> SignalRInstance:
    """An instance whose plan removes its identity and its only template."""
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    drive(start(set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)))
    return set_desired(imported(seed.LAB), "None")


def test_losses_are_named(instance: SignalRInstance) -> None:
    losses = " ".join(plan_instance(instance).losses)
    assert "principal ID are deleted permanently" in losses
    assert "Upstream template 1 of Azure's list is deleted." in losses


def test_an_update_is_not_destructive(local_azure: LocalAzure) -> None:
    changed = {**UNSIGNED, "hubPattern": "chat"}
    drive(start(set_desired(imported(seed.LAB), "None", UNSIGNED)))
    assert plan_instance(set_desired(imported(seed.LAB), "None", changed)).losses == ()


def test_start_apply_refuses_and_then_accepts(instance: SignalRInstance) -> None:
    digest = plan_instance(instance).digest
    with pytest.raises(ConfirmationRequired, match="--confirm-destructive"):
        start_apply(instance, digest=digest, actor=ADA)
    start_apply(instance, digest=digest, actor=ADA, confirm_destructive=True)


def test_a_fleet_apply_refuses_the_instance_alone(instance: SignalRInstance) -> None:
    rows = SignalRInstance.objects.with_desired().filter(pk=instance.pk)
    started = apply_instances(rows, digest=plan_instances(rows).digest, actor=ADA)
    assert started.operations == ()
    assert isinstance(started.refusals[0].error, ConfirmationRequired)


def test_the_command_refuses_without_the_option(instance: SignalRInstance) -> None:
    before = Operation.objects.count()
    refused = run("apply", instance.name, "--yes")
    assert refused.code == 1
    assert "--confirm-destructive" in refused.error
    assert Operation.objects.count() == before
    assert run("apply", instance.name, "--yes", "--confirm-destructive", "--inline").code == 0


def test_the_api_refuses_without_the_field(instance: SignalRInstance, admin_client: Client) -> None:
    plan = admin_client.get(f"/api/v1/instances/{instance.name}/plan/").json()
    assert plan["is_destructive"] is True
    url = f"/api/v1/instances/{instance.name}/apply/"
    body = {"digest": plan["digest"]}
    refused = admin_client.post(url, json.dumps(body), content_type="application/json")
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/confirmation-required")
    assert len(refused.json()["losses"]) == 2
    body["confirm_destructive"] = True
    assert (
        admin_client.post(url, json.dumps(body), content_type="application/json").status_code == 202
    )


def test_the_portal_refuses_without_the_name(
    instance: SignalRInstance, admin_client: Client
) -> None:
    url = reverse("portal:instance-plan", args=[instance.name])
    body = {"digest": plan_instance(instance).digest}
    assert admin_client.post(url, body).status_code == 409
    assert admin_client.post(url, body | {"confirm": instance.name}).status_code == 302
