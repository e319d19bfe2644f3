"""A lead comes in: by form, by API, by import, all through here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput
from alignment.kernel.moments import check_moment
from leads.models import Campaign, Lead, LeadEvent, Touch, Verdict
from leads.rules.fields import TouchKind
from leads.rules.stages import JUDGED_STAGES, LeadEventKind
from leads.services import facts, judging
from leads.services.companies import account_named
from leads.services.texts import check_text, check_values

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class TouchData:
    """Something the lead did. ``at`` empty: now."""

    kind: str
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class LeadData:
    """What somebody knows of a new lead. Texts as given; ``campaign`` is the name of one that exists.

    ``captured_at`` empty: now. ``external_id`` with ``source_system`` makes the capture idempotent.
    """

    full_name: str = ""
    full_name_kana: str = ""
    email: str = ""
    phone: str = ""
    company_name: str = ""
    job_title: str = ""
    department: str = ""
    industry: str = ""
    prefecture: str = ""
    employee_count: int | None = None
    source: str = ""
    landing_page: str = ""
    campaign: str = ""
    note: str = ""
    captured_at: datetime | None = None
    source_system: str = "portal"
    external_id: str | None = None
    touches: tuple[TouchData, ...] = ()
    custom: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Captured:
    """The lead, its verdict (None while no definition is in force), and whether this call made it."""

    lead: Lead
    verdict: Verdict | None
    is_new: bool


def capture_lead(*, data: LeadData, actor: User, now: datetime) -> Captured:
    """Take a lead in and judge it at once.

    The same ``source_system`` and ``external_id`` again, also at the same moment, returns the lead that is there and
    changes nothing. Raises ``InvalidInput`` with the field at fault, ``NotAllowed``.
    """
    actor.require(Permission.SUBMIT_LEAD)
    known = _known(data)
    if known is not None:
        return Captured(known, known.verdict, is_new=False)
    try:
        with transaction.atomic():
            lead, is_account_fuller = _create(data, actor, now)
            verdicts = judging.judge(lead_ids=_affected(lead, is_account_fuller), now=now, actor=actor)
    except IntegrityError:
        known = _known(data)  # somebody else sent the same a moment ago
        if known is None:
            raise
        return Captured(known, known.verdict, is_new=False)
    lead.refresh_from_db()
    return Captured(lead, verdicts.get(lead.pk), is_new=True)


def _known(data: LeadData) -> Lead | None:
    if not data.external_id:
        return None
    return (
        Lead.objects.select_related("verdict")
        .filter(source_system=data.source_system, external_id=data.external_id)
        .first()
    )


def _affected(lead: Lead, is_account_fuller: bool) -> list[int]:
    """The lead, and where its company is known better now, the others of it in marketing's hands."""
    if not is_account_fuller:
        return [lead.pk]
    others = Lead.objects.in_stage(*JUDGED_STAGES).filter(account=lead.account)
    return sorted({lead.pk, *others.values_list("pk", flat=True)})


def _create(data: LeadData, actor: User, now: datetime) -> tuple[Lead, bool]:
    facts.check_somebody(full_name=data.full_name, email=data.email, company_name=data.company_name)
    texts = {name: facts.stored(name, value) for name, value in vars(data).items() if isinstance(value, str)}
    for index, touch in enumerate(data.touches):
        check_text(touch.detail, longest=facts.TOUCH_DETAIL, field=f"touches[{index}].detail")
    check_values(data.custom, field="custom")
    captured_at = data.captured_at or now
    check_moment(captured_at, field="captured_at")
    if captured_at > now + CLOCK_SKEW:
        raise InvalidInput(_("The moment of capture lies in the future."), field="captured_at")
    captured_at = min(captured_at, now)
    lead = Lead(
        source_system=data.source_system,
        external_id=data.external_id or None,
        campaign=_campaign(texts["campaign"]),
        custom=data.custom,
        captured_at=captured_at,
        created_by=actor,
        created_at=now,
        updated_at=now,
        **{name: texts[name] for name in facts.TEXT_FACTS} | facts.email_facts(texts["email"]),
    )
    of_company = {name: texts[name] for name in ("industry", "prefecture")} | {"employee_count": data.employee_count}
    lead.account, is_account_fuller = account_named(data.company_name, now=now, facts=of_company)
    lead.save()
    Touch.objects.bulk_create([_touch(lead, touch, i, captured_at, now) for i, touch in enumerate(data.touches)])
    LeadEvent.objects.create(
        lead=lead,
        kind=LeadEventKind.CAPTURED,
        new_stage=lead.stage,
        actor=actor,
        at=captured_at,
        data={"source": lead.source, "system": lead.source_system},
    )
    return lead, is_account_fuller


def _campaign(name: str) -> Campaign | None:
    if not name:
        return None
    campaign = Campaign.objects.filter(name=name).first()
    if campaign is None:
        raise InvalidInput(_("There is no campaign “%(name)s”.") % {"name": name[:100]}, field="campaign")
    return campaign


def _touch(lead: Lead, data: TouchData, index: int, captured_at: datetime, now: datetime) -> Touch:
    if data.kind not in TouchKind.values:
        raise InvalidInput(_("There is no such kind of touch."), field=f"touches[{index}].kind")
    at = data.at or captured_at
    check_moment(at, field=f"touches[{index}].at")
    if at > now + CLOCK_SKEW:
        raise InvalidInput(_("A touch lies in the future."), field=f"touches[{index}].at")
    return Touch(lead=lead, kind=data.kind, at=min(at, now), campaign=lead.campaign, detail=data.detail.strip())
