"""Reading and setting the desired senders over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import AuditEvent
from tests.accounts.callers import caller
from tests.api.fleet import instance

pytestmark = pytest.mark.django_db

SENDERS = "/api/v1/instances/contoso-a/senders/"
OWN = {"principal_id": seed.CLIENT_OBJECT_ID, "principal_type": "ServicePrincipal"}


def put(client: APIClient, document: object) -> Any:
    tag = client.get(SENDERS)["ETag"]
    return client.put(SENDERS, document, format="json", headers={"If-Match": tag})


def test_replaces_the_senders_and_records_it() -> None:
    instance()
    operator = caller(Role.OPERATOR)
    answer = put(operator, [{"principal_id": seed.CLIENT_OBJECT_ID.upper()}])
    assert (answer.status_code, answer.json()) == (200, [OWN])
    assert operator.get(SENDERS).json() == [OWN]
    assert AuditEvent.objects.get(action="set senders").who == "one-of-operators"
    assert put(operator, []).json() == []


@pytest.mark.parametrize("sender", [{"principal_id": "me"}, OWN | {"principal_type": "Robot"}])
def test_refuses_what_is_no_principal(sender: dict[str, str]) -> None:
    instance()
    assert put(caller(Role.OPERATOR), [sender]).status_code == 400
    assert SignalRInstance.objects.get().desired_senders is None


def test_viewer_reads_and_cannot_set_them() -> None:
    instance()
    viewer = caller(Role.VIEWER)
    assert viewer.get(SENDERS).json() == []
    assert put(viewer, [OWN]).status_code == 403
