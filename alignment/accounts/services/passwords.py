"""A new password ends what the old one opened."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import ApiToken, User
from alignment.kernel.errors import DomainError


class ChangedMeanwhile(DomainError):
    """Somebody else was faster with the same link, or with the same old password."""

    code = "password_changed"


@transaction.atomic
def choose(*, person: User, password: str) -> None:
    """Set a new password; sessions end because they are checked against it, API tokens because they are removed.

    ``person`` is as read when the old password or the link was proven: of two who use the same link at the same moment
    the second is refused.
    """
    locked = User.objects.select_for_update().get(pk=person.pk)
    if locked.password != person.password:
        raise ChangedMeanwhile(
            _("The password was changed a moment ago. Sign in with the new one, or ask for another link.")
        )
    person.set_password(password)
    person.save(update_fields=["password"])
    ApiToken.objects.filter(user=person).delete()
