from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_history_stays")]

    operations = [
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("source_system", models.CharField(max_length=50)),
                ("external_id", models.CharField(max_length=200)),
                ("facts", models.JSONField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "source_system", "external_id"), name="imported_row_once")
                ],
            },
        ),
    ]
