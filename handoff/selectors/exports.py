"""The lists of handoffs, of what waits for a decision, and of leads to be handed over as files."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from alignment.exports.columns import Column, Listing, in_words
from handoff.rules.next_steps import NextStep
from handoff.rules.workflow import Status
from leads.rules.columns import LABELS

HANDOFFS = Listing("handoff:export", _("Handoffs"))
INBOX = Listing("handoff:inbox-export", _("Inbox"))
WAITING = Listing("handoff:waiting-export", _("Waiting to be handed over"))


def handoff_columns() -> list[Column]:
    """The columns of a list of handoffs; a reason is called as in the active language."""
    is_japanese = (translation.get_language() or "").startswith("ja")
    return [
        Column(LABELS["lead_external_id"], "lead__external_id"),
        Column(LABELS["full_name"], "lead__full_name"),
        Column(LABELS["company"], "lead__company_name"),
        Column(LABELS["source"], "lead__source"),
        Column(LABELS["campaign"], "lead__campaign__name"),
        Column(_("Status"), "status", in_words(Status.choices)),
        Column(_("Points"), "verdict__points"),
        Column(_("Points needed"), "verdict__threshold"),
        Column(_("Submitted by"), "submitted_by__full_name"),
        Column(_("Team"), "team__name"),
        Column(_("Asked"), "offered_to__full_name"),
        Column(_("Offered"), "offered_at"),
        Column(_("decide by"), "decide_by"),
        Column(_("decided"), "decided_at"),
        Column(_("Decided by"), "decided_by__full_name"),
        Column(_("Reason"), "reason__label_ja" if is_japanese else "reason__label_en"),
        Column(_("comment"), "comment"),
        Column(_("what follows"), "next_step", in_words(NextStep.choices)),
        Column(_("back to marketing on"), "recycle_on"),
    ]
