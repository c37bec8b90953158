from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0012_sender_access'),
    ]

    operations = [
        migrations.AddField(
            model_name='managedidentity',
            name='client_id',
            field=models.UUIDField(blank=True, editable=False, help_text="A token's appid; null: not read.", null=True),
        ),
    ]
