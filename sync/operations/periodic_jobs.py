"""Periodic jobs: refreshing the fleet, looking up secrets and deleting old rows.

Nothing here writes to Azure. A run may be lost or repeated without harm.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from arm.errors import ArmError
from identities.models import SignalRInstance, Subscription
from sync.desired.shared_rows import with_shared_rows
from sync.desired.sync_status import save_statuses, sync_status
from sync.inventory.key_vault import secrets
from sync.inventory.refresh import refresh_subscription
from sync.models import Operation, StatusCount

log = logging.getLogger(__name__)

# Of a thousand rows of each kind: more than a busy fleet adds between two runs.
EXPIRY_BATCHES: Final = 100

_random = SystemRandom()


def due_refreshes() -> dict[UUID, float]:
    """Return the subscriptions to refresh, each with a delay in seconds.

    The delay is random within the jitter, so that many subscriptions are not read at once.
    """
    watched = SignalRInstance.objects.on_schedule().values("subscription")
    subscriptions = Subscription.objects.filter(pk__in=watched).values_list("pk", flat=True)
    jitter = settings.SIGNALMAN_REFRESH_JITTER_SECONDS
    return {subscription: _random.uniform(0, jitter) for subscription in subscriptions}


def refresh_and_count(subscription_id: UUID) -> StatusCount | None:
    """Refresh the instances of a subscription that are not paused, and count their status.

    Returns None if Azure could not be read, which is logged.
    """
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription is None:
        return None
    try:
        report = refresh_subscription(subscription, on_schedule=True)
    except ArmError as error:
        log.warning("Subscription %s could not be refreshed. %s", subscription, error)
        return None
    for words in report.unreadable:
        log.warning("%s", words)
    return count_statuses(subscription)


def count_statuses(subscription: Subscription) -> StatusCount:
    """Count the instances of `subscription` by status. A row is added for each change."""
    instances = SignalRInstance.objects.for_plans().filter(subscription=subscription)
    found = [
        (instance, sync_status(instance, rows)) for instance, rows in with_shared_rows(instances)
    ]
    save_statuses(found)
    numbers = Counter(
        "paused" if instance.policy == instance.Policy.PAUSE else status.name.lower()
        for instance, status in found
    )
    count = StatusCount(subscription=subscription, **numbers)
    last = StatusCount.objects.filter(subscription=subscription).first()
    if last is not None and last.numbers == count.numbers:
        return last
    count.save()
    return count


def check_secrets() -> int:
    """Look up every secret that templates name; return how many there are.

    If Azure cannot be read, that is logged, and the next run tries again.
    """
    try:
        rows = secrets.check_secrets()
    except ArmError as error:
        log.warning("Secrets could not be looked up. %s", error)
        return 0
    return len(rows)


def expire(now: datetime | None = None) -> int:
    """Delete old finished operations and status counts; return how many.

    The audit trail is kept. A run deletes at most EXPIRY_BATCHES batches; the next run continues.
    """
    moment = (now or timezone.now()) - timedelta(days=settings.SIGNALMAN_OPERATION_DAYS)
    total = 0
    for _ in range(EXPIRY_BATCHES):
        deleted = Operation.objects.delete_finished_before(moment)
        deleted += StatusCount.objects.delete_before(moment)
        total += deleted
        if not deleted:
            break
    return total
