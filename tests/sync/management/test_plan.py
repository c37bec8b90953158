from __future__ import annotations

import pytest

from identities.models import ManagedIdentity, SignalRInstance, Subscription
from localazure import seed
from sync.inventory.import_instances import import_subscription
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


def test_nothing_to_do_straight_after_an_import() -> None:
    outcome = run("plan")
    assert outcome.code == 0
    assert "0 of 4 instances have changes." in outcome.out


def test_pending_changes_have_an_exit_code_of_their_own() -> None:
    _want_system_assigned(seed.LAB)
    outcome = run("plan")
    assert outcome.code == 2
    assert "SystemAssigned" in outcome.out
    assert "1 of 4 instances have changes." in outcome.out


def test_an_instance_is_planned_by_its_name_in_any_case() -> None:
    outcome = run("plan", seed.LAB.upper())
    assert outcome.code == 0
    assert f"No changes. {seed.LAB} is in sync" in outcome.out


def test_scripts_read_a_document_with_the_digest_to_apply() -> None:
    _want_system_assigned(seed.LAB)
    (plan,) = run("plan", seed.LAB, "--json").document["plans"]
    assert plan["action"] == "update"
    assert len(plan["digest"]) == 64


def test_planning_asks_azure_nothing(local_azure: LocalAzure) -> None:
    run("plan")
    assert local_azure.requests() == []


def test_an_unknown_name_is_an_error() -> None:
    outcome = run("plan", "contoso-absent")
    assert (outcome.code, "contoso-absent" in outcome.error) == (1, True)


def test_an_instance_that_was_never_read_does_not_hide_the_others() -> None:
    SignalRInstance.objects.create(
        name="contoso-unread", subscription=Subscription.objects.get(), resource_group="rg"
    )
    _want_system_assigned(seed.LAB)
    outcome = run("plan", "--json")
    assert outcome.code == 1
    assert len(outcome.document["plans"]) == 4
    assert "contoso-unread" in outcome.document["errors"][0]
