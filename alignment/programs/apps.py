from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """What programs are promised: what is sent again is done once, and nobody takes more than their share."""

    name = "alignment.programs"
