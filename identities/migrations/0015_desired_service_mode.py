from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identities', '0014_instance_network'),
    ]

    operations = [
        migrations.AddField(
            model_name='signalrinstance',
            name='desired_service_mode',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='The service mode that a plan sets; empty: the mode is not managed.', max_length=16),
        ),
    ]
