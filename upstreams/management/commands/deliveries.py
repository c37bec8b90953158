"""manage.py deliveries: what the receiver accepted and refused, and why."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Sum
from django.utils import timezone

from upstreams.models import DeliveryCount


class Command(BaseCommand):
    """Prints how many deliveries each instance had, by outcome and reason."""

    help = "Count the deliveries of the last hours by instance, outcome and reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the period and the form."""
        parser.add_argument("--hours", type=float, default=24.0, help="how far back; default: 24")
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the counts, the busiest first."""
        since = timezone.now() - timedelta(hours=options["hours"])
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
