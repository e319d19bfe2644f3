"""Leads that may be one person, as a list and side by side."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Lead, SuspectedDuplicate
from leads.rules.merging import facts_of_leads, in_order, refusal
from leads.selectors.custom_fields import known
from leads.selectors.matching import Person, compare, matches
from leads.selectors.side_by_side import MOST, Chosen, Comparison, Row, evidence_words, facts, standing


def open_pairs() -> QuerySet[SuspectedDuplicate]:
    """Pairs that nobody has decided on, the likeliest first; both leads stand."""
    found = SuspectedDuplicate.objects.filter(
        dismissed_at=None,
        first__merged_into=None,
        first__taken_back_by=None,
        second__merged_into=None,
        second__taken_back_by=None,
    )
    return found.select_related("first", "second").order_by("-score", "-found_at", "-pk")


def alike(lead: Lead) -> list[tuple[Lead, str]]:
    """Who resembles a lead, the likeliest first, and why (two queries)."""
    (found,) = matches([Person.of(lead)])
    leads = Lead.objects.in_bulk([match.lead_id for match in found[:MOST]])
    return [
        (leads[match.lead_id], evidence_words(match.evidence.as_json()))
        for match in found[:MOST]
        if match.lead_id in leads
    ]


def searched(words: str) -> QuerySet[Lead]:
    """The leads that hold all of these words, the newest first."""
    return Lead.objects.search(words).order_by("-captured_at", "-pk")


def side_by_side(pk: int, other: int, *, chosen: Chosen) -> Comparison[Lead]:
    """Two leads and what would become of them; raises ``NotFound``."""
    found = Lead.everything.select_related("account", "campaign", "owner", "verdict").in_bulk([pk, other])
    if len(found) != 2:
        raise NotFound(_("There is no such lead."))
    survivor, joins = in_order(*found.values())
    return Comparison(
        survivor=survivor,
        other=joins,
        evidence=evidence_words(compare(Person.of(survivor), Person.of(joins)).as_json()),
        facts=facts(facts_of_leads(survivor.custom, joins.custom), survivor, joins, chosen=chosen, own=known().custom),
        standing=_standing(survivor, joins),
        suspicion=SuspectedDuplicate.objects.filter(first=min(found), second=max(found), dismissed_at=None).first(),
        refusal=refusal(survivor, joins),
    )


def _standing(survivor: Lead, other: Lead) -> list[Row]:
    counted = Lead.everything.filter(pk__in=[survivor.pk, other.pk]).annotate(
        touch_count=Count("touches", distinct=True),
        deal_count=Count("deals", filter=Q(deals__taken_back_by=None), distinct=True),
    )
    counts = {lead.pk: lead for lead in counted}
    told = {
        "stage": (None, lambda lead: lead.get_stage_display()),
        "owner": (_("Owner in sales"), lambda lead: lead.owner.full_name if lead.owner else ""),
        "captured_at": (None, lambda lead: formats.datetime(lead.captured_at)),
        "source_system": (None, lambda lead: " · ".join(filter(None, (lead.source_system, lead.external_id)))),
        "touches": (_("Touches"), lambda lead: formats.number(counts[lead.pk].touch_count)),
        "deals": (_("Deals"), lambda lead: formats.number(counts[lead.pk].deal_count)),
    }
    return standing(told, survivor, other)
