"""Keep how instances stand, for lists to filter and count by."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identities", "0006_is_being_made"),
        ("sync", "0005_request_ids"),
    ]

    operations = [
        migrations.CreateModel(
            name="InstanceStatus",
            fields=[
                (
                    "instance",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="standing",
                        serialize=False,
                        to="identities.signalrinstance",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("Synced", "Synced"),
                            ("OutOfSync", "Out of sync"),
                            ("Missing", "Missing"),
                            ("Unknown", "Unknown"),
                        ],
                        db_index=True,
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField(help_text="When it came to stand so.")),
            ],
            options={"verbose_name_plural": "instance statuses"},
        ),
    ]
