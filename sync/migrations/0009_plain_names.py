from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sync", "0008_audit_of_long_ids"), ("identities", "0008_plain_names")]

    operations = [
        migrations.RenameField("operation", "woken_at", "enqueued_at"),
    ]
