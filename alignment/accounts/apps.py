from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their teams and the organisation they work for."""

    name = "alignment.accounts"

    def ready(self) -> None:
        """Make the token scheme known to the schema generator, which finds it by import."""
        import_module("alignment.accounts.schema")
