"""The admin lists of operations, revisions and audit events."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from localazure import seed
from sync.models import AuditEvent, Operation
from tests.cloud import LocalAzure
from tests.sync.worker import drive, imported, signed_lab

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *arguments: object) -> str:
    response = client.get(reverse(f"admin:sync_{name}", args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def test_lists_operations_with_status(local_azure: LocalAzure, admin_client: Client) -> None:
    signed_lab()
    assert "queued, waiting for a worker" in page(admin_client, "operation_changelist")


def queries_of_the_list(client: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        page(client, "operation_changelist")
    return len(queries)


def test_query_count_is_independent_of_operations(
    local_azure: LocalAzure, admin_client: Client
) -> None:
    operation = drive(signed_lab())
    few = queries_of_the_list(admin_client)
    ended = {"plan": operation.plan, "state": "failed", "finished_at": operation.finished_at}
    Operation.objects.bulk_create(
        Operation(instance=operation.instance, **ended) for _ in range(30)
    )
    assert queries_of_the_list(admin_client) == few


def test_operation_links_to_its_page(local_azure: LocalAzure, admin_client: Client) -> None:
    operation = signed_lab()
    own = f"/admin/operations/{operation.pk}/"
    assert own in page(admin_client, "operation_changelist")
    row = reverse("admin:sync_operation_change", args=[operation.pk])
    assert admin_client.get(row)["Location"] == own


@pytest.mark.parametrize("name", ["operation", "auditevent"])
def test_operations_and_events_are_read_only(
    local_azure: LocalAzure, admin_client: Client, name: str
) -> None:
    operation = drive(signed_lab())
    row = {"operation": operation.pk, "auditevent": AuditEvent.objects.latest("pk").pk}[name]
    for address in (
        reverse(f"admin:sync_{name}_add"),
        reverse(f"admin:sync_{name}_delete", args=[row]),
        reverse(f"admin:sync_{name}_change", args=[row]),
    ):
        assert admin_client.post(address, {"post": "yes"}).status_code == 403


def test_finds_audit_events_by_instance(local_azure: LocalAzure, admin_client: Client) -> None:
    drive(signed_lab())
    address = reverse("admin:sync_auditevent_changelist")
    found = admin_client.get(address, {"q": seed.LAB})
    assert [event.action for event in found.context["cl"].result_list] == [
        "write templates",
        "write identity",
        "start apply",
        "set policy",
        "desired state: import",
    ]
    other = admin_client.get(address, {"q": seed.CHAT})
    assert list(other.context["cl"].result_list) == []


def test_query_count_is_independent_of_revisions(
    local_azure: LocalAzure, admin_client: Client
) -> None:
    counts = []
    for name in (seed.LAB, seed.CHAT):
        imported(name)
        with CaptureQueriesContext(connection) as queries:
            assert name in page(admin_client, "desiredrevision_changelist")
        counts.append(len(queries))
    assert counts[0] == counts[1]
