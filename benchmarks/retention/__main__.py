"""python -m benchmarks retention [--rows N]: delete that many old deliveries and as many counts.

Uses a SQLite file, or the PostgreSQL database that SIGNALMAN_DATABASE_URL names, which must be
empty. Prints the rows deleted a minute, pauses included, and what receiving inserts at most. Exits
1 unless deletion is faster.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import django

# What four processes insert a minute: samples within their limit, and the counts of two hundred
# requests a second, each from another instance.
_PROCESSES: Final = 4
_COUNTS: Final = 200 * 60
_BATCH: Final = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 where deletion keeps up, else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks retention", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="of each kind")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SIGNALMAN_SECRET_KEY": "benchmark",
            "SIGNALMAN_DATA_DIR": folder,
            "SIGNALMAN_BROKER_URL": "memory://",
            "SIGNALMAN_LOG_LEVEL": "ERROR",
        }
        database = f"sqlite:///{Path(folder) / 'signalman.sqlite3'}"
        os.environ.setdefault("SIGNALMAN_DATABASE_URL", database)
        django.setup()
        return _measure(options.rows)


def _measure(rows: int) -> int:
    # Models load after the set-up.
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from upstreams import retention  # noqa: PLC0415
    from upstreams.receiver.configuration import configuration  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    _insert(rows)
    pauses: list[float] = []

    def rest(seconds: float) -> None:
        # A pause is as long as the transaction before it, up to a limit.
        pauses.append(seconds)
        time.sleep(seconds)

    began = time.perf_counter()
    deleted = sum(retention.delete_expired(seconds=3600, rest=rest).values())
    minutes = (time.perf_counter() - began) / 60
    late = max(retention.lags(timezone.now()).values())
    inserted = _PROCESSES * configuration().process_samples_a_minute + _COUNTS
    print(f"{connection.vendor}: {deleted:,} rows in {len(pauses)} transactions, "
          f"{deleted / minutes:,.0f} a minute; inserted at most {inserted:,} a minute")  # fmt: skip
    is_complete = deleted == 2 * rows and late == timedelta()
    if not is_complete or deleted / minutes < inserted:
        print("Missed: deletion does not keep up.")
        return 1
    return 0


def _insert(rows: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from identities.models import SignalRInstance, Subscription  # noqa: PLC0415
    from upstreams.models import Delivery, DeliveryCount  # noqa: PLC0415

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
    sys.exit(main())
