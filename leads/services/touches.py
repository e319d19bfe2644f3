"""What leads did with marketing's work, after they were captured. Each time they are judged again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.kernel.locks import locked_all
from alignment.kernel.moments import check_moment
from leads.models import Campaign, Lead, LeadEvent, Touch
from leads.rules.stages import LeadEventKind
from leads.selectors import identity
from leads.services import judging
from leads.services.campaigns import campaign_of, campaigns_named
from leads.services.capture import CLOCK_SKEW, Key
from leads.services.facts import LIMITS, TOUCH_DETAIL
from leads.services.joining import Moved
from leads.services.texts import check_text
from leads.services.touch_kinds import check_in_use, in_use


@dataclass(frozen=True)
class NewTouch:
    """Something that a lead did. The lead is named by ``lead_id``, else by ``source_system`` and ``lead_external_id``.

    ``at`` empty: now. ``campaign`` is the name of one that exists. The same ``external_id`` for the same lead again is
    the same touch.
    """

    kind: str
    at: datetime | None = None
    detail: str = ""
    campaign: str = ""
    lead_id: int | None = None
    source_system: str = ""
    lead_external_id: str = ""
    external_id: str | None = None


@dataclass(frozen=True)
class Added:
    """The touch, and whether this call made it."""

    touch: Touch
    is_new: bool


def add_touch(
    *,
    lead_id: int,
    kind: str,
    at: datetime | None,
    detail: str,
    actor: User,
    now: datetime,
    campaign: str = "",
) -> Touch:
    """Record something that the lead did with marketing's work (``at`` empty: now), and judge the lead again."""
    touch = NewTouch(kind=kind, at=at, detail=detail, campaign=campaign, lead_id=lead_id)
    (done,) = add_touches(touches=[touch], actor=actor, now=now)
    if isinstance(done, DomainError):
        raise done
    return done.touch


@transaction.atomic
def add_touches(
    *,
    touches: Sequence[NewTouch],
    actor: User,
    now: datetime,
    kinds: Collection[str] | None = None,
    told: Mapping[str, Any] | None = None,
) -> list[Added | DomainError]:
    """Record what leads did and judge each of them once: what became of each touch, in order.

    A touch that cannot be taken is refused alone. Leads are locked in order of id. ``kinds``: those that may be named
    (None: those in use), ``told``: what the events of the leads say besides.
    """
    actor.require(Permission.SUBMIT_LEAD)
    campaigns = campaigns_named({touch.campaign for touch in touches})
    leads = _locked(touches)
    taken = in_use() if kinds is None else kinds
    known = _known(touches)
    done: list[Added | DomainError] = []
    for given in touches:
        try:
            touch = _touch(given, leads, campaigns, taken, now)
            same = known.setdefault((touch.lead_id, given.external_id), touch) if given.external_id else touch
            _check_same(same, given)
            done.append(Added(same, is_new=same is touch))
        except DomainError as refusal:
            done.append(refusal)
    new = [one.touch for one in done if isinstance(one, Added) and one.is_new]
    Touch.objects.bulk_create(new)
    LeadEvent.objects.bulk_create([_event(touch, actor, now, told or {}) for touch in new])
    changed = sorted({touch.lead_id for touch in new})
    Lead.objects.filter(pk__in=changed).update(updated_at=now)
    judging.judge(lead_ids=changed, now=now, actor=actor)
    return done


def _key(touch: NewTouch) -> Key:
    return touch.lead_id if touch.lead_id is not None else (touch.source_system, touch.lead_external_id)


def _locked(touches: Sequence[NewTouch]) -> dict[Key, Lead]:
    """The leads that touches name, by either name; of one that is part of another by now, the other."""
    while True:
        with suppress(Moved), transaction.atomic():
            return _locked_now(touches)


def _locked_now(touches: Sequence[NewTouch]) -> dict[Key, Lead]:
    """Raises ``Moved`` where one of them was merged while this waited for it."""
    foreign = {(touch.source_system, touch.lead_external_id) for touch in touches if touch.lead_id is None}
    ids = {touch.lead_id for touch in touches if touch.lead_id is not None}
    known, ours = identity.leads_known_as(foreign), identity.standing_for(ids)
    found = Lead.objects.filter(pk__in={*known.values(), *ours.values()}).order_by("pk")
    leads = {lead.pk: lead for lead in locked_all(found)}
    missing = {*known.values(), *ours.values()} - leads.keys()
    if missing and Lead.everything.filter(pk__in=missing, merged_into__isnull=False).exists():
        raise Moved
    by_foreign: dict[Key, Lead] = {key: leads[pk] for key, pk in known.items() if pk in leads}
    return by_foreign | {key: leads[pk] for key, pk in ours.items() if pk in leads}


def _known(touches: Sequence[NewTouch]) -> dict[tuple[int, str], Touch]:
    """What is there already of the touches that have an id."""
    ids = {touch.external_id for touch in touches if touch.external_id}
    found = Touch.objects.filter(external_id__in=ids) if ids else ()
    return {(touch.lead_id, touch.external_id or ""): touch for touch in found}


def _touch(
    given: NewTouch, leads: Mapping[Key, Lead], campaigns: Mapping[str, Campaign], kinds: Collection[str], now: datetime
) -> Touch:
    """The touch, not saved yet."""
    lead = leads.get(_key(given))
    if lead is None:
        raise NotFound(_("There is no such lead."), field="lead")
    check_in_use(given.kind, kinds, field="kind")
    moment = given.at or now
    check_moment(moment, field="at")
    if moment > now + CLOCK_SKEW:
        raise InvalidInput(_("A touch lies in the future."), field="at")
    check_text(given.detail, longest=TOUCH_DETAIL, field="detail")
    check_text(given.external_id or "", longest=LIMITS["external_id"], field="external_id")
    return Touch(
        lead=lead,
        kind_id=given.kind,
        at=min(moment, now),
        detail=given.detail.strip(),
        campaign=campaign_of(given.campaign, campaigns),
        external_id=given.external_id or None,
    )


def _check_same(touch: Touch, given: NewTouch) -> None:
    if touch.kind_id != given.kind:
        raise DomainError(_("This id stands for another touch of this lead."), code="other_touch", field="external_id")


def _event(touch: Touch, actor: User, now: datetime, told: Mapping[str, Any]) -> LeadEvent:
    data = {"touch": touch.pk, "kind": touch.kind_id, **told}
    return LeadEvent(lead_id=touch.lead_id, kind=LeadEventKind.UPDATED, actor=actor, at=now, data=data)
