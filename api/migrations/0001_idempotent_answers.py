import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Take the model over from accounts, whose migration made the table."""

    initial = True

    dependencies = [
        ('accounts', '0002_idempotent_answers'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='IdempotentAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('caller', models.CharField(max_length=128)),
                        ('key', models.CharField(max_length=128)),
                        ('request_digest', models.CharField(help_text='SHA-256 of what was asked for, in hexadecimal.', max_length=64)),
                        ('status', models.PositiveSmallIntegerField(default=0)),
                        ('headers', models.JSONField(default=dict)),
                        ('body', models.JSONField(null=True)),
                        ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        'db_table': 'accounts_idempotentanswer',
                        'indexes': [models.Index(fields=['created_at'], name='idempotent_answer_by_age')],
                        'constraints': [models.UniqueConstraint(fields=('caller', 'key'), name='one_answer_for_a_callers_key')],
                    },
                ),
            ],
        ),
    ]
