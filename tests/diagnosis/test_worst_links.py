"""The worst link of each instance is stored when it is diagnosed."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnosis.chain.worst_links import store_worst_links
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.tasks import diagnose_due
from identities.models import SignalRInstance
from sync.desired.sync_status import record_statuses
from sync.models import InstanceStatus, SyncStatus
from tests.portal.instances import SIGNED, observed

pytestmark = pytest.mark.django_db


def stored(row: SignalRInstance) -> tuple[str, str]:
    """Return the stored link and outcome."""
    status = InstanceStatus.objects.get(pk=row.pk)
    return status.worst_link, status.worst_outcome


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([passed("service_mode", "A", "a.")], ("", "pass")),
        ([unknown("deliveries_accepted", "A", "a.")], ("receiver", "unknown")),
        (
            [
                unknown("service_mode", "A", "a."),
                failed("templates[0].signed", "A", "a.", "b."),
            ],
            ("token", "fail"),
        ),
    ],
)
def test_stores_the_worst_link(findings: list[Finding], expected: tuple[str, str]) -> None:
    row, now = observed(None, SIGNED), timezone.now()
    store_worst_links([(row, findings)], now)
    assert stored(row) == expected
    assert InstanceStatus.objects.get(pk=row.pk).diagnosed_at == now


def test_keeps_the_sync_status() -> None:
    row = observed(None, SIGNED)
    record_statuses([row.pk])
    before = InstanceStatus.objects.get(pk=row.pk)
    diagnose_due()
    after = InstanceStatus.objects.get(pk=row.pk)
    assert (after.status, after.since) == (before.status, before.since)
    record_statuses([row.pk])
    assert stored(row)[1] in {"fail", "unknown"}


def test_instance_that_was_never_compared_stays_unknown() -> None:
    row = observed(None, SIGNED)
    InstanceStatus.objects.all().delete()
    diagnose_due()
    assert InstanceStatus.objects.get(pk=row.pk).status == SyncStatus.UNKNOWN


def test_instance_that_was_removed_meanwhile_is_left_out() -> None:
    row, other = observed(None, SIGNED), observed(None, SIGNED, name="contoso-b")
    SignalRInstance.objects.filter(pk=row.pk).delete()
    store_worst_links([(row, []), (other, [])], timezone.now())
    assert stored(other)[1] == "not_checked"
    assert InstanceStatus.objects.count() == 1


def test_storing_takes_one_query() -> None:
    rows = [observed(None, SIGNED, name=f"contoso-{number}") for number in range(5)]
    with CaptureQueriesContext(connection) as captured:
        store_worst_links([(row, []) for row in rows], timezone.now())
    assert len([one for one in captured if one["sql"].startswith("INSERT")]) == 1


def test_command_stores_the_result() -> None:
    row = observed(None, SIGNED)
    call_command("diagnose", row.name, stdout=io.StringIO())
    assert stored(row) == ("service", "unknown")
