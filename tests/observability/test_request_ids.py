"""A request's name, from the request to what was done because of it."""

from __future__ import annotations

import logging

import pytest
from rest_framework.test import APIClient

from accounts.models import PersonalAccessToken
from accounts.roles import Role
from localazure import seed
from observability.correlation_ids import current_request_id
from sync.models import AuditEvent, Operation
from sync.operations.cancel import cancel
from tests.accounts.callers import DAY, Scope, caller, user
from tests.cloud import LocalAzure
from tests.observability.lines import Lines
from tests.sync.worker import SIGNED, drive, imported, set_desired, signed_lab, stage

LAB = f"/api/v1/instances/{seed.LAB}/"


def started(client: APIClient, name: str) -> Operation:
    """Start an apply by a request of that name."""
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    digest = client.get(f"{LAB}plan/").json()["digest"]
    answer = client.post(
        f"{LAB}apply/", {"digest": digest}, format="json", headers={"X-Request-ID": name}
    )
    assert answer.status_code == 202, answer.content
    assert answer.json()["request_id"] == name
    return Operation.objects.get()


@pytest.mark.django_db
def test_an_operation_keeps_the_name_of_the_request_that_started_it(
    local_azure: LocalAzure,
) -> None:
    client = caller(Role.OPERATOR)
    operation = started(client, "deploy-7")
    assert operation.request_id == "deploy-7"
    assert client.get(f"/api/v1/operations/{operation.pk}/").json()["request_id"] == "deploy-7"


@pytest.mark.django_db
def test_what_a_worker_does_is_recorded_under_the_request_that_caused_it(
    local_azure: LocalAzure,
) -> None:
    drive(started(caller(Role.OPERATOR), "deploy-7"))
    of_it = AuditEvent.objects.exclude(operation_id=None)
    assert {event.action.split()[0] for event in of_it} == {"start", "write"}
    assert {event.request_id for event in of_it} == {"deploy-7"}


@pytest.mark.django_db
def test_a_workers_lines_name_operation_and_request(local_azure: LocalAzure, lines: Lines) -> None:
    operation = started(caller(Role.OPERATOR), "deploy-7")
    lines.forget()
    drive(operation)
    (line,) = (line for line in lines.read() if line["message"].endswith("succeeded."))
    assert (line["operation_id"], line["request_id"]) == (str(operation.pk), "deploy-7")


@pytest.mark.django_db
def test_who_cancels_does_so_by_a_request_of_their_own(local_azure: LocalAzure) -> None:
    operation = started(caller(Role.OPERATOR), "deploy-7")
    caller(Role.ADMINISTRATOR).post(
        f"/api/v1/operations/{operation.pk}/cancel/", headers={"X-Request-ID": "stop-8"}
    )
    (event,) = AuditEvent.objects.filter(action="cancel apply")
    assert event.request_id == "stop-8"


@pytest.mark.django_db
def test_what_no_request_caused_names_none(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    stage(operation)
    cancel(operation, who="ada")
    assert operation.request_id == ""
    assert {event.request_id for event in AuditEvent.objects.all()} == {""}


def test_lines_of_a_request_name_it_and_later_ones_do_not(lines: Lines) -> None:
    APIClient().get("/nothing/", headers={"X-Request-ID": "mine"})
    logging.getLogger("signalman.test").warning("after")
    during, after = lines.read()
    assert (during["logger"], during["request_id"]) == ("django.request", "mine")
    assert "request_id" not in after
    assert current_request_id() == ""


@pytest.mark.django_db
def test_a_secret_is_no_name(lines: Lines) -> None:
    _, secret = PersonalAccessToken.issue(
        user(Role.VIEWER), name="test", scope=Scope.READ, lifetime=DAY
    )
    answer = APIClient().get("/nothing/", headers={"X-Request-ID": secret})
    assert answer["X-Request-ID"] != secret
    assert secret not in lines.text()
