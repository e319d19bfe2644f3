"""Leads that may be one person, as a list and side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Lead, LeadMerge, SuspectedDuplicate
from leads.rules.matching import WORDS
from leads.rules.merging import FACTS, in_order
from leads.rules.stages import Stage
from leads.selectors.matching import Person, compare, matches

MOST = 20


@dataclass(frozen=True)
class Row:
    """One fact of both leads, as text. ``is_choice``: both know it and differ, so one of them has to be chosen."""

    name: str
    label: str
    stays: str
    joins: str
    is_choice: bool = False


@dataclass(frozen=True)
class Comparison:
    """Two leads, the one that survives first. ``refusal``: why they cannot be merged now."""

    survivor: Lead
    other: Lead
    evidence: str
    facts: list[Row]
    standing: list[Row]
    suspicion: SuspectedDuplicate | None
    refusal: str


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


def evidence_words(evidence: Iterable[Any], words: Mapping[str, Promise] = WORDS) -> str:
    """What speaks for and against, in words with the points of each."""
    return " · ".join(
        f"{words[signal]} ({'+' if points > 0 else ''}{formats.number(points)})" for signal, points in evidence
    )


def alike(lead: Lead) -> list[tuple[Lead, str]]:
    """Who resembles a lead, the likeliest first, and why (two queries)."""
    (found,) = matches([Person.of(lead)])
    leads = Lead.objects.in_bulk([match.lead_id for match in found[:MOST]])
    return [
        (leads[match.lead_id], evidence_words(match.evidence.as_json()))
        for match in found[:MOST]
        if match.lead_id in leads
    ]


def searched(lead: Lead, *, words: str) -> list[Lead]:
    """Other leads that hold all of these words, the newest first."""
    return list(Lead.objects.search(words).exclude(pk=lead.pk).order_by("-captured_at", "-pk")[:MOST])


def side_by_side(pk: int, other: int) -> Comparison:
    """Two leads and what would become of them; raises ``NotFound``."""
    found = Lead.everything.select_related("account", "campaign", "owner", "verdict").in_bulk([pk, other])
    if len(found) != 2:
        raise NotFound(_("There is no such lead."))
    survivor, joins = in_order(*found.values())
    pair = SuspectedDuplicate.objects.filter(first=min(found), second=max(found), dismissed_at=None).first()
    return Comparison(
        survivor=survivor,
        other=joins,
        evidence=evidence_words(compare(Person.of(survivor), Person.of(joins)).as_json()),
        facts=[row for row in (_fact(name, survivor, joins) for name in FACTS) if row.stays or row.joins],
        standing=_standing(survivor, joins),
        suspicion=pair,
        refusal=_refusal(survivor, joins),
    )


def merges_of(lead: Lead) -> QuerySet[LeadMerge]:
    """What became part of a lead, or of which it became a part: what can be undone, the latest first."""
    standing = LeadMerge.objects.filter(undone_at=None).select_related("survivor", "merged", "actor")
    mine = standing.filter(survivor=lead) if lead.merged_into_id is None else standing.filter(merged=lead)
    return mine.order_by("-at", "-pk")


def _fact(name: str, survivor: Lead, other: Lead) -> Row:
    stays, joins = (str(getattr(lead, name) or "") for lead in (survivor, other))
    is_choice = bool(stays and joins and stays != joins)
    return Row(name, _label(name), stays, joins, is_choice)


def _label(name: str) -> str:
    return capfirst(str(Lead._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _standing(survivor: Lead, other: Lead) -> list[Row]:
    """Where the two stand and what they bring, for reading."""
    counted = Lead.everything.filter(pk__in=[survivor.pk, other.pk]).annotate(
        touch_count=Count("touches", distinct=True),
        deal_count=Count("deals", filter=Q(deals__taken_back_by=None), distinct=True),
    )
    counts = {lead.pk: lead for lead in counted}
    told = {
        "stage": (_label("stage"), lambda lead: lead.get_stage_display()),
        "owner": (_("Owner in sales"), lambda lead: lead.owner.full_name if lead.owner else ""),
        "captured_at": (_label("captured_at"), lambda lead: formats.datetime(lead.captured_at)),
        "source_system": (
            _label("source_system"),
            lambda lead: " · ".join(filter(None, (lead.source_system, lead.external_id))),
        ),
        "touches": (_("Touches"), lambda lead: formats.number(counts[lead.pk].touch_count)),
        "deals": (_("Deals"), lambda lead: formats.number(counts[lead.pk].deal_count)),
    }
    return [Row(name, label, words(survivor), words(other)) for name, (label, words) in told.items()]


def _refusal(survivor: Lead, other: Lead) -> str:
    if not (survivor.stands and other.stands):
        return _("One of the two is part of another lead by now, or was taken back.")
    if other.stage == Stage.OFFERED:
        return _("Both are in sales' hands, and one of them waits for an answer. Merge them when it is given.")
    return ""
