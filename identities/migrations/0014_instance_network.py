from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0013_system_assigned_client_ids'),
    ]

    operations = [
        migrations.AddField(
            model_name='signalrinstance',
            name='network',
            field=models.JSONField(blank=True, editable=False, help_text='InstanceNetwork as JSON: its network rules; null: never read.', null=True),
        ),
    ]
