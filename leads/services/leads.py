"""What is known of a lead is corrected, and the lead judged again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError
from alignment.kernel.locks import locked
from leads.models import Campaign, Lead, LeadEvent
from leads.rules.custom import PREFIX
from leads.rules.normalise import company_key
from leads.rules.stages import CHANGES, LeadEventKind
from leads.selectors.matching import COMPARED
from leads.services import duplicates, judging
from leads.services.campaigns import hold_campaign
from leads.services.companies import account_named, by_key
from leads.services.custom_values import HeldFields, stored_value
from leads.services.facts import FACTS, check_somebody, email_facts, stored
from leads.services.standing import refusal
from leads.services.texts import check_values


class ChangedMeanwhile(DomainError):
    """Somebody else changed the same facts. ``conflicts``: per fact, what is there now and what was sent."""

    code = "changed_meanwhile"

    def __init__(self, conflicts: dict[str, tuple[Any, Any]]) -> None:
        super().__init__(_("Somebody changed this lead while you were editing it. Choose what should stay."))
        self.conflicts = conflicts


@transaction.atomic
def update_lead(*, lead_id: int, facts: Mapping[str, Any], seen: datetime | None, actor: User, now: datetime) -> Lead:
    """Correct facts of a lead (keys of ``FACTS``; ``campaign`` is a Campaign or None) and judge it again.

    ``custom`` of the facts: values by key, None for one that is not known any more; what it does not name stays.

    ``seen`` is the lead's ``updated_at`` as the editor saw it. What others changed since is kept where the editor left
    it alone; where both changed the same fact, nothing is saved and ``ChangedMeanwhile`` says both values.
    """
    actor.require(Permission.EDIT_LEAD)
    hold_campaign(facts.get("campaign"))
    by_key([company_key(facts.get("company_name", ""))])  # companies before leads, as those do who merge them
    lead = _locked(lead_id)
    given = {name: _checked(name, value, getattr(lead, name)) for name, value in facts.items() if name in FACTS}
    given |= _checked_custom(facts.get("custom") or {}, lead)
    wanted = _merged(lead, given, seen)
    changes = {name: (standing(lead, name), value) for name, value in wanted.items() if standing(lead, name) != value}
    if not changes:
        return lead
    _set(lead, {name: new for name, (_old, new) in changes.items()}, now)
    check_somebody(full_name=lead.full_name, email=lead.email, company_name=lead.company_name)
    lead.save()
    data = {"changes": {name: [_plain(old), _plain(new)] for name, (old, new) in changes.items()}}
    LeadEvent.objects.create(lead=lead, kind=LeadEventKind.UPDATED, actor=actor, at=now, data=data)
    judging.judge(lead_ids=[lead.pk], now=now, actor=actor)
    if changes.keys() & COMPARED:
        duplicates.look(lead_ids=[lead.pk], now=now)
    lead.refresh_from_db()
    return lead


def _locked(lead_id: int) -> Lead:
    lead = locked(Lead.objects.filter(pk=lead_id), "campaign", "account")
    if lead is None:
        raise refusal(lead_id)
    return lead


def _merged(lead: Lead, given: dict[str, Any], seen: datetime | None) -> dict[str, Any]:
    """What to write: the editor's values, less the facts that only others changed since ``seen``."""
    if seen is None or lead.updated_at <= seen:
        return given
    before: dict[str, Any] = {}
    later = lead.events.filter(kind__in=CHANGES, at__gt=seen).order_by("pk")
    for data in later.values_list("data", flat=True):
        for name, (old, _new) in data.get("changes", {}).items():
            before.setdefault(name, old)
    theirs = {name: given[name] for name in before if name in given and given[name] != standing(lead, name)}
    conflicts = {name: (standing(lead, name), value) for name, value in theirs.items() if _plain(value) != before[name]}
    if conflicts:
        raise ChangedMeanwhile(conflicts)
    return {name: value for name, value in given.items() if name not in theirs}


def _checked(name: str, value: Any, current: Any) -> Any:
    """A new value in its stored form; what an import brought is not checked again while nobody touches it."""
    return value if name == "campaign" or value == current else stored(name, value)


def _checked_custom(values: Mapping[str, Any], lead: Lead) -> dict[str, Any]:
    """New values of ``custom`` in their stored form, under the names that events give them."""
    fields = HeldFields()
    return {
        f"{PREFIX}{key}": value if value == lead.custom.get(key) else stored_value(key, value, fields)
        for key, value in values.items()
    }


def standing(lead: Lead, name: str) -> Any:
    """What is known of a lead under this name: a fact, or ``custom.`` and a key; None for what is not known."""
    return lead.custom.get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else getattr(lead, name)


def _set(lead: Lead, values: dict[str, Any], now: datetime) -> None:
    own = {name: value for name, value in values.items() if not name.startswith(PREFIX)}
    for name, value in own.items():
        setattr(lead, name, value)
    if len(own) < len(values):
        custom = lead.custom | {n.removeprefix(PREFIX): value for n, value in values.items() if n.startswith(PREFIX)}
        lead.custom = {key: value for key, value in custom.items() if value is not None}
        check_values(lead.custom, field="custom")
    if "email" in values:
        for name, value in email_facts(values["email"]).items():
            setattr(lead, name, value)
    if "company_name" in values:
        lead.account = account_named(values["company_name"], now=now)
    lead.updated_at = now


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Campaign) else value
