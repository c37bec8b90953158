"""The service mode of an instance is imported, planned, written, accepted and rolled back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from arm.instance_state import ABSENT, ExistenceState, InstanceState, TemplateState
from arm.request_bodies import service_mode_patch
from identities.models import SignalRInstance
from localazure import seed
from sync.azure_client import arm_client
from sync.components.registry import REGISTRY
from sync.components.service_mode import mode_of, with_mode
from sync.desired.accept_drift import accept
from sync.desired.history import rollback
from sync.desired.service_mode import set_service_mode
from sync.desired.state import declared_state
from sync.desired.sync_status import sync_status
from sync.inventory.refresh import refresh_subscription
from sync.models import AuditEvent, DesiredRevision, SyncStatus
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import (
    SIGNED,
    drive,
    imported,
    managed,
    patches,
    raw,
    set_desired,
    start,
    unmanaged,
)

pytestmark = pytest.mark.django_db

TEMPLATE = TemplateState("https://receiver.example/")
DEFAULT = with_mode(InstanceState(templates=(TEMPLATE,)), "Default")
SERVERLESS = with_mode(InstanceState(templates=(TEMPLATE,)), "Serverless")


def in_azure(name: str, mode: str) -> None:
    """Change the mode in Azure, as another tool does."""
    client = arm_client(seed.SUBSCRIPTION_ID)
    group = seed.PAYMENTS_GROUP if name == seed.LAB else seed.REALTIME_GROUP
    client.poll(client.patch_instance(group, name, service_mode_patch(mode)).continuation)


def stored(name: str = seed.CHAT) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def in_default_mode(local_azure: LocalAzure, name: str = seed.CHAT) -> SignalRInstance:
    """Return a managed instance that was imported in Default mode."""
    local_azure.post("/_local/operations", {"polls": 0, "retryAfter": 0})
    in_azure(name, "Default")
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    managed(name)
    return stored(name)


def features(name: str = seed.CHAT) -> dict[str, str]:
    return {each["flag"]: each["value"] for each in raw(name)["properties"]["features"]}


def test_import_desires_the_mode_that_azure_has(local_azure: LocalAzure) -> None:
    instance = in_default_mode(local_azure)
    assert instance.desired_service_mode == "Default"
    assert plan_instance(instance).is_empty


def test_apply_changes_the_mode_and_nothing_else(local_azure: LocalAzure) -> None:
    instance = in_default_mode(local_azure)
    before, sent = raw(seed.CHAT), len(patches(local_azure))
    assert set_service_mode(instance, "Serverless", who="ada", comment="Upstream needs it.")
    operation = drive(start(stored()))
    assert operation.state == "succeeded", operation.status_text
    mode = {"flag": "ServiceMode", "value": "Serverless"}
    assert patches(local_azure)[sent:] == [{"properties": {"features": [mode]}}]
    assert features() == {**{f["flag"]: f["value"] for f in before["properties"]["features"]}} | {
        "ServiceMode": "Serverless"
    }
    after = raw(seed.CHAT)
    after["properties"]["features"] = before["properties"]["features"]
    assert unmanaged(after) == unmanaged(before)
    assert plan_instance(stored()).is_empty
    written = AuditEvent.objects.get(action="write service_mode")
    assert (written.who, written.before, written.after) == ("ada", "Default", "Serverless")


def test_change_is_recorded_with_its_author_and_note(local_azure: LocalAzure) -> None:
    instance = in_default_mode(local_azure)
    assert set_service_mode(instance, "Serverless", who="ada", comment="Upstream needs it.")
    assert not set_service_mode(instance, "Serverless", who="bob")
    revision = DesiredRevision.objects.filter(instance=instance).latest("number")
    assert (revision.who, revision.action, revision.comment) == (
        "ada",
        "set service mode",
        "Upstream needs it.",
    )
    assert revision.state["service_mode"] == "Serverless"
    event = AuditEvent.objects.get(action="desired state: set service mode")
    assert event.before
    assert event.before["service_mode"] == "Default"


def test_unknown_mode_is_refused_and_an_imported_one_may_stay(local_azure: LocalAzure) -> None:
    in_azure(seed.CHAT, "PredefinedOnly")
    instance = imported(seed.CHAT)
    with pytest.raises(
        ValidationError, match="one of Serverless, Default, Classic, PredefinedOnly"
    ):
        set_service_mode(instance, "serverless", who="ada")
    set_service_mode(instance, "Serverless", who="ada")
    set_service_mode(instance, "PredefinedOnly", who="ada")
    assert stored().desired_service_mode == "PredefinedOnly"


def test_mode_that_is_not_managed_is_neither_compared_nor_written(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 0, "retryAfter": 0})
    instance = managed(seed.CHAT)
    set_service_mode(instance, "", who="ada")
    in_azure(seed.CHAT, "Default")
    refresh_subscription(instance.subscription)
    assert stored().service_mode == "Default"
    assert sync_status(stored()) == SyncStatus.SYNCED
    sent = len(patches(local_azure))
    drive(start(set_desired(stored(), "None")))
    assert all("features" not in json.dumps(each) for each in patches(local_azure)[sent:])
    assert features()["ServiceMode"] == "Default"


def test_rows_of_an_earlier_release_compare_the_mode_that_was_read(
    local_azure: LocalAzure,
) -> None:
    instance = in_default_mode(local_azure)
    assert instance.observed
    observed = {key: value for key, value in instance.observed.items() if key != "service_mode"}
    SignalRInstance.objects.filter(pk=instance.pk).update(observed=observed)
    set_service_mode(instance, "Serverless", who="ada")
    (step,) = plan_instance(stored()).steps
    assert [(each.before, each.after) for each in step.changes] == [("Default", "Serverless")]


def test_drift_of_the_mode_is_found_and_accepted(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 0, "retryAfter": 0})
    instance = managed(seed.CHAT)
    in_azure(seed.CHAT, "Default")
    refresh_subscription(instance.subscription)
    assert sync_status(stored()) == SyncStatus.OUT_OF_SYNC
    (change,) = accept(stored(), ["instance.service_mode"], who="ada")
    assert (change.before, change.after) == ("Default", "Serverless")
    assert stored().desired_service_mode == "Default"
    assert plan_instance(stored()).is_empty


def test_accepting_another_change_leaves_an_unmanaged_mode_alone(local_azure: LocalAzure) -> None:
    instance = managed(seed.CHAT)
    set_service_mode(instance, "", who="ada")
    set_desired(stored(), "None")
    accept(stored(), who="ada")
    assert stored().desired_service_mode == ""
    assert plan_instance(stored()).is_empty


def test_rollback_restores_the_mode(local_azure: LocalAzure) -> None:
    instance = in_default_mode(local_azure)
    set_service_mode(instance, "Serverless", who="ada")
    rollback(instance, 1, who="ada")
    assert stored().desired_service_mode == "Default"
    set_service_mode(instance, "", who="ada")
    rollback(instance, 2, who="ada")
    assert mode_of(declared_state(stored())) == "Serverless"


def test_new_instance_is_created_in_its_mode_in_one_step(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    place = ["--subscription", seed.SUBSCRIPTION_ID, "--resource-group", seed.REALTIME_GROUP]
    run("create_instance", "contoso-new", *place, "--location", "westeurope")
    instance = stored("contoso-new")
    assert instance.desired_service_mode == "Serverless"
    set_service_mode(instance, "Default", who="ada")
    plan = plan_instance(stored("contoso-new"))
    assert [step.kind for step in plan.steps] == ["existence"]
    assert drive(start(stored("contoso-new"))).state == "succeeded"
    assert features("contoso-new")["ServiceMode"] == "Default"
    assert plan_instance(stored("contoso-new")).is_empty


def test_mode_for_upstream_is_set_before_the_templates() -> None:
    plan = REGISTRY.plan(SERVERLESS, with_mode(InstanceState(), "Default"), instance="x")
    assert [step.kind for step in plan.steps] == ["service_mode", "templates"]
    assert "only in Serverless mode" in REGISTRY.explain(plan, plan.steps[0])


def test_other_mode_is_set_after_the_templates_were_removed() -> None:
    desired = with_mode(InstanceState(), "Default")
    plan = REGISTRY.plan(desired, SERVERLESS, instance="x")
    assert [step.kind for step in plan.steps] == ["templates", "service_mode"]
    assert "After the templates" in REGISTRY.explain(plan, plan.steps[1])


def test_step_says_which_connections_are_lost() -> None:
    (step,) = REGISTRY.plan(SERVERLESS, DEFAULT, instance="x").steps
    assert step.title == "Change the service mode to Serverless"
    assert "rejects hub servers" in step.warnings[0]
    assert step.losses == ()
    (step,) = REGISTRY.plan(DEFAULT, SERVERLESS, instance="x").steps
    assert "have no effect in this mode" in step.warnings[1]


def test_creation_needs_no_step_and_a_later_change_does() -> None:
    created = ExistenceState("westeurope", "Standard_S1", "Serverless")
    desired = replace(SERVERLESS, existence=created)
    plan = REGISTRY.plan(desired, ABSENT, instance="x")
    assert [step.kind for step in plan.steps] == ["existence", "templates"]
    assert REGISTRY.differences(InstanceState(), SERVERLESS)[0].path == "instance.service_mode"
    assert REGISTRY.differences(SERVERLESS, with_mode(SERVERLESS, ""))[0].after is None


def test_command_sets_the_mode_and_names_unknown_ones(local_azure: LocalAzure) -> None:
    in_default_mode(local_azure)
    found = run("set_service_mode", seed.CHAT.upper(), "Serverless", "--json").document
    assert found == {"instance": seed.CHAT, "service_mode": "Serverless", "changed": True}
    assert "is Serverless (unchanged)" in run("set_service_mode", seed.CHAT, "Serverless").out
    assert "is not managed." in run("set_service_mode", seed.CHAT, "unmanaged").out
    assert stored().desired_service_mode == ""
    assert run("set_service_mode", seed.CHAT, "serverless").code == 1


def test_plan_and_set_upstream_warn_of_a_mode_without_upstream(
    local_azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory
) -> None:
    in_default_mode(local_azure)
    warning = f"Run `manage.py set_service_mode {seed.CHAT} Serverless`, then apply."
    assert warning in run("plan", seed.CHAT).out
    document = tmp_path_factory.mktemp("upstream") / "upstream.json"
    document.write_text(json.dumps([SIGNED]))
    assert warning in run("set_upstream", seed.CHAT, str(document)).out
    run("set_service_mode", seed.CHAT, "Serverless")
    shown = run("plan", seed.CHAT).out
    assert "The plan changes the mode." in shown
    assert '~ service_mode = "Default" -> "Serverless"' in shown
