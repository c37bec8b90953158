"""Fill the refusals by the hour from the counts by the minute, for as long as they are kept.

In a migration of its own: PostgreSQL cannot change a table in the transaction that filled it.
"""

from datetime import timedelta

from django.db import migrations
from django.db.models import Max, Sum
from django.utils import timezone

KIND = ["instance", "reason"]
HOUR = timedelta(hours=1)
KEPT = timedelta(days=2)


def add_refusals(apps, schema_editor):
    """Sum the counts of each hour. One statement for an hour: each stays within the time limit."""
    counts = apps.get_model("upstreams", "DeliveryCount").objects.order_by()
    refusals = apps.get_model("upstreams", "RefusalHour").objects
    refused = counts.filter(outcome="refused")
    last = refused.aggregate(last=Max("minute"))["last"]
    hour = (timezone.now() - KEPT).replace(minute=0, second=0, microsecond=0)
    while last is not None and hour <= last:
        rows = refused.filter(minute__gte=hour, minute__lt=hour + HOUR).values_list(*KIND)
        # A process that is running may have added its deliveries to the hour: they are in the sum.
        refusals.bulk_create(
            (
                refusals.model(hour=hour, instance_id=instance, reason=reason, count=number)
                for instance, reason, number in rows.annotate(Sum("count"))
            ),
            update_conflicts=True,
            unique_fields=["hour", "reason", "instance"],
            update_fields=["count"],
        )
        hour += HOUR


class Migration(migrations.Migration):

    dependencies = [
        ("upstreams", "0017_refusal_hours"),
    ]

    operations = [
        migrations.RunPython(add_refusals, migrations.RunPython.noop),
    ]
