"""Refresh, plan and apply for several instances."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.large_fleet import create_fleet
from tests.portal.plans import changed_lab
from tests.sync.worker import UNSIGNED, imported, set_desired, start

INSTANCES = "/admin/identities/signalrinstance/"


def act(client: Client, action: str, *instances: SignalRInstance) -> Any:
    """Run an action of the list for these instances."""
    fields = {"action": action, "_selected_action": [row.pk for row in instances]}
    return client.post(INSTANCES, fields, follow=True)


def two_changed_instances() -> list[SignalRInstance]:
    return [changed_lab(), set_desired(imported(seed.PAYMENTS), "SystemAssigned", UNSIGNED)]


def test_shows_plans_of_selected_instances(local_azure: LocalAzure, sign_in: SignIn) -> None:
    answer = act(sign_in(Role.VIEWER), "plan", *two_changed_instances(), imported(seed.CHAT))
    page = answer.content.decode()
    assert "Plans for 3 instances" in page
    assert "Plan: 2 to add" in page
    assert "1 in sync" in page
    assert "Each plan becomes one operation" not in page
    assert not Operation.objects.exists()


def test_applies_each_plan_as_an_operation(local_azure: LocalAzure, sign_in: SignIn) -> None:
    client = sign_in(Role.OPERATOR)
    answer = act(client, "apply", *two_changed_instances())
    assert not Operation.objects.exists()
    started = client.post("/admin/fleet/apply/", {"plan": answer.context["tickets"]}, follow=True)
    assert "Started 2 operations." in started.content.decode()
    assert Operation.objects.filter(requested_by_name="a-operator").count() == 2


def test_stale_plan_does_not_stop_the_others(local_azure: LocalAzure, sign_in: SignIn) -> None:
    client = sign_in(Role.OPERATOR)
    lab, payments = two_changed_instances()
    tickets = act(client, "apply", lab, payments).context["tickets"]
    set_desired(lab, "SystemAssigned")
    answer = client.post("/admin/fleet/apply/", {"plan": tickets}, follow=True).content.decode()
    assert "Started 1 operation." in answer
    assert f"The plan for {lab} is stale" in answer
    assert Operation.objects.get().instance == payments


def test_explains_plans_that_cannot_be_applied(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab, payments = two_changed_instances()
    set_policy(lab, Policy.OBSERVE, who="ada")
    start(payments)
    chat = set_desired(imported(seed.CHAT), "None")
    answer = act(sign_in(Role.OPERATOR), "apply", lab, payments, chat)
    page = answer.content.decode()
    assert answer.context["tickets"] == []
    assert "does not write to it" in page
    assert "is in progress on" in page
    assert "apply it on the instance&#x27;s own page" in page


def test_viewer_cannot_apply_or_refresh(local_azure: LocalAzure, sign_in: SignIn) -> None:
    client = sign_in(Role.VIEWER)
    lab = changed_lab()
    shown = client.get(INSTANCES).content.decode()
    assert 'value="apply"' not in shown
    assert 'value="refresh"' not in shown
    act(client, "apply", lab)
    assert client.post("/admin/fleet/apply/", {"plan": ["x y"]}).status_code == 403
    assert not Operation.objects.exists()


def test_get_starts_nothing(sign_in: SignIn) -> None:
    assert sign_in(Role.OPERATOR).get("/admin/fleet/apply/").status_code == 405


def test_requires_a_plan(sign_in: SignIn) -> None:
    answer = sign_in(Role.OPERATOR).post("/admin/fleet/apply/", follow=True)
    assert "No plans were selected" in answer.content.decode()


def test_refuses_too_many_plans(sign_in: SignIn) -> None:
    page = act(sign_in(Role.OPERATOR), "plan", *create_fleet(201)).content.decode()
    assert "At most 200 instances" in page


def test_refreshes_few_instances_immediately(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = imported(seed.CHAT)
    before = chat.observed_at
    page = act(sign_in(Role.OPERATOR), "refresh", chat).content.decode()
    chat.refresh_from_db()
    assert "Refreshed 1 instance from Azure." in page
    assert chat.observed_at is not None
    assert before is not None
    assert chat.observed_at > before


def test_refreshes_many_instances_in_background(sign_in: SignIn) -> None:
    page = act(sign_in(Role.OPERATOR), "refresh", *create_fleet(11)).content.decode()
    assert "1 subscription will be refreshed" in page
