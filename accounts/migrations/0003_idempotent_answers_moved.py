from django.db import migrations


class Migration(migrations.Migration):
    """Leave the model to the app `api`, with its table."""

    dependencies = [
        ('accounts', '0002_idempotent_answers'),
        ('api', '0001_idempotent_answers'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name='IdempotentAnswer')],
        ),
    ]
