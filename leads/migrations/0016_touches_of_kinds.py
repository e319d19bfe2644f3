import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0015_first_touch_kinds'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='touch',
            name='touch_kind_known',
        ),
        migrations.AlterField(
            model_name='touch',
            name='kind',
            field=models.ForeignKey(db_column='kind', db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='touches', to='leads.touchkind', verbose_name='kind'),
        ),
    ]
