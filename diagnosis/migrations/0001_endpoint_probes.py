import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identities', '0013_system_assigned_client_ids'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndpointProbe',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=64)),
                ('configuration', models.CharField(max_length=64)),
                ('probed_at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=64)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='probes', to='identities.signalrinstance')),
            ],
            options={
                'ordering': ['instance', '-probed_at'],
                'constraints': [models.UniqueConstraint(fields=('instance', 'endpoint'), name='one_probe_an_endpoint')],
            },
        ),
    ]
