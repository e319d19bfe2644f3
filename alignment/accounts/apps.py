from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their teams and the organisation they work for."""

    name = "alignment.accounts"
