"""The kinds of touches that every installation starts with; its admins edit them."""

from django.db import migrations

KINDS = (
    ("inquiry", "inquiry", "問い合わせ"),
    ("download", "download", "資料ダウンロード"),
    ("seminar", "seminar", "セミナー参加"),
    ("exhibition", "exhibition card", "展示会での名刺交換"),
    ("page_visit", "page visit", "ページ閲覧"),
    ("mail_click", "mail click", "メールクリック"),
)


def make(apps, schema_editor):
    kinds = apps.get_model("leads", "TouchKind").objects
    for number, (key, label_en, label_ja) in enumerate(KINDS, start=1):
        labels = {"label_en": label_en, "label_ja": label_ja}
        kinds.get_or_create(key=key, defaults={**labels, "position": 10 * number})


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_touch_kinds")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
