from __future__ import annotations

import pytest

from identities.models import ManagedIdentity, SignalRInstance, Subscription
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.cloud import LocalAzure
from tests.sync.commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fleet(local_azure: LocalAzure) -> None:
    """Start from an imported fleet."""
    import_subscription(seed.SUBSCRIPTION_ID)
    local_azure.delete("/_local/requests")


def _want_system_assigned(name: str) -> None:
    SignalRInstance.objects.get(name=name).identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)


def test_plan_after_an_import_is_empty() -> None:
    outcome = run("plan")
    assert outcome.code == 0
    assert "Instances with changes: 0 of 4." in outcome.out


def test_pending_changes_have_their_own_exit_code() -> None:
    _want_system_assigned(seed.LAB)
    outcome = run("plan")
    assert outcome.code == 2
    assert "SystemAssigned" in outcome.out
    assert "Instances with changes: 1 of 4." in outcome.out


def test_finds_instance_by_name_in_any_case() -> None:
    outcome = run("plan", seed.LAB.upper())
    assert outcome.code == 0
    assert f"No changes. {seed.LAB} is in sync" in outcome.out


def test_json_has_the_digest_to_apply() -> None:
    _want_system_assigned(seed.LAB)
    (plan,) = run("plan", seed.LAB, "--json").document["plans"]
    assert plan["action"] == "update"
    assert len(plan["digest"]) == 64


def test_planning_sends_no_requests(local_azure: LocalAzure) -> None:
    run("plan")
    assert local_azure.requests() == []


def test_unknown_name_is_an_error() -> None:
    outcome = run("plan", "contoso-absent")
    assert (outcome.code, "contoso-absent" in outcome.error) == (1, True)


def test_unread_instance_does_not_hide_the_others() -> None:
    SignalRInstance.objects.create(
        name="contoso-unread", subscription=Subscription.objects.get(), resource_group="rg"
    )
    _want_system_assigned(seed.LAB)
    outcome = run("plan", "--json")
    assert outcome.code == 1
    assert len(outcome.document["plans"]) == 4
    assert "contoso-unread" in outcome.document["errors"][0]
