"""A lead comes in: by form, by API, by import, all through here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput
from alignment.kernel.locks import despite_deadlocks
from alignment.kernel.moments import check_moment
from leads.models import Account, Campaign, Lead, LeadEvent, Touch, Verdict
from leads.rules.matching import Evidence
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors import identity
from leads.selectors.leads import listed
from leads.selectors.matching import Match, like_one_before, matches
from leads.services import company_duplicates, duplicates, facts, joining, judging
from leads.services.accounts import judge_leads_of
from leads.services.campaigns import campaign_of, campaigns_named
from leads.services.companies import Companies
from leads.services.custom_values import HeldFields, stored_values
from leads.services.joining import Draft
from leads.services.texts import check_text
from leads.services.touch_kinds import check_in_use, in_use

CLOCK_SKEW = timedelta(minutes=5)
Key = tuple[str, str] | int
"""A lead by the system that it came from and its id there or, where it has none, by its place among those sent."""


@dataclass(frozen=True)
class TouchData:
    """Something the lead did. ``at`` empty: now."""

    kind: str
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class LeadData:
    """What somebody knows of a new lead. Texts as given; ``campaign`` is the name of one that exists.

    ``custom``: values of the fields that admins made by their keys, and whatever else the source knows.
    ``captured_at`` empty: now. ``external_id`` with ``source_system`` makes the capture idempotent. ``is_another``:
    whoever wrote it down knows who resembles it here, and says that it is somebody else.
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
    is_another: bool = False


@dataclass(frozen=True)
class Captured:
    """The lead, its verdict (None while no definition is in force), and whether this call made it.

    ``recognised``: why somebody who was here already, not known by this id, is the one who was sent; ``was_qualified``:
    and could have been handed over before.
    """

    lead: Lead
    verdict: Verdict | None
    is_new: bool
    recognised: Evidence | None = None
    was_qualified: bool = False


def capture_lead(*, data: LeadData, actor: User, now: datetime) -> Captured:
    """Take a lead in and judge it at once.

    The same ``source_system`` and ``external_id`` again, also at the same moment, returns the lead that is there and
    changes nothing. Raises ``InvalidInput`` with the field at fault, ``NotAllowed``.
    """
    (done,) = capture_leads(data=[data], actor=actor, now=now)
    if isinstance(done, InvalidInput):
        raise done
    return done


def capture_leads(*, data: Sequence[LeadData], actor: User, now: datetime) -> list[Captured | InvalidInput]:
    """Take several leads in and judge them at once: what became of each, in order.

    A lead that cannot be taken is refused alone. All others are stored together, or none where the database fails.
    """
    actor.require(Permission.SUBMIT_LEAD)
    known = _known(data)
    while True:
        try:
            return despite_deadlocks(partial(_capture, data, known, actor, now))
        except IntegrityError:
            known_before, known = known, _known(data)
            if known.keys() == known_before.keys():  # it was not that somebody else sent one of them a moment ago
                raise


def _key(index: int, data: LeadData) -> Key:
    return (data.source_system, data.external_id) if data.external_id else index


def _known(data: Sequence[LeadData]) -> dict[Key, Lead]:
    return _standing({(one.source_system, one.external_id) for one in data if one.external_id})


def _standing(ids: Collection[identity.ForeignId]) -> dict[Key, Lead]:
    known = identity.leads_known_as(ids)
    leads = listed().select_related("verdict__version").in_bulk(known.values()) if known else {}
    return {key: leads[pk] for key, pk in known.items() if pk in leads}


