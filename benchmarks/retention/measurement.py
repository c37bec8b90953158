"""Deletes old rows of one database, and prints the result as JSON."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from typing import Any, Final

from django.core.management import call_command
from django.utils import timezone

from identities.models import SignalRInstance, Subscription
from upstreams import retention
from upstreams.models import Delivery, DeliveryCount
from upstreams.receiver.configuration import configuration

# What four processes insert a minute: samples within their limit, and the counts of two hundred
# requests a second, each from another instance.
_PROCESSES: Final = 4
_COUNTS: Final = 200 * 60
_BATCH: Final = 10_000


def measure(rows: int) -> dict[str, Any]:
    """Insert and delete that many rows of each kind."""
    call_command("migrate", verbosity=0)
    _insert(rows)
    transactions: list[float] = []
    ended = time.perf_counter()

    def rest(seconds: float) -> None:
        # A pause is as long as the transaction before it, up to a limit.
        nonlocal ended
        transactions.append(time.perf_counter() - ended)
        time.sleep(seconds)
        ended = time.perf_counter()

    began = time.perf_counter()
    deleted = sum(retention.delete_expired(seconds=3600, rest=rest).values())
    minutes = (time.perf_counter() - began) / 60
    late = max(retention.lags(timezone.now()).values())
    inserted = _PROCESSES * configuration().process_samples_a_minute + _COUNTS
    return {
        "deleted": deleted,
        "transactions": len(transactions),
        "slowest": max(transactions),
        "deleted_a_minute": round(deleted / minutes),
        "inserted_a_minute": inserted,
        "keeps_up": deleted == 2 * rows and late == timedelta() and deleted / minutes > inserted,
    }


def _insert(rows: int) -> None:
    subscription = Subscription.objects.create(
        subscription_id="bbbbbbbb-0000-4000-8000-00000000bbbb",
        tenant_id="aaaaaaaa-0000-4000-8000-00000000aaaa",
    )
    instance = SignalRInstance.objects.create(name="contoso", subscription=subscription)
    last = timezone.now() - timedelta(days=100)
    for start in range(0, rows, _BATCH):
        moments = [
            last - timedelta(minutes=each) for each in range(start, min(start + _BATCH, rows))
        ]
        Delivery.objects.bulk_create(
            Delivery(
                instance=instance, received_at=at, outcome="accepted", status=200, duration_ms=1
            )
            for at in moments
        )
        DeliveryCount.objects.bulk_create(
            DeliveryCount(instance=instance, minute=at, outcome="accepted", count=1)
            for at in moments
        )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")
