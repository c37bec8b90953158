from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sync', '0012_request_budgets'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='operation',
            index=models.Index(fields=['created_at'], name='operations_by_age'),
        ),
    ]
