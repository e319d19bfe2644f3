"""The one door through which a list leaves as a file: bound, write, record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.exports.columns import Listing
from alignment.exports.models import Export
from alignment.kernel import sheets
from alignment.kernel.errors import DomainError
from alignment.kernel.sheets import Cell, Kind, Written
from alignment.programs.services import spend

PER_MINUTE = 20
_ROWS_OF_ONE = 25_000


class TooManyExports(DomainError):
    """This person has taken as much as one may in a minute; ``wait``: until it is possible again."""

    code = "too_many_exports"
    http_status = 429

    def __init__(self, wait: timedelta) -> None:
        super().__init__(_("You have taken many files in a short time. Wait a minute and try again."))
        self.wait = wait


def export(
    *,
    listing: Listing,
    asked: dict[str, list[str]],
    kind: Kind,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    count: int,
    actor: User,
    now: datetime,
) -> Written:
    """Write a list of about ``count`` rows, as it was ``asked`` for, to a file, and note who took it.

    Moments are in the zone of the organisation: a file goes from hand to hand, and imports read it so.
    Twenty small files a minute and person; one of 200,000 rows counts as nine, one of 475,000 and more as all of them.
    Raises ``TooManyExports`` or ``sheets.Unwritable``; then nothing is noted, since nothing leaves.
    """
    weight = min(PER_MINUTE, 1 + count // _ROWS_OF_ONE)
    if wait := spend(subject=f"export:{actor.pk}", per_minute=PER_MINUTE, weight=weight, now=now):
        raise TooManyExports(wait)
    with transaction.atomic():
        written = sheets.write(kind, rows, header=header, title=str(listing.title), zone=Organisation.get().zone)
        Export.objects.create(
            actor=actor, at=now, listing=listing.name, kind=kind.value, asked=asked, row_count=written.rows
        )
    return written
