"""manage.py deliveries: count accepted and refused deliveries, by reason."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db.models import Sum
from django.utils import timezone

from upstreams.models import DeliveryCount

# A hundred years: longer than any retention.
_MOST_HOURS: Final = 876_000


class Command(BaseCommand):
    """Print the number of deliveries of each instance, by outcome and reason."""

    help = (
        "Count the deliveries of the last hours by instance, outcome and reason. "
        "Exit codes: 0 done, 1 error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--hours", type=hours, default="24", help="number of hours to count; default: 24"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the counts, largest first."""
        since = timezone.now() - options["hours"]
        rows = list(
            DeliveryCount.objects.since(since)
            .order_by()
            .values("instance__name", "outcome", "reason")
            .annotate(total=Sum("count"))
            .order_by("-total", "instance__name", "outcome", "reason")
        )
        counts = [
            {
                "instance": row["instance__name"],
                "outcome": row["outcome"],
                "reason": row["reason"],
                "count": row["total"],
            }
            for row in rows
        ]
        if options["json"]:
            self.stdout.write(json.dumps(counts, indent=2))
            return
        for count in counts:
            self.stdout.write("{count:>8} {instance} {outcome} {reason}".format(**count).rstrip())


def hours(written: str) -> timedelta:
    """Read a period. Raises ArgumentTypeError."""
    number = float(written)
    if not 0 < number <= _MOST_HOURS:
        raise ArgumentTypeError(f"enter a number above 0 and at most {_MOST_HOURS}")
    return timedelta(hours=number)
