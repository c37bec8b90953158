from __future__ import annotations

import pytest

from accounts.actor import Actor
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.accept_drift import accept
from sync.inventory.refresh import refresh, refresh_subscription
from sync.models import AuditEvent
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_apply
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.sync.inventory.key_vault.test_grants import (
    POLICIES,
    ROLES,
    document,
    stored,
    template,
    vault_id,
    with_references,
    with_user_assigned,
)
from tests.sync.worker import UNSIGNED, drive, drive_to, set_desired, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def arm(local_azure: LocalAzure) -> Arm:
    return Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)


def kinds(instance: SignalRInstance, *paths: str) -> list[str]:
    return [step.kind for step in plan_instance(stored(instance), paths).steps]


def closed(arm: Arm) -> SignalRInstance:
    """Return an instance whose grant was revoked in Azure, refreshed."""
    instance = drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES))).instance
    given = document(arm, POLICIES)["properties"]["accessPolicies"][1:]
    path = f"{vault_id(POLICIES)}/accessPolicies/remove"
    body = {"properties": {"accessPolicies": given}}
    arm.call("PUT", path, body, "2023-07-01").raise_for_status()
    refresh(stored(instance))
    return stored(instance)


def test_selected_template_includes_its_grant(local_azure: LocalAzure) -> None:
    instance = with_references(seed.CHAT, "SystemAssigned", ROLES)
    paths = [one.path for one in plan_instance(instance).changes if one.path[0] == "u"]
    assert kinds(instance, *paths) == ["grants", "templates"]


def test_grant_can_be_selected_alone(local_azure: LocalAzure) -> None:
    instance = with_references(seed.CHAT, "SystemAssigned", POLICIES, ROLES)
    (step,) = plan_instance(instance, [f"grants[{ROLES}]"]).steps
    assert [change.path for change in step.changes] == [f"grants[{ROLES}]"]


def test_selected_identity_includes_no_grant(local_azure: LocalAzure) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", POLICIES)
    assert kinds(instance, "identity") == ["identity"]


def test_refuses_selected_template_without_its_identity(
    local_azure: LocalAzure,
) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", POLICIES)
    with pytest.raises(ValueError, match="has no identity"):
        plan_instance(instance, ["upstream.templates[0]"])


@pytest.mark.parametrize("paths", [(), (f"grants[{POLICIES}]",)])
def test_accepted_loss_of_a_grant_is_not_planned_again(arm: Arm, paths: tuple[str, ...]) -> None:
    instance = closed(arm)
    assert kinds(instance) == ["grants"]
    (change,) = accept(instance, paths, who="ada")
    assert change.path == f"grants[{POLICIES}]"
    assert kinds(instance) == []
    assert stored(instance).declined_grants == [[POLICIES, "SystemAssigned"]]
    event = AuditEvent.objects.get(action="decline grants")
    assert (event.who, event.before) == ("ada", [])
    assert event.after == [[POLICIES, "SystemAssigned"]]


def test_accepting_other_changes_keeps_a_lost_grant_planned(arm: Arm) -> None:
    instance = set_desired(
        closed(arm), "SystemAssigned", template(POLICIES, host="https://new.example/")
    )
    (url,) = [one.path for one in plan_instance(instance).changes if one.path[0] == "u"]
    accept(instance, [url], who="ada")
    assert kinds(instance) == ["grants"]


def test_declined_grant_applies_to_one_identity_only(arm: Arm) -> None:
    instance = closed(arm)
    accept(instance, who="ada")
    drive(start(set_desired(instance, "None")))
    instance = with_references(seed.LAB, "SystemAssigned", POLICIES)
    assert kinds(instance) == ["identity", "grants", "templates"]


def test_refresh_keeps_declined_grants(arm: Arm) -> None:
    instance = closed(arm)
    accept(instance, who="ada")
    refresh(instance)
    refresh_subscription(instance.subscription)
    assert kinds(instance) == []


def with_access() -> SignalRInstance:
    """Return an instance with a user-assigned identity that reads a secret."""
    return drive(start(with_user_assigned(seed.LAB, seed.SHARED_IDENTITY, POLICIES))).instance


def test_selected_switch_includes_the_grants_of_current_templates(
    local_azure: LocalAzure,
) -> None:
    instance = set_desired(with_access(), "SystemAssigned", template(ROLES))
    refresh(instance)
    plan = plan_instance(stored(instance), ["identity.type"])
    assert [change.target for change in plan.changes][-1] == f"grants[{POLICIES}]"
    operation = start_apply(
        stored(instance),
        digest=plan.digest,
        paths=["identity.type"],
        actor=Actor("ada"),
        confirm_destructive=True,
    )
    drive(operation)
    assert operation.state == "succeeded", operation.error_message
    assert kinds(instance) == ["grants", "templates"]


def test_changing_grants_during_an_apply_does_not_break_it(local_azure: LocalAzure) -> None:
    operation = start(with_user_assigned(seed.CHAT, seed.SHARED_IDENTITY, POLICIES))
    drive_to(operation, "done")
    set_desired(operation.instance, "SystemAssigned", UNSIGNED)
    assert drive(operation).state == "succeeded", operation.error_message
    assert kinds(operation.instance) == ["identity", "templates"]
