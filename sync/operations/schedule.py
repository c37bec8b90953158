"""What happens without anybody asking: the fleet is read and compared, and old rows go.

Nothing here writes to Azure. A pass that is lost or done twice costs nothing: the next does it.
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
from sync.desired.function_app_targets import managed_apps
from sync.desired.state import known_vaults
from sync.inventory import secrets
from sync.inventory.import_instances import refresh_subscription
from sync.inventory.status_rows import save_statuses
from sync.inventory.sync_status import sync_status
from sync.models import Operation, StatusCount

log = logging.getLogger(__name__)

# Of a thousand rows of each kind: more than a busy fleet makes between two passes.
EXPIRY_BATCHES: Final = 100

_random = SystemRandom()


def due_refreshes() -> dict[UUID, float]:
    """Return the subscriptions to read, each with the seconds to wait until then.

    At random within the jitter, so that many subscriptions do not come to Azure all at once.
    """
    watched = SignalRInstance.objects.on_schedule().values("subscription")
    subscriptions = Subscription.objects.filter(pk__in=watched).values_list("pk", flat=True)
    jitter = settings.SIGNALMAN_REFRESH_JITTER_SECONDS
    return {subscription: _random.uniform(0, jitter) for subscription in subscriptions}


def refresh_and_count(subscription_id: UUID) -> StatusCount | None:
    """Read the instances of a subscription that are not paused, and count how they stand.

    Returns None where Azure could not be read, which the log then says.
    """
    subscription = Subscription.objects.filter(pk=subscription_id).first()
    if subscription is None:
        return None
    try:
        report = refresh_subscription(subscription, on_schedule=True)
    except ArmError as error:
        log.warning("Subscription %s was not refreshed. %s", subscription, error)
        return None
    for words in report.unreadable:
        log.warning("%s", words)
    return count_statuses(subscription)


def count_statuses(subscription: Subscription) -> StatusCount:
    """Count how the instances of `subscription` stand; a row is kept for each change of that."""
    instances = SignalRInstance.objects.with_desired().filter(subscription=subscription)
    known = known_vaults(), managed_apps()
    found = [(instance, sync_status(instance, *known)) for instance in instances]
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
    """Ask after every secret that templates name, and return how many were asked after.

    Where Azure could not be asked the log says so, and the next pass asks again.
    """
    try:
        rows = secrets.check_secrets()
    except ArmError as error:
        log.warning("Secrets were not asked after. %s", error)
        return 0
    return len(rows)


def expire(now: datetime | None = None) -> int:
    """Delete the finished operations and the counts that are too old; return how many.

    What they did stays in the audit trail. It goes by batches, each with a bounded lock, and stops
    after so many that a first pass over years of rows does not keep its worker: the next goes on.
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
