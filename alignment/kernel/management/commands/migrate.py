from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection

from alignment.kernel import privileges


class Command(Migrate):
    help = f"{Migrate.help} Works as the role of DATABASE_OWNER_URL and lets that of DATABASE_URL use the tables."

    def handle(self, *args: Any, **options: Any) -> None:
        if not privileges.is_separated():
            super().handle(*args, **options)
            return
        role, password = connection.settings_dict["USER"], connection.settings_dict["PASSWORD"]
        with privileges.as_owner():
            super().handle(*args, **options)
            if options["plan"] or options["check_unapplied"]:
                return
            try:
                privileges.grant(role, password)
            except privileges.UnfitRole as error:
                raise CommandError(str(error)) from error
