from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0015_desired_service_mode'),
    ]

    operations = [
        migrations.AddField(
            model_name='signalrinstance',
            name='desired_senders',
            field=models.JSONField(blank=True, editable=False, help_text='Principals that plans let send, as [principal ID, type]; null: none.', null=True),
        ),
        migrations.AddField(
            model_name='signalrinstance',
            name='observed_senders',
            field=models.JSONField(blank=True, editable=False, help_text='The desired senders that may send, as last read; null: none.', null=True),
        ),
    ]
