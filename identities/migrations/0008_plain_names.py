from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("identities", "0007_wording")]

    operations = [
        migrations.RenameField("signalrinstance", "ungranted", "declined_grants"),
        migrations.RenameField("signalrinstance", "is_being_made", "is_creating"),
    ]
