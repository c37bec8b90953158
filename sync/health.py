"""The readiness check of the background worker."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import DatabaseError

from observability.models import MetricValue
from sync.metrics import HEARTBEAT


def check_worker() -> str:
    """Return what is wrong with beat, the queue or the workers, judged by the last heartbeat."""
    limit = settings.SIGNALMAN_HEARTBEAT_LIMIT_SECONDS
    try:
        heartbeat = MetricValue.objects.filter(name=HEARTBEAT).first()
    except DatabaseError:
        return "The last heartbeat of a worker cannot be read: the database does not respond."
    if heartbeat is None:
        return "No worker has sent a heartbeat yet: start one with --beat."
    age = time.time() - heartbeat.value
    if age > limit:
        return f"The last heartbeat of a worker was {age:.0f} seconds ago; the limit is {limit:g}."
    return ""
