from django.db import migrations, models


class Migration(migrations.Migration):
    """Attempts that failed by no fault of the mail are counted apart: they do not end it."""

    dependencies = [
        ("outbox", "0002_sealed_values_and_request_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="outages",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
