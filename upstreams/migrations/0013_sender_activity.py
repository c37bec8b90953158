import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0013_system_assigned_client_ids'),
        ('upstreams', '0012_unused_identifier_uris'),
    ]

    operations = [
        migrations.CreateModel(
            name='SenderActivity',
            fields=[
                ('instance', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='sender_activity', serialize=False, to='identities.signalrinstance')),
                ('sent_at', models.DateTimeField(help_text='The last call that was accepted.', null=True)),
                ('refused_at', models.DateTimeField(help_text='The last call that was refused with 401 or 403.', null=True)),
            ],
            options={
                'verbose_name_plural': 'sender activity',
            },
        ),
    ]
