"""The Plan tab."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.plans import changed_lab, shown_plan
from tests.sync.worker import SIGNED, drive, imported, managed, set_desired, start


def address(instance: SignalRInstance, tab: str = "plan") -> str:
    return f"/admin/instances/{instance}/{tab}/"


def test_shows_steps_with_reasons_and_digest(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    page = sign_in(Role.VIEWER).get(address(lab)).content.decode()
    assert "Plan: 2 to add, 0 to change, 0 to remove." in page
    assert "Assign a system-assigned identity" in page
    assert "Before the grants and the templates" in page
    assert "(known after apply)" in page
    assert shown_plan(lab)["digest"] in page


def test_warns_of_unavailability_during_a_step(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = set_desired(imported(seed.CHAT), "None")
    page = sign_in(Role.VIEWER).get(address(chat)).content.decode()
    assert "During this step:" in page
    assert "stop working" in page


def test_shows_in_sync_without_changes(local_azure: LocalAzure, sign_in: SignIn) -> None:
    page = sign_in(Role.OPERATOR).get(address(managed(seed.CHAT))).content.decode()
    assert "In sync" in page
    assert "Apply plan" not in page


def test_apply_starts_the_shown_plan(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    answer = sign_in(Role.OPERATOR).post(address(lab), shown_plan(lab))
    operation = Operation.objects.get()
    assert answer["Location"] == f"/admin/operations/{operation.pk}/"
    assert operation.requested_by_name == "a-operator"
    assert operation.requested_by is not None


def test_refuses_stale_plan_and_shows_the_new_one(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    shown = shown_plan(lab)
    set_desired(lab, "SystemAssigned")
    answer = sign_in(Role.OPERATOR).post(address(lab), shown)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "is stale" in page
    assert shown_plan(lab)["digest"] in page
    assert not Operation.objects.exists()


def test_viewer_cannot_apply(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    client = sign_in(Role.VIEWER)
    assert "Apply plan" not in client.get(address(lab)).content.decode()
    assert client.post(address(lab), shown_plan(lab)).status_code == 403
    assert client.post(address(lab, "refresh")).status_code == 403
    assert client.post(address(lab, "policy"), {"policy": "pause"}).status_code == 403
    assert not Operation.objects.exists()


def test_observed_instance_offers_to_set_the_policy(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    lab = changed_lab()
    set_policy(lab, Policy.OBSERVE, who="ada")
    client = sign_in(Role.OPERATOR)
    page = client.get(address(lab)).content.decode()
    assert "is Observe" in page
    assert "Apply plan" not in page
    assert client.post(address(lab), shown_plan(lab)).status_code == 409
    answer = client.post(address(lab, "policy"), {"policy": "manage", "back": "plan"})
    assert answer["Location"] == address(lab)
    assert "Apply plan" in client.get(address(lab)).content.decode()


def test_refuses_unknown_policy(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = imported(seed.LAB)
    client = sign_in(Role.OPERATOR)
    answer = client.post(address(lab, "policy"), {"policy": "own"}, follow=True)
    assert "observe, manage or pause" in answer.content.decode()


def test_destructive_plan_requires_the_name(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = set_desired(imported(seed.CHAT), "None")
    client = sign_in(Role.OPERATOR)
    assert "to confirm" in client.get(address(chat)).content.decode()
    refused = client.post(address(chat), shown_plan(chat, confirm="contoso"))
    assert refused.status_code == 409
    assert not Operation.objects.exists()
    accepted = client.post(address(chat), shown_plan(chat, confirm=chat.name))
    assert accepted.status_code == 302


def test_refuses_second_apply_and_links_to_the_first(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    lab = changed_lab()
    shown = shown_plan(lab)
    running = start(lab)
    answer = sign_in(Role.OPERATOR).post(address(lab), shown)
    assert answer.status_code == 409
    assert f"/admin/operations/{running.pk}/" in answer.content.decode()


def test_plan_contains_only_selected_changes(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    client = sign_in(Role.OPERATOR)
    page = client.get(address(lab), {"path": "identity"})
    assert "Plan: 1 to add" in page.content.decode()
    fields = {"digest": page.context["plan"].digest, "path": "identity"}
    assert client.post(address(lab), fields).status_code == 302
    drive(Operation.objects.get())
    assert "1 to add" in client.get(address(lab)).content.decode()


def test_explains_why_there_is_no_plan(local_azure: LocalAzure, sign_in: SignIn) -> None:
    page = sign_in(Role.VIEWER).get(address(set_desired(imported(seed.LAB), "None", SIGNED)))
    assert "No plan" in page.content.decode()
    assert "the desired state has no identity" in page.content.decode()


def test_unread_instance_offers_refresh(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.OPERATOR).get(address(instance)).content.decode()
    assert "Refresh from Azure" in page
    assert "Refresh from Azure" in page


def test_refresh_shows_the_sync_status(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    answer = sign_in(Role.OPERATOR).post(address(lab, "refresh"), {"back": "plan"}, follow=True)
    assert answer.redirect_chain == [(address(lab), 302)]
    assert "Sync status: Out of sync" in answer.content.decode()


def test_refresh_shows_errors_of_azure(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = imported(seed.LAB)
    local_azure.post(
        "/_local/faults", [{"method": "GET", "path": "signalr/", "status": 403, "times": 9}]
    )
    answer = sign_in(Role.OPERATOR).post(address(lab, "refresh"), follow=True)
    assert f"{lab}: " in answer.content.decode()


def test_get_changes_nothing(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = changed_lab()
    client = sign_in(Role.OPERATOR)
    assert client.get(address(lab, "policy"), {"policy": "pause"}).status_code == 405
    assert client.get(address(lab, "refresh")).status_code == 405
    client.get(address(lab), shown_plan(lab))
    assert not Operation.objects.exists()
    assert ManagedIdentity.objects.get(instance=lab).type == "SystemAssigned"
