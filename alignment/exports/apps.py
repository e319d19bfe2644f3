from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Lists as files: who may take them is who may see them, and who took which is written down."""

    name = "alignment.exports"
