"""What visitors send by a form on the web goes to sales at once where it qualifies."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from handoff.services import offers
from leads.models import FormSubmission
from leads.services.form_submissions import Sent, Taken, take_submission


@transaction.atomic
def submit_form(*, form_id: int, sent: Sent, now: datetime) -> FormSubmission:
    """Take in what a visitor has sent, and hand the lead over where it qualifies by it: all of it or nothing.

    Who filled in a form waits for an answer; so does nobody until a colleague of marketing comes by. Raises what
    ``take_submission`` raises.
    """
    taken = take_submission(form_id=form_id, sent=sent, now=now)
    if taken.has_qualified:
        _hand_over(taken, now)
    return taken.submission


def _hand_over(taken: Taken, now: datetime) -> None:
    """Offer the lead; one that somebody else has just offered, or that no longer qualifies, stays as it is."""
    with suppress(offers.AlreadyOffered, offers.NotQualified), transaction.atomic():
        offers.hand_over(lead_id=taken.lead.pk, actor=taken.actor, now=now)
