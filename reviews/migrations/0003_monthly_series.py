"""The monthly review that a new installation starts with: the first month to review is the one in which it begins."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import migrations
from django.utils import timezone


def make(apps, schema_editor):
    zone = ZoneInfo(settings.DEFAULT_ORGANISATION["time_zone"])
    apps.get_model("reviews", "ReviewSeries").objects.get_or_create(
        key="monthly",
        defaults={
            "name_en": "Monthly review",
            "name_ja": "月次レビュー",
            "first_month": timezone.now().astimezone(zone).date().replace(day=1),
        },
    )


def remove(apps, schema_editor):
    apps.get_model("reviews", "ReviewSeries").objects.filter(key="monthly", reviews=None).delete()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_close_reviews_and_end_actions")]

    operations = [migrations.RunPython(make, remove)]
