"""The scheduled diagnosis of the fleet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from diagnosis.chain.worst_links import store_worst_links
from diagnosis.tasks import diagnose_due, diagnose_fleet, due_instances
from identities.models import SignalRInstance
from sync.models import InstanceStatus
from tests.portal.instances import SIGNED, observed

pytestmark = pytest.mark.django_db


def test_diagnoses_what_is_due() -> None:
    row = observed(None, SIGNED)
    assert diagnose_due() == 1
    assert diagnose_due() == 0
    later = timezone.now() + timedelta(minutes=11)
    assert list(due_instances(later)) == [row]
    SignalRInstance.objects.filter(pk=row.pk).update(observed_at=timezone.now())
    assert list(due_instances(timezone.now())) == [row]


def test_never_diagnosed_instances_come_first() -> None:
    first, second = observed(None, SIGNED), observed(None, SIGNED, name="contoso-b")
    store_worst_links([(first, [])], timezone.now() - timedelta(hours=1))
    assert list(due_instances(timezone.now())) == [second, first]


def test_task_diagnoses_the_fleet() -> None:
    row = observed(None, SIGNED)
    diagnose_fleet()
    assert InstanceStatus.objects.get(pk=row.pk).worst_link
