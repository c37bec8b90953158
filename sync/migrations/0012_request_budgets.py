from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sync', '0011_worst_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequestBudget',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('booked', models.FloatField(default=0.0, help_text='The time until which requests are reserved, in seconds since 1970.')),
            ],
        ),
    ]
