"""The readiness check of the background worker."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import DatabaseError

from observability.models import MetricValue
from sync.metrics import TICK


def check_worker() -> str:
    """Return what is wrong with beat, the queue or the workers, judged by the last tick."""
    limit = settings.SIGNALMAN_TICK_LIMIT_SECONDS
    try:
        tick = MetricValue.objects.filter(name=TICK).first()
    except DatabaseError:
        return "The last tick of a worker cannot be read: the database does not respond."
    if tick is None:
        return "No worker has run the tick yet: start one with --beat."
    age = time.time() - tick.value
    if age > limit:
        return f"A worker last ran the tick {age:.0f} seconds ago; the limit is {limit:g}."
    return ""
