import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0020_import_more_kinds"),
    ]

    operations = [
        migrations.AlterField(
            model_name="captureform",
            name="touch_kind",
            field=models.ForeignKey(
                db_column="touch_kind",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="capture_forms",
                to="leads.touchkind",
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="captureformhistory",
            name="touch_kind",
            field=models.ForeignKey(
                db_column="touch_kind",
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="leads.touchkind",
                verbose_name="kind",
            ),
        ),
    ]
