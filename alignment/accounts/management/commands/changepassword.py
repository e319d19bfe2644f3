"""Django's command by our own door: a new password ends what the old one opened."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from alignment.accounts.models import User
from alignment.accounts.services import passwords

TRIES = 3


class Command(BaseCommand):
    help = "Set a person's password; their sessions and API tokens end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", help="The person's e-mail address.")

    def handle(self, *args: Any, **options: Any) -> str:
        address = options["username"] or getpass.getuser()
        person = User.objects.filter(email__iexact=address).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {address}.")
        passwords.choose(person=person, password=self._new_password(person))
        return f"The password of {person} is changed; their sessions and API tokens have ended."

    def _new_password(self, person: User) -> str:
        for _try in range(TRIES):
            password = getpass.getpass("New password: ")
            if getpass.getpass("The same again: ") != password:
                self.stderr.write("The two passwords differ. Try again.")
                continue
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
            else:
                return password
        raise CommandError(f"The password stays as it was after {TRIES} tries.")
