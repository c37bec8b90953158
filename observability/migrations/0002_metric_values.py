from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('figures', '0001_figures'),
    ]

    operations = [
        # The table is named first, so that renaming the model leaves it alone.
        migrations.AlterModelTable(name='figure', table='figures_figure'),
        migrations.RenameModel(old_name='Figure', new_name='MetricValue'),
        migrations.AlterField(
            model_name='metricvalue',
            name='labels',
            field=models.JSONField(default=list, help_text="Label values, in the metric's own order."),
        ),
    ]