@transaction.atomic
def _capture(
    data: Sequence[LeadData], known: dict[Key, Lead], actor: User, now: datetime
) -> list[Captured | InvalidInput]:
    campaigns, fields = campaigns_named({one.campaign.strip() for one in data}), HeldFields()
    kinds = in_use() if any(one.touches for one in data) else frozenset()
    region = Organisation.get().phone_region if any(one.phone for one in data) else ""
    drafts: dict[Key, Draft] = {}
    refused: dict[int, InvalidInput] = {}
    for index, one in enumerate(data):
        key = _key(index, one)
        if key in known or key in drafts:
            continue
        try:
            _check_kinds(one, kinds)
            drafts[key] = _draft(one, campaigns, fields, region=region, actor=actor, now=now)
        except InvalidInput as refusal:
            refused[index] = refusal
    taken = _take(drafts, actor, now)
    done: list[Captured | InvalidInput] = []
    told: set[Key] = set()
    for index, one in enumerate(data):
        key = _key(index, one)
        if index in refused:
            done.append(refused[index])
        elif key in taken and key not in told:
            done.append(taken[key])
            told.add(key)
        else:
            lead = taken[key].lead if key in taken else known[key]
            done.append(Captured(lead, lead.verdict, is_new=False))
    return done


def _take(drafts: Mapping[Key, Draft], actor: User, now: datetime) -> dict[Key, Captured]:
    """Store those who are new and add to those who are here; whoever resembles somebody new waits until that one is."""
    _one_at_a_time(drafts.values())
    fuller: frozenset[int] = frozenset()
    here = _standing({key for key in drafts if isinstance(key, tuple)})  # somebody may have brought them a moment ago
    taken = {key: Captured(lead, lead.verdict, is_new=False) for key, lead in here.items()}
    while left := {key: draft for key, draft in drafts.items() if key not in taken}:
        waits = like_one_before([draft.person for draft in left.values()])
        looked_at = [key for key, wait in zip(left, waits, strict=True) if not wait]
        found = dict(zip(looked_at, matches([left[key].person for key in looked_at]), strict=True))
        sure = _sure(found, left)
        apart = {key: left[key] for key in looked_at if not _is_sure(found[key], left[key])}
        new = [(draft.lead.company_name, draft.of_company) for draft in apart.values()]
        companies = Companies([*joining.named(left, sure), *new])
        fuller |= companies.fuller
        try:
            joined = joining.join(left, sure, companies, fuller=fuller, actor=actor, now=now) if sure or fuller else {}
        except joining.Moved:
            continue
        for key, (lead, stage) in joined.items():
            why, was = sure[key].evidence, stage == Stage.QUALIFIED
            taken[key] = Captured(lead, lead.verdict, is_new=False, recognised=why, was_qualified=was)
        stored = _store(apart, companies, actor, now)
        for key, lead in stored.items():
            taken[key] = Captured(lead, lead.verdict, is_new=True)
        if late := companies.fuller - fuller:  # somebody else made one of them meanwhile, and knew less of it
            judge_leads_of(list(Account.objects.filter(pk__in=late)), actor=actor, now=now)
        fuller = frozenset()
        duplicates.suspect({stored[key].pk: found[key] for key in apart if found[key]}, now=now)
    return taken


def _is_sure(found: Sequence[Match], draft: Draft) -> bool:
    return bool(found) and found[0].evidence.is_sure and not draft.is_another


def _sure(found: Mapping[Key, Sequence[Match]], drafts: Mapping[Key, Draft]) -> dict[Key, Match]:
    """Who each draft surely is; of two who are the same lead the second waits."""
    sure: dict[int, tuple[Key, Match]] = {}
    for key, like in found.items():
        if _is_sure(like, drafts[key]):
            sure.setdefault(like[0].lead_id, (key, like[0]))
    return dict(sure.values())


def _one_at_a_time(drafts: Iterable[Draft]) -> None:
    """Let those who bring the same address or the same id at the same moment wait for each other, never in a circle.

    The second finds the first, and in whatever order their leads are stored, nobody waits for somebody who waits.
    """
    leads = [draft.lead for draft in drafts]
    same = {f"mail:{lead.email}" for lead in leads if lead.email}
    same |= {f"id:{lead.source_system}:{lead.external_id}" for lead in leads if lead.external_id}
    if same:
        sql = "SELECT pg_advisory_xact_lock(hashtextextended('lead:' || one, 0)) FROM unnest(%s) AS one"
        with connection.cursor() as cursor:
            cursor.execute(sql, [sorted(same)])


