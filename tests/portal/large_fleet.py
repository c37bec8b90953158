"""Fleets of many instances, as rows only."""

from __future__ import annotations

import uuid
from itertools import cycle

from django.db import connection
from django.utils import timezone

from identities.models import ManagedIdentity, SignalRInstance, Subscription
from sync.models import InstanceStatus, Operation, SyncStatus
from upstreams.models import UpstreamTemplate

STATUSES = list(SyncStatus)
# The worst link and its outcome; empty for an instance that was never diagnosed.
DIAGNOSES = [("", ""), ("", "pass"), ("", ""), ("", "pass"), ("token", "fail")]
TYPES = [ManagedIdentity.Type.NONE, ManagedIdentity.Type.SYSTEM_ASSIGNED]


def create_fleet(size: int) -> list[SignalRInstance]:
    """Create `size` instances of every status and location, with templates and operations."""
    subscription = Subscription.objects.create(
        subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4(), display_name=f"Fleet of {size}"
    )
    rows = SignalRInstance.objects.bulk_create(
        SignalRInstance(
            name=f"fleet{size}-{number:05}",
            subscription=subscription,
            resource_group=f"rg-{number % 7}",
            location=("westeurope", "northeurope", "uksouth")[number % 3],
            provisioning_state="Succeeded",
            observed={"identity": {"type": "None"}, "templates": []},
        )
        for number in range(size)
    )
    ManagedIdentity.objects.bulk_create(
        ManagedIdentity(instance=row, type=TYPES[number % 2]) for number, row in enumerate(rows)
    )
    UpstreamTemplate.objects.bulk_create(
        UpstreamTemplate(instance=row, url_template="https://a.example/") for row in rows
    )
    now = timezone.now()
    InstanceStatus.objects.bulk_create(
        InstanceStatus(
            instance=row,
            status=STATUSES[number % len(STATUSES)],
            since=now,
            worst_link=link,
            worst_outcome=outcome,
            diagnosed_at=now if outcome else None,
        )
        for (number, row), (link, outcome) in zip(enumerate(rows), cycle(DIAGNOSES), strict=False)
    )
    Operation.objects.bulk_create(
        Operation(instance=row, plan={}, state="succeeded", finished_at=now) for row in rows
    )
    if connection.vendor == "postgresql":
        # It does so within a minute; until then it may plan with the statistics of empty tables.
        # Of these tables only: statistics of empty ones would stay for the tests that follow.
        models = (SignalRInstance, ManagedIdentity, UpstreamTemplate, InstanceStatus, Operation)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE " + ", ".join(each._meta.db_table for each in models))  # noqa: SLF001
    return rows
