"""Fill the counts by the hour, and the metric of all deliveries, from the counts that exist.

In a migration of its own: PostgreSQL cannot change a table in the transaction that filled it.
"""

from datetime import timedelta

from django.db import migrations
from django.db.models import Max, Min, Sum

KIND = ["hub", "category", "event", "outcome", "reason"]
HOUR = timedelta(hours=1)


def add_hours(apps, schema_editor):
    """Sum the counts of each hour. One statement for an hour: each stays within the time limit."""
    counts = apps.get_model("upstreams", "DeliveryCount").objects.order_by()
    hours = apps.get_model("upstreams", "DeliveryHour").objects
    period = counts.aggregate(first=Min("minute"), last=Max("minute"))
    if period["first"] is None:
        return
    hour = period["first"].replace(minute=0, second=0, microsecond=0)
    while hour <= period["last"]:
        rows = counts.filter(minute__gte=hour, minute__lt=hour + HOUR).values(*KIND)
        hours.bulk_create(hours.model(hour=hour, **row) for row in rows.annotate(count=Sum("count")))
        hour += HOUR


def add_metric(apps, schema_editor):
    """Start the metric of all deliveries with the totals of the instances."""
    totals = apps.get_model("upstreams", "DeliveryTotal").objects.order_by()
    values = apps.get_model("figures", "MetricValue").objects
    for outcome, reason, number in totals.values_list("outcome", "reason").annotate(Sum("count")):
        values.update_or_create(
            key=f"deliveries|{outcome}|{reason}",
            defaults={"name": "deliveries", "labels": [outcome, reason], "value": number},
        )


def remove_metric(apps, schema_editor):
    apps.get_model("figures", "MetricValue").objects.filter(name="deliveries").delete()


class Migration(migrations.Migration):

    dependencies = [
        ("figures", "0002_metric_values"),
        ("upstreams", "0014_delivery_hours"),
    ]

    operations = [
        migrations.RunPython(add_hours, migrations.RunPython.noop),
        migrations.RunPython(add_metric, remove_metric),
    ]
