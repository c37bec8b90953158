"""Admin lists: contents, filters, empty states and the number of queries."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.large_fleet import create_fleet
from tests.sync.worker import imported, signed_lab
from upstreams.models import Delivery, DeliveryHour

INSTANCES = "/admin/identities/signalrinstance/"
LISTS = [
    INSTANCES,
    f"{INSTANCES}?status=OutOfSync&location=uksouth&identity=SystemAssigned&group=rg-2",
    f"{INSTANCES}?q=fleet&link=token",
    "/admin/sync/operation/",
    "/admin/upstreams/upstreamtemplate/",
    "/admin/upstreams/delivery/",
    "/admin/identities/userassignedidentity/",
    "/admin/upstreams/functionapp/",
    "/admin/identities/subscription/",
]


def names(client: Client, query: str) -> list[str]:
    """Return the names that the list of instances shows."""
    answer = client.get(f"{INSTANCES}?{query}")
    assert answer.status_code == 200
    return [row.name for row in answer.context["cl"].result_list]


def queries(client: Client, address: str) -> int:
    """Return how many queries the page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_query_count_is_independent_of_row_count(
    sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(Role.VIEWER)
    create_fleet(100)
    few = {address: queries(client, address) for address in LISTS}
    create_fleet(10_000)
    for address, number in few.items():
        with django_assert_num_queries(number):
            assert client.get(address).status_code == 200


def test_list_shows_status_and_links_to_instance(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    page = sign_in(Role.VIEWER).get(INSTANCES).content.decode()
    assert f'href="/admin/instances/{seed.CHAT}/"' in page
    for words in ("Synced", "Healthy", "System assigned", "observe", "westeurope"):
        assert words in page


def test_instance_with_operation_is_progressing(local_azure: LocalAzure, sign_in: SignIn) -> None:
    signed_lab()
    page = sign_in(Role.VIEWER).get(INSTANCES).content.decode()
    assert "Progressing" in page
    assert "Out of sync" in page


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("status=Synced", 3),
        ("status=Unknown", 3),
        ("identity=SystemAssigned", 6),
        ("location=uksouth", 4),
        ("group=rg-6", 1),
        ("status=Synced&location=westeurope", 1),
        ("q=00007", 1),
        ("policy__exact=manage", 0),
        ("link=token", 2),
        ("link=passed", 5),
        ("link=none", 5),
    ],
)
def test_filters_select_matching_instances(sign_in: SignIn, query: str, number: int) -> None:
    create_fleet(12)
    assert len(names(sign_in(Role.VIEWER), query)) == number


def test_list_shows_the_worst_link(sign_in: SignIn) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        create_fleet(12)
        page = sign_in(Role.VIEWER).get(INSTANCES).content.decode()
    for words in ("Token failed", "Passed", "Not checked yet", ">now<"):
        assert words in page


def test_list_shows_the_sync_status_only(sign_in: SignIn) -> None:
    (row, *_) = create_fleet(4)
    page = sign_in(Role.VIEWER).get(INSTANCES).content.decode()
    assert "Out of sync</span>" in page
    assert f"{row}: " not in page


def test_uncompared_instance_is_unknown(sign_in: SignIn, instance: SignalRInstance) -> None:
    client = sign_in(Role.VIEWER)
    assert names(client, "status=Unknown") == [instance.name]
    assert names(client, "status=Synced") == []


def test_empty_list_links_to_import(sign_in: SignIn) -> None:
    page = sign_in(Role.OPERATOR).get(INSTANCES).content.decode()
    assert "No instances yet" in page
    assert "/admin/import/" in page


def test_search_without_results_can_be_cleared(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"{INSTANCES}?q=unknown").content.decode()
    assert "No results" in page
    assert "Clear search and filters" in page


@pytest.mark.parametrize("query", ["reason=expired", "outcome__exact=refused", "q=contoso-chat"])
def test_finds_deliveries_by_reason_outcome_and_instance(
    sign_in: SignIn, instance: SignalRInstance, query: str
) -> None:
    refused = {"outcome": "refused", "reason": "expired"}
    Delivery.objects.create(
        instance=instance, received_at=timezone.now(), status=401, duration_ms=1, **refused
    )
    DeliveryHour.objects.create(hour=timezone.now(), count=1, **refused)
    other = SignalRInstance.objects.create(
        name="other", subscription=instance.subscription, resource_group="rg"
    )
    Delivery.objects.create(
        instance=other, received_at=timezone.now(), outcome="accepted", status=200, duration_ms=1
    )
    rows = sign_in(Role.VIEWER).get(f"/admin/upstreams/delivery/?{query}").context["cl"]
    assert [row.instance for row in rows.result_list] == [instance]


def test_finds_operations_by_state(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    client = sign_in(Role.VIEWER)
    found = client.get("/admin/sync/operation/?state__exact=queued").context["cl"].result_list
    assert list(found) == [Operation.objects.get(pk=operation.pk)]
    none = client.get("/admin/sync/operation/?state__exact=failed").content.decode()
    assert "No results" in none
