from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from alignment.accounts.models import User
from alignment.accounts.scopes import Scope
from alignment.accounts.services.tokens import create_token
from alignment.kernel.errors import DomainError


class Command(BaseCommand):
    help = "Prints an API token that signs in as the person with this e-mail address. It is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="create_token", help="what the token is for")
        parser.add_argument("--days", type=int, default=365, help="how long it is valid (365 at most)")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            help="what it may be used for; several times for several (default: all)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["email"].strip()).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {options['email']}.")
        try:
            _token, secret = create_token(
                person=person,
                name=options["name"],
                valid_for=timedelta(days=options["days"]),
                now=timezone.now(),
                scopes=options["scope"] or Scope.values,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)
