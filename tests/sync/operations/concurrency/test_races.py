"""Workers that claim one operation at the same time, each on its own connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from identities.models import SignalRInstance, Subscription
from sync.models import Operation
from sync.operations.claims import claim
from tests.conditions import on_postgresql

WORKERS = 8
ROUNDS = 25

pytestmark = [
    pytest.mark.django_db(transaction=True),
    on_postgresql,
]


def has_claimed(operation_id: UUID, now: datetime, start: Barrier) -> bool:
    start.wait()
    try:
        return claim(operation_id, now) is not None
    finally:
        connection.close()


def test_one_of_many_concurrent_workers_claims_the_operation() -> None:
    subscription = Subscription.objects.create(
        subscription_id="00000000-0000-0000-0000-000000000001",
        tenant_id="11111111-1111-1111-1111-111111111111",
    )
    empty = {"instance": "x", "before": {"identity": {}, "templates": []}, "steps": []}
    now = timezone.now()
    with ThreadPoolExecutor(WORKERS) as workers:
        for number in range(ROUNDS):
            instance = SignalRInstance.objects.create(
                name=f"contoso-{number}", subscription=subscription, resource_group="fleet"
            )
            operation = Operation.objects.create(
                instance=instance, plan=empty, due_at=now, waiting_for="a worker"
            )
            start = Barrier(WORKERS)
            claims = [workers.submit(has_claimed, operation.pk, now, start) for _ in range(WORKERS)]
            assert [each.result() for each in claims].count(True) == 1
            operation.refresh_from_db()
            assert operation.fence == 1
