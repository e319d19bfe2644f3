"""The records behind a figure, and the actions of a review, as files."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from alignment.exports.columns import Column, Listing, in_words
from handoff.models import Handoff
from leads.models import Deal, Lead
from leads.rules.columns import LABELS
from reviews.kpis.kpi import Unit
from reviews.kpis.registry import KPIS
from reviews.models import Action, Review
from reviews.selectors.reviews import carried_over

RECORDS = Listing("reviews:kpi-rows-export", _("Records behind a figure"))
ACTIONS = Listing("reviews:action-export", _("Actions"))

_OWNERS: dict[type[Any], Any] = {
    Lead: "owner__full_name",
    Handoff: Coalesce("offered_to__full_name", "decided_by__full_name"),
    Deal: "owner__full_name",
}


def _label_of(key: str) -> str:
    kpi = KPIS.by_key.get(key)
    return str(kpi.label) if kpi else ""


ACTION_COLUMNS = [
    Column(_("what"), "title"),
    Column(_("owner"), "owner__full_name"),
    Column(_("due"), "due_on"),
    Column(_("figure it should move"), "target_kpi", _label_of),
    Column(_("State"), "status", in_words(Action.Status.choices)),
    Column(_("done or dropped"), "ended_at"),
    Column(_("review of the month from"), "review__starts_on"),
]


def record_columns(found: QuerySet[Any], *, measured_in: Unit) -> list[Column]:
    """What ``rows.as_row`` shows of records that ``rows.rows_behind`` brought, and how they are called elsewhere."""
    model = found.model
    to_lead = "" if model is Lead else "lead__"
    own = {
        Lead: [Column(LABELS["external_id"], "external_id")],
        Handoff: [Column(LABELS["lead_external_id"], "lead__external_id")],
        Deal: [
            Column(LABELS["external_id"], "external_id"),
            Column(LABELS["name"], "name"),
            Column(_("company of the deal"), "account__name"),
            Column(LABELS["lead_external_id"], "lead__external_id"),
        ],
    }
    return [
        *own[model],
        Column(LABELS["full_name"], f"{to_lead}full_name"),
        Column(LABELS["company"], f"{to_lead}company_name"),
        Column(LABELS["source"], f"{to_lead}source"),
        Column(LABELS["campaign"], f"{to_lead}campaign__name"),
        Column(_("Owner"), _OWNERS[model]),
        Column(LABELS["captured_at"], f"{to_lead}captured_at"),
        Column(_("Counted on"), "moment"),
        *(
            [Column(_("Amount") if measured_in is Unit.MONEY else measured_in.label, "value_seen")]
            if "value_seen" in found.query.annotations
            else []
        ),
    ]


def actions_of(review: Review) -> QuerySet[Action]:
    """The actions that a review shows: its own and those carried over, the most urgent first."""
    carried = [line.action.pk for line in carried_over(review)]
    return Action.objects.filter(Q(review=review) | Q(pk__in=carried)).order_by("due_on", "pk")
