"""Somebody who is here already comes again: what they bring is added to the lead that they are."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q

from alignment.accounts.models import User
from alignment.kernel.locks import locked_all
from leads.models import Account, ExternalId, Lead, LeadEvent, Touch
from leads.rules import normalise
from leads.rules.stages import JUDGED_STAGES, LeadEventKind, Stage
from leads.selectors.matching import Match, Person
from leads.services import judging
from leads.services.companies import Companies, Facts
from leads.services.facts import TEXT_FACTS, email_facts

Key = TypeVar("Key", bound=Hashable)
_WRITTEN = (*TEXT_FACTS, "email_domain", "is_free_mail", "account", "campaign", "custom", "updated_at")


class Moved(Exception):
    """A lead was merged or taken back since it was recognised: it has to be looked for once more."""


@dataclass(frozen=True)
class Draft:
    """A lead that can be taken: checked, not stored, and what is said of its company. ``is_another``: it is new."""

    lead: Lead
    touches: list[Touch]
    of_company: dict[str, Any]
    is_another: bool

    @property
    def person(self) -> Person:
        lead = self.lead
        company = normalise.company_key(lead.company_name)
        return Person(lead.email, lead.phone, lead.full_name, lead.full_name_kana, company)


@transaction.atomic
def join(
    drafts: Mapping[Key, Draft],
    found: Mapping[Key, Match],
    companies: Companies,
    *,
    fuller: Collection[int],
    actor: User,
    now: datetime,
) -> dict[Key, tuple[Lead, Stage]]:
    """Add each draft to the lead that it was found to be, another one each: blanks are filled, touches added, the id
    is remembered. What is known stays. They are judged together with the leads in marketing's hands of ``fuller``, the
    companies that are known better now. Returns the leads, each with the stage where it stood.

    Raises ``Moved``, with nothing done, where one of the leads no longer stands.
    """
    pks = {match.lead_id for match in found.values()}
    judged_anew = Q(account__in=fuller, stage__in=JUDGED_STAGES) if fuller else Q()
    wanted = Lead.objects.filter(Q(pk__in=pks) | judged_anew).order_by("pk")
    leads = {lead.pk: lead for lead in locked_all(wanted, "campaign", "account")}
    if not leads.keys() >= pks:
        raise Moved
    accounts = companies.by_name(now=now)
    events = []
    for key, match in found.items():
        lead, sent = leads[match.lead_id], drafts[key].lead
        data: dict[str, Any] = {"recognised": match.evidence.as_json(), "system": sent.source_system}
        if changes := _fill(lead, sent, accounts):
            data["changes"] = changes
        events.append(LeadEvent(lead=lead, kind=LeadEventKind.UPDATED, actor=actor, at=now, data=data))
    Lead.objects.bulk_update([leads[pk] for pk in sorted(pks)], _WRITTEN)
    LeadEvent.objects.bulk_create(events)
    for key, match in found.items():
        for touch in drafts[key].touches:
            touch.lead = leads[match.lead_id]
    Touch.objects.bulk_create([touch for key in found for touch in drafts[key].touches])
    _remember(drafts, found, now)
    judged = judging.judged(lead_ids=sorted(leads), now=now, actor=actor)
    return {
        key: (judged.get(match.lead_id, leads[match.lead_id]), Stage(leads[match.lead_id].stage))
        for key, match in found.items()
    }


def named(drafts: Mapping[Key, Draft], found: Mapping[Key, Match]) -> list[tuple[str, Facts]]:
    """The companies that are taken over, with what is said of them: of leads that have none yet, or have this one."""
    known = dict(Lead.objects.filter(pk__in=[m.lead_id for m in found.values()]).values_list("pk", "company_name"))
    taken: list[tuple[str, Facts]] = []
    for key, match in found.items():
        here, sent = known.get(match.lead_id, ""), drafts[key].lead.company_name
        if not here or normalise.company_key(here) == normalise.company_key(sent):
            taken.append((sent, drafts[key].of_company))
    return taken


def _fill(lead: Lead, sent: Lead, accounts: Mapping[str, Account]) -> dict[str, list[Any]]:
    """Fill the blanks of a lead from what was sent; returns old and new by column."""
    changes = {
        name: ["", getattr(sent, name)] for name in TEXT_FACTS if getattr(sent, name) and not getattr(lead, name)
    }
    for name, (_old, new) in changes.items():
        setattr(lead, name, new)
    if "email" in changes:
        for column, value in email_facts(lead.email).items():
            setattr(lead, column, value)
    lead.account = lead.account or accounts.get(lead.company_name)
    if lead.campaign is None and sent.campaign is not None:
        lead.campaign = sent.campaign
        changes["campaign"] = ["", sent.campaign.name]
    lead.custom = {**sent.custom, **{name: value for name, value in lead.custom.items() if value not in (None, "")}}
    lead.updated_at = sent.updated_at
    return changes


def _remember(drafts: Mapping[Key, Draft], found: Mapping[Key, Match], now: datetime) -> None:
    sent = [(drafts[key].lead, match) for key, match in found.items()]
    ids = [
        ExternalId(source_system=lead.source_system, external_id=lead.external_id, lead_id=match.lead_id, at=now)
        for lead, match in sent
        if lead.external_id
    ]
    ExternalId.objects.bulk_create(ids)
