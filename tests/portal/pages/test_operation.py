"""The page of an operation, and the Operations tab."""

from __future__ import annotations

from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.sync.worker import drive, drive_to, signed_lab, stage

HTMX = {"HX-Request": "true"}


def address(operation: Operation, verb: str = "") -> str:
    return f"/admin/operations/{operation.pk}/{verb}"


def shown(client: Client, operation: Operation) -> str:
    answer = client.get(address(operation))
    assert answer.status_code == 200
    return answer.content.decode()


def test_shows_steps_requester_and_what_it_waits_for(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    page = shown(sign_in(Role.VIEWER), signed_lab())
    assert "Waiting for a worker." in page
    assert "every 2s" in page
    assert "Assign a system-assigned identity" in page
    assert "0 of 2 steps done" in page
    assert "ada" in page


def test_does_not_show_the_continuation_url(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    drive_to(operation, "polling")
    page = shown(sign_in(Role.ADMINISTRATOR), operation)
    assert operation.continuation
    assert "operationStatuses" not in page
    assert "Azure is working on it" in page


def test_shows_failed_attempt(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    fault = {"method": "PATCH", "path": "signalr/", "status": 503, "times": 9}
    local_azure.post("/_local/faults", [fault])
    stage(operation)
    stage(operation)
    page = shown(sign_in(Role.VIEWER), operation)
    assert f"Attempt {operation.attempt} of 10" in page
    assert "The last attempt failed" in page
    assert operation.error_code in page


def test_shows_error_of_failed_operation(local_azure: LocalAzure, sign_in: SignIn) -> None:
    outcome = {"outcome": "Failed", "code": "Conflicted", "message": "Azure changed its mind."}
    local_azure.post("/_local/operations", {"polls": 1, **outcome})
    operation = drive(signed_lab())
    page = shown(sign_in(Role.VIEWER), operation)
    assert "<strong>Failed.</strong>" in page
    assert "Conflicted" in page
    assert "Azure changed its mind." in page
    assert "every 2s" not in page


def test_unchanged_fragment_is_not_sent(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    client = sign_in(Role.VIEWER)
    seen = client.get(address(operation)).context["version"]
    assert client.get(address(operation), {"seen": seen}, headers=HTMX).status_code == 204
    stage(operation)
    changed = client.get(address(operation), {"seen": seen}, headers=HTMX)
    assert changed.status_code == 200
    assert "<html" not in changed.content.decode()


def test_finished_operation_stops_polling(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = drive(signed_lab())
    client = sign_in(Role.VIEWER)
    assert client.get(address(operation), {"seen": "earlier"}, headers=HTMX).status_code == 286
    assert "All changes were applied" in shown(client, operation)


def test_operator_can_cancel(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    answer = sign_in(Role.OPERATOR).post(address(operation, "cancel/"), follow=True)
    operation.refresh_from_db()
    assert operation.state == "cancelled"
    assert "before anything was written" in answer.content.decode()


def test_refuses_to_cancel_finished_operation(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = drive(signed_lab())
    answer = sign_in(Role.OPERATOR).post(address(operation, "cancel/"), follow=True)
    assert "cannot be cancelled" in answer.content.decode()


def test_viewer_cannot_cancel(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    client = sign_in(Role.VIEWER)
    assert "Cancel" not in shown(client, operation)
    assert client.post(address(operation, "cancel/")).status_code == 403
    assert client.get(address(operation, "cancel/")).status_code == 405


def test_unknown_operation_is_404(sign_in: SignIn) -> None:
    unknown = "/admin/operations/00000000-0000-4000-8000-000000000000/"
    assert sign_in(Role.VIEWER).get(unknown).status_code == 404


def test_lists_operations_of_an_instance(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    client = sign_in(Role.VIEWER)
    tab = f"/admin/instances/{seed.LAB}/operations/"
    page = client.get(tab)
    assert address(operation) in page.content.decode()
    assert client.get(tab, {"seen": page.context["version"]}, headers=HTMX).status_code == 204
    drive(operation)
    assert client.get(tab, {"seen": page.context["version"]}, headers=HTMX).status_code == 286


def test_shows_no_operations(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/operations/").content.decode()
    assert "No operations yet" in page
