from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0018_costs_by_month'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='campaign',
            name='campaign_cost_not_negative',
        ),
        migrations.RemoveField(
            model_name='campaign',
            name='cost',
        ),
    ]
