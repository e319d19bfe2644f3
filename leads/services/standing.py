"""Why a lead cannot be changed under its id: it is part of another one, was taken back, or there never was one."""

from __future__ import annotations

from django.utils.translation import gettext as _

from alignment.kernel.errors import DomainError, NotFound
from leads.models import Lead


class NotStanding(DomainError):
    """The lead counts no more, and changes no more."""

    code = "lead_not_standing"


class Merged(NotStanding):
    """The lead is part of another one; ``instead`` leads programs to that one."""

    code = "lead_merged"

    def __init__(self, survivor_id: int) -> None:
        super().__init__(_("This lead became part of lead %(number)d. Go on with that one.") % {"number": survivor_id})
        self.instead = ("leads-api:lead", survivor_id)


def refusal(lead_id: int) -> DomainError:
    """Why there is no lead that stands with this id."""
    lead = Lead.everything.filter(pk=lead_id).first()
    if lead is None:
        return NotFound(_("There is no such lead."))
    if lead.merged_into_id is not None:
        return Merged(lead.merged_into_id)
    return NotStanding(_("This lead was taken back with the import that made it."))
