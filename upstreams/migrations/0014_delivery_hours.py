from django.db import migrations, models

class Migration(migrations.Migration):

    dependencies = [
        ("upstreams", "0013_sender_activity"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(help_text="The start of the hour, in UTC.")),
                ("hub", models.CharField(blank=True, max_length=128)),
                ("category", models.CharField(blank=True, max_length=16)),
                ("event", models.CharField(blank=True, max_length=256)),
                ("outcome", models.CharField(choices=[("accepted", "Accepted"), ("refused", "Refused"), ("failed", "Failed")], max_length=8)),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "ordering": ["-hour"],
                "constraints": [models.UniqueConstraint(fields=("hour", "hub", "category", "event", "outcome", "reason"), name="one_count_an_hour_and_kind")],
            },
        ),
        migrations.AddIndex(
            model_name="deliverycount",
            index=models.Index(condition=models.Q(("outcome", "refused")), fields=["minute"], name="refused_by_age"),
        ),
    ]