def _check_kinds(data: LeadData, kinds: Collection[str]) -> None:
    for index, touch in enumerate(data.touches):
        check_in_use(touch.kind, kinds, field=f"touches[{index}].kind")


def _draft(
    data: LeadData, campaigns: Mapping[str, Campaign], fields: HeldFields, *, region: str, actor: User, now: datetime
) -> Draft:
    facts.check_somebody(full_name=data.full_name, email=data.email, company_name=data.company_name)
    given = {name: value for name, value in vars(data).items() if isinstance(value, str)}
    texts = {name: facts.stored(name, value, region=region) for name, value in given.items()}
    for index, touch in enumerate(data.touches):
        check_text(touch.detail, longest=facts.TOUCH_DETAIL, field=f"touches[{index}].detail")
    custom = stored_values(data.custom, fields)
    captured_at = data.captured_at or now
    check_moment(captured_at, field="captured_at")
    if captured_at > now + CLOCK_SKEW:
        raise InvalidInput(_("The moment of capture lies in the future."), field="captured_at")
    captured_at = min(captured_at, now)
    lead = Lead(
        source_system=data.source_system,
        external_id=data.external_id or None,
        campaign=campaign_of(texts["campaign"], campaigns),
        custom=custom,
        captured_at=captured_at,
        created_by=actor,
        created_at=now,
        updated_at=now,
        **{name: texts[name] for name in facts.TEXT_FACTS} | facts.email_facts(texts["email"]),
    )
    return Draft(
        lead,
        touches=[_touch(lead, touch, i, captured_at, now) for i, touch in enumerate(data.touches)],
        of_company={name: texts[name] for name in ("industry", "prefecture")} | {"employee_count": data.employee_count},
        is_another=data.is_another,
    )


def _store(drafts: Mapping[Key, Draft], companies: Companies, actor: User, now: datetime) -> dict[Key, Lead]:
    """Write and judge new leads in a few statements, whatever their number; they come back as they stand then."""
    if not drafts:
        return {}
    accounts = companies.by_name(now=now)
    for draft in drafts.values():
        draft.lead.account = accounts.get(draft.lead.company_name)
    # In the order of their ids elsewhere, so that two at the same moment wait for each other and never in a circle.
    new = sorted(
        (draft.lead for draft in drafts.values()), key=lambda lead: (lead.source_system, lead.external_id or "")
    )
    Lead.objects.bulk_create(new)
    Touch.objects.bulk_create([touch for draft in drafts.values() for touch in draft.touches])
    LeadEvent.objects.bulk_create([_captured(lead, actor) for lead in new])
    ids = [lead.pk for lead in new]
    if made := [account.pk for account in accounts.values() if account.created_at == now]:
        company_duplicates.look(account_ids=made, now=now)
    judged = judging.judged(lead_ids=ids, now=now, actor=actor)
    for lead in new:
        for name in judging.WRITTEN if lead.pk in judged else ():
            setattr(lead, name, getattr(judged[lead.pk], name))
    return {key: draft.lead for key, draft in drafts.items()}


def _captured(lead: Lead, actor: User) -> LeadEvent:
    return LeadEvent(
        lead=lead,
        kind=LeadEventKind.CAPTURED,
        new_stage=lead.stage,
        actor=actor,
        at=lead.captured_at,
        data={"source": lead.source, "system": lead.source_system},
    )


def _touch(lead: Lead, data: TouchData, index: int, captured_at: datetime, now: datetime) -> Touch:
    at = data.at or captured_at
    check_moment(at, field=f"touches[{index}].at")
    if at > now + CLOCK_SKEW:
        raise InvalidInput(_("A touch lies in the future."), field=f"touches[{index}].at")
    return Touch(lead=lead, kind_id=data.kind, at=min(at, now), campaign=lead.campaign, detail=data.detail.strip())
