"""The short list of rejection reasons and the promises that a new installation starts with; both can be edited."""

from django.db import migrations

REASONS = [
    # code, English, Japanese, what follows, days, comment needed
    ("no_need", "No need at present", "現時点でニーズなし", "recycle", 180, False),
    ("timing", "Too early", "時期尚早", "recycle", 90, False),
    ("unreachable", "Could not be reached", "連絡がつかない", "recycle", 30, False),
    ("no_fit", "Does not fit our target", "ターゲット外", "close", 0, True),
    ("insufficient_data", "Data missing or wrong", "情報不足・誤り", "recycle", 7, True),
    ("duplicate", "Already in contact", "既に接触中", "close", 0, False),
    ("other", "Other", "その他", "recycle", 90, True),
]
POLICIES = [("decide", "sales", 8 * 60), ("first_attempt", "sales", 16 * 60)]


def make(apps, schema_editor):
    reasons = apps.get_model("handoff", "RejectionReason").objects
    for position, (code, en, ja, step, days, comment) in enumerate(REASONS):
        reasons.get_or_create(
            code=code,
            defaults={
                "label_en": en, "label_ja": ja, "position": position,
                "next_step": step, "recycle_days": days, "needs_comment": comment,
            },
        )
    for duty, side, minutes in POLICIES:
        apps.get_model("handoff", "SlaPolicy").objects.get_or_create(
            duty=duty, defaults={"side": side, "business_minutes": minutes}
        )


def remove(apps, schema_editor):
    apps.get_model("handoff", "RejectionReason").objects.filter(
        code__in=[row[0] for row in REASONS], handoffs=None
    ).delete()
    apps.get_model("handoff", "SlaPolicy").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("handoff", "0002_initial")]

    operations = [migrations.RunPython(make, remove)]
