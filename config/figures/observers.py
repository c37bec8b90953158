"""What the rooms below tell of, counted. Each is called where it happens, and has to be quick."""

from __future__ import annotations

import time
from bisect import bisect_left
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from arm.settings import Call
from config.figures import catalogue
from config.figures.counters import Kind, counters
from config.figures.models import Figure
from sync.operations.tasks import wake_due_operations
from validation.verdict import Verdict


def azure_called(call: Call) -> None:
    """Count a request to Azure: `SIGNALMAN_ARM_OBSERVER`."""
    is_graph = call.host == urlsplit(settings.SIGNALMAN_GRAPH_ENDPOINT).hostname
    is_arm = call.host == urlsplit(settings.SIGNALMAN_ARM_ENDPOINT).hostname
    api = "arm" if is_arm else "graph" if is_graph else "other"
    status = "none" if call.status is None else str(call.status)
    counters.add(catalogue.AZURE_REQUESTS, api, call.method, status)
    counters.add(catalogue.AZURE_SECONDS, api, call.method, by=call.seconds)


def token_checked(seconds: float, verdict: Verdict) -> None:
    """Count a token that was checked: `VALIDATION["OBSERVER"]`."""
    outcome = "refused" if verdict.claims is None else "accepted"
    bucket = catalogue.BUCKETS[bisect_left(catalogue.BOUNDS, seconds)]
    counters.add(catalogue.VALIDATION_BUCKETS, outcome, bucket)
    counters.add(catalogue.VALIDATION_SECONDS, outcome, by=seconds)


def note_turned_away(*, reason: str, **_: Any) -> None:
    """Count a request to no instance that is known."""
    counters.add(catalogue.TURNED_AWAY, reason)


def note_lost_deliveries(*, number: int, **_: Any) -> None:
    """Count deliveries that no figure and no row has."""
    counters.add(catalogue.LOST_DELIVERIES, by=number)


def note_tick(sender: Any = None, **_: Any) -> None:
    """Write down that a worker did the tick that beat asked for: beat, queue and worker live."""
    if getattr(sender, "name", "") == wake_due_operations.name:
        Figure.objects.note({Kind(catalogue.TICK): time.time()})
