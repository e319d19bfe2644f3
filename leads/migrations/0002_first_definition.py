"""The one definition that every installation starts with; its versions are made by people."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("leads", "Definition").objects.get_or_create(
        key="inbound", defaults={"name_en": "Qualified lead", "name_ja": "有効リード"}
    )


def remove(apps, schema_editor):
    apps.get_model("leads", "Definition").objects.filter(key="inbound", versions=None).delete()


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(make, remove)]
