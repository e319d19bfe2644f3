"""What is known of a lead changes: facts are corrected, touches are added. Each time it is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.kernel.locks import locked
from alignment.kernel.moments import check_moment
from leads.models import Campaign, Lead, LeadEvent, Touch
from leads.rules.fields import TouchKind
from leads.rules.stages import LeadEventKind
from leads.services import judging
from leads.services.capture import CLOCK_SKEW
from leads.services.companies import account_named
from leads.services.facts import FACTS, TOUCH_DETAIL, check_somebody, email_facts, stored
from leads.services.texts import check_text


class ChangedMeanwhile(DomainError):
    """Somebody else changed the same facts. ``conflicts``: per fact, what is there now and what was sent."""

    code = "changed_meanwhile"

    def __init__(self, conflicts: dict[str, tuple[Any, Any]]) -> None:
        super().__init__(_("Somebody changed this lead while you were editing it. Choose what should stay."))
        self.conflicts = conflicts


@transaction.atomic
def update_lead(*, lead_id: int, facts: Mapping[str, Any], seen: datetime | None, actor: User, now: datetime) -> Lead:
    """Correct facts of a lead (keys of ``FACTS``; ``campaign`` is a Campaign or None) and judge it again.

    ``seen`` is the lead's ``updated_at`` as the editor saw it. What others changed since is kept where the editor left
    it alone; where both changed the same fact, nothing is saved and ``ChangedMeanwhile`` says both values.
    """
    actor.require(Permission.EDIT_LEAD)
    lead = _locked(lead_id)
    given = {name: _checked(name, value, getattr(lead, name)) for name, value in facts.items() if name in FACTS}
    wanted = _merged(lead, given, seen)
    changes = {name: (getattr(lead, name), value) for name, value in wanted.items() if getattr(lead, name) != value}
    if not changes:
        return lead
    _set(lead, {name: new for name, (_old, new) in changes.items()}, now)
    check_somebody(full_name=lead.full_name, email=lead.email, company_name=lead.company_name)
    lead.save()
    data = {"changes": {name: [_plain(old), _plain(new)] for name, (old, new) in changes.items()}}
    LeadEvent.objects.create(lead=lead, kind=LeadEventKind.UPDATED, actor=actor, at=now, data=data)
    judging.judge(lead_ids=[lead.pk], now=now, actor=actor)
    lead.refresh_from_db()
    return lead


@transaction.atomic
def add_touch(
    *,
    lead_id: int,
    kind: str,
    at: datetime | None,
    detail: str,
    actor: User,
    now: datetime,
    campaign_id: int | None = None,
) -> Touch:
    """Record something that the lead did with marketing's work (``at`` empty: now), and judge the lead again."""
    actor.require(Permission.SUBMIT_LEAD)
    lead = _locked(lead_id)
    if kind not in TouchKind.values:
        raise InvalidInput(_("There is no such kind of touch."), field="kind")
    moment = at or now
    check_moment(moment, field="at")
    if moment > now + CLOCK_SKEW:
        raise InvalidInput(_("A touch lies in the future."), field="at")
    if campaign_id is not None and not Campaign.objects.filter(pk=campaign_id).exists():
        raise InvalidInput(_("There is no such campaign."), field="campaign")
    check_text(detail, longest=TOUCH_DETAIL, field="detail")
    touch = Touch.objects.create(
        lead=lead, kind=kind, at=min(moment, now), detail=detail.strip(), campaign_id=campaign_id
    )
    lead.updated_at = now
    lead.save(update_fields=["updated_at"])
    data = {"touch": touch.pk, "kind": kind}
    LeadEvent.objects.create(lead=lead, kind=LeadEventKind.UPDATED, actor=actor, at=now, data=data)
    judging.judge(lead_ids=[lead.pk], now=now, actor=actor)
    return touch


def _locked(lead_id: int) -> Lead:
    lead = locked(Lead.objects.filter(pk=lead_id), "campaign", "account")
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead


def _merged(lead: Lead, given: dict[str, Any], seen: datetime | None) -> dict[str, Any]:
    """What to write: the editor's values, less the facts that only others changed since ``seen``."""
    if seen is None or lead.updated_at <= seen:
        return given
    before: dict[str, Any] = {}
    later = lead.events.filter(kind=LeadEventKind.UPDATED, at__gt=seen).order_by("pk")
    for data in later.values_list("data", flat=True):
        for name, (old, _new) in data.get("changes", {}).items():
            before.setdefault(name, old)
    theirs = {name: given[name] for name in before if name in given and given[name] != getattr(lead, name)}
    conflicts = {name: (getattr(lead, name), value) for name, value in theirs.items() if _plain(value) != before[name]}
    if conflicts:
        raise ChangedMeanwhile(conflicts)
    return {name: value for name, value in given.items() if name not in theirs}


def _checked(name: str, value: Any, current: Any) -> Any:
    """A new value in its stored form; what an import brought is not checked again while nobody touches it."""
    return value if name == "campaign" or value == current else stored(name, value)


def _set(lead: Lead, values: dict[str, Any], now: datetime) -> None:
    for name, value in values.items():
        setattr(lead, name, value)
    if "email" in values:
        for name, value in email_facts(values["email"]).items():
            setattr(lead, name, value)
    if "company_name" in values:
        lead.account, _is_fuller = account_named(values["company_name"], now=now)
    lead.updated_at = now


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Campaign) else value
