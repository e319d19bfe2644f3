"""Two leads that are one person become one; nothing is deleted, and it can be undone exactly.

The survivor takes the other's touches and deals, and what it lacks. What is written once and for all, events,
activities, verdicts and handoffs, stays with the record it happened to and is read together with the survivor's. The
other no longer stands: it counts in no list and no figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.kernel.locks import locked, locked_all
from leads.models import Account, AccountMerge, Campaign, Deal, Lead, LeadEvent, LeadMerge, Touch
from leads.rules.custom import PREFIX, held
from leads.rules.merging import FACTS, facts_of_leads, in_order, refusal
from leads.rules.stages import LeadEventKind, Stage
from leads.services import judging, snapshots

AnyMerge = TypeVar("AnyMerge", LeadMerge, AccountMerge)
_BESIDE = {"email": ("email_domain", "is_free_mail"), "company_name": ("account_id",)}
"""Columns that go with a fact."""
_EARLIEST = ("captured_at", "qualified_at", "first_contacted_at")


class NotMergeable(DomainError):
    """These two cannot become one, or not now."""

    code = "not_mergeable"


class MergeIsOver(DomainError):
    """The merge was undone before, or another one has to be undone first."""

    code = "merge_is_over"


@transaction.atomic
def merge(*, pair: Sequence[int], facts: Mapping[str, int], actor: User, now: datetime) -> LeadMerge:
    """Make two leads one. Which of them survives follows from where they stand (``rules.merging.in_order``).

    ``pair``: their ids. ``facts``: the id of the lead whose value is taken, by name of the fact (see
    ``rules.merging.facts_of_leads``); unchosen the survivor's stays where it has one.

    Raises ``NotAllowed``, ``NotFound``, ``InvalidInput`` and ``NotMergeable``: an offer that waits for an answer has to
    be answered first.
    """
    actor.require(Permission.MERGE_LEADS)
    survivor, other = _locked_pair(pair)
    check_choice(facts, of=(survivor, other), among=facts_of_leads(survivor.custom, other.custom))
    was, campaign = snapshots.take(survivor), survivor.campaign
    moved = _move(survivor, other)
    for column, value in _joined(survivor, other, facts).items():
        setattr(survivor, column, value)
    survivor.updated_at = other.updated_at = now
    other.merged_into = survivor
    survivor.save()
    other.save(update_fields=["merged_into", "updated_at"])
    judging.judge(lead_ids=[survivor.pk], now=now, actor=actor)
    survivor.refresh_from_db()
    before, after = snapshots.differing(was, snapshots.take(survivor))
    done = LeadMerge.objects.create(
        survivor=survivor,
        merged=other,
        before=before,
        after=after,
        moved=moved,
        actor=actor,
        at=now,
    )
    data = {"merge": done.pk, "other": other.pk, "changes": _told(was, campaign, survivor)}
    _record(survivor, LeadEventKind.MERGED, actor, now, data)
    _record(other, LeadEventKind.MERGED, actor, now, {"merge": done.pk, "into": survivor.pk})
    return done


@transaction.atomic
def unmerge(*, merge_id: int, actor: User, now: datetime) -> LeadMerge:
    """Make two leads of one again: each has what it had, and what followed goes back.

    What somebody changed on the survivor since stays as it is there, and so does what came to it since. Each is a
    customer by its own deals: whose deal was won meanwhile becomes one, and the survivor, where it became one by such a
    deal alone, stands where it stood before that. Raises ``NotAllowed``, ``NotFound`` and ``MergeIsOver``.
    """
    actor.require(Permission.MERGE_LEADS)
    known = LeadMerge.objects.filter(pk=merge_id).first()
    if known is None:
        raise NotFound(_("There is no such merge."))
    pair = (known.survivor_id, known.merged_id)
    before, after = snapshots.with_standing_companies(known.before, known.after)
    leads = {lead.pk: lead for lead in locked_all(Lead.everything.filter(pk__in=pair).order_by("pk"), "campaign")}
    survivor, other = (leads[pk] for pk in pair)
    done = undoable(LeadMerge.objects.filter(pk=merge_id), survivor)
    was, campaign = snapshots.take(survivor), survivor.campaign
    stood = {lead.pk: lead.stage for lead in (survivor, other)}
    _move_back(done)
    _stand_by_own_deals(survivor, other, done)
    snapshots.put_back(survivor, before=before, after=after)
    survivor.updated_at = other.updated_at = now
    other.merged_into = None
    survivor.save()
    other.save(update_fields=["merged_into", "stage", "updated_at"])
    for lead in (survivor, other):
        if Stage.CUSTOMER in {lead.stage, stood[lead.pk]} and lead.stage != stood[lead.pk]:
            moved = {"old_stage": stood[lead.pk], "new_stage": lead.stage}
            _record(lead, LeadEventKind.STAGE, actor, now, {"merge": done.pk}, **moved)
    done.undone_by, done.undone_at = actor, now
    done.save(update_fields=["undone_by", "undone_at"])
    judging.judge(lead_ids=[survivor.pk, other.pk], now=now, actor=actor)
    survivor.refresh_from_db()
    told = _told(was, campaign, survivor)
    _record(survivor, LeadEventKind.UNMERGED, actor, now, {"merge": done.pk, "other": other.pk, "changes": told})
    _record(other, LeadEventKind.UNMERGED, actor, now, {"merge": done.pk, "other": survivor.pk})
    return done


def _locked_pair(pair: Sequence[int]) -> tuple[Lead, Lead]:
    """Both leads under lock, the one that survives first."""
    if len(set(pair)) != 2:
        raise InvalidInput(_("Choose two different leads."), field="other")
    leads = locked_all(Lead.everything.filter(pk__in=pair).order_by("pk"), "campaign")
    if len(leads) != 2:
        raise NotFound(_("There is no such lead."))
    survivor, other = in_order(*leads)
    if why := refusal(survivor, other):
        raise NotMergeable(why)
    return survivor, other


def undoable(found: QuerySet[AnyMerge], survivor: Lead | Account) -> AnyMerge:
    """The merge, locked. Refuse one that was undone, and one after which the survivor took another record in, as what
    it held would not come back, or was merged itself.
    """
    done = locked(found)
    if done is None or done.undone_at is not None:
        raise MergeIsOver(_("The two are separate already."))
    later = type(done).objects.filter(survivor=done.survivor_id, undone_at=None, pk__gt=done.pk).order_by("-pk").first()
    if later is not None:
        message = _("“#%(number)d” was merged later. Separate that one first.")
        raise MergeIsOver(message % {"number": later.merged_id})
    if not survivor.stands:
        message = _("“%(name)s” was merged itself since. Separate that one first.")
        raise MergeIsOver(message % {"name": survivor.display_name})
    return done


def check_choice(facts: Mapping[str, int], *, of: Iterable[Model], among: Collection[str]) -> None:
    """Refuse a choice of something that is no fact, of a record that is none of the two, or of a blank."""
    records = {record.pk: record for record in of}
    for name, pk in facts.items():
        if name not in among or pk not in records or held(records[pk], name) in ("", None):
            raise InvalidInput(_("Choose one of the two values."), field=name)


def _joined(survivor: Lead, other: Lead, facts: Mapping[str, int]) -> dict[str, Any]:
    """The columns of the survivor that become the other's: what was chosen, what it lacks, and the earlier moments."""
    joined: dict[str, Any] = {}
    for name in FACTS:
        column = "campaign_id" if name == "campaign" else name
        chosen = facts.get(name)
        if chosen == other.pk or (chosen is None and not getattr(survivor, column)):
            joined |= {each: getattr(other, each) for each in (column, *_BESIDE.get(name, ()))}
    if survivor.owner_id is None:
        joined["owner_id"] = other.owner_id
    kept = {key: value for key, value in survivor.custom.items() if value != "" and facts.get(PREFIX + key) != other.pk}
    joined["custom"] = {**other.custom, **kept}
    for column in _EARLIEST:
        joined[column] = min(filter(None, (getattr(survivor, column), getattr(other, column))), default=None)
    return joined


def _move(survivor: Lead, other: Lead) -> dict[str, list[int]]:
    """Let touches, deals and what was merged before follow to the survivor; returns the ids of what went."""
    there = survivor.touches.exclude(external_id=None).values("external_id")
    touches = list(other.touches.exclude(external_id__in=there).order_by("pk").values_list("pk", flat=True))
    deals = list(other.deals.order_by("pk").values_list("pk", flat=True))
    merged = list(Lead.everything.filter(merged_into=other).order_by("pk").values_list("pk", flat=True))
    Touch.objects.filter(pk__in=touches).update(lead=survivor)
    Deal.objects.filter(pk__in=deals).update(lead=survivor)
    Lead.everything.filter(pk__in=merged).update(merged_into=survivor)
    return {"touches": touches, "deals": deals, "merged": merged}


def _move_back(done: LeadMerge) -> None:
    """Let all that follows go back, but for what somebody has moved elsewhere since."""
    Touch.objects.filter(pk__in=done.moved["touches"], lead=done.survivor_id).update(lead=done.merged_id)
    Deal.objects.filter(pk__in=done.moved["deals"], lead=done.survivor_id).update(lead=done.merged_id)
    merged = Lead.everything.filter(pk__in=done.moved["merged"], merged_into=done.survivor_id)
    merged.update(merged_into=done.merged_id)


def _stand_by_own_deals(survivor: Lead, other: Lead, done: LeadMerge) -> None:
    """Put both where they stand by the deals that each has again (unsaved).

    Whether an offer that waited then has been answered since is not known here: its lead is with sales where somebody
    has it by now, else in marketing's hands.
    """
    since = survivor.events.filter(kind=LeadEventKind.MERGED, data__merge=done.pk).values("pk")[:1]
    became = survivor.events.filter(kind=LeadEventKind.STAGE, new_stage=Stage.CUSTOMER, pk__gt=since).order_by("pk")
    before = became.values_list("old_stage", flat=True).last()
    if survivor.stage == Stage.CUSTOMER and before is not None and not _has_bought(survivor):
        unanswered = Stage.WITH_SALES if survivor.owner_id else Stage.QUALIFIED
        survivor.stage = unanswered if before == Stage.OFFERED else before
    if _has_bought(other):
        other.stage = Stage.CUSTOMER


def _has_bought(lead: Lead) -> bool:
    return lead.deals.filter(won_at__isnull=False).exists()


def _told(was: snapshots.Snapshot, campaign: Campaign | None, lead: Lead) -> dict[str, list[Any]]:
    """The facts that changed, as the story tells them."""
    told = snapshots.told(was, snapshots.take(lead))
    if campaign != lead.campaign:
        told["campaign"] = [campaign and campaign.name, lead.campaign and lead.campaign.name]
    return told


def _record(lead: Lead, kind: LeadEventKind, actor: User, now: datetime, data: dict[str, Any], **stages: str) -> None:
    LeadEvent.objects.create(lead=lead, kind=kind, actor=actor, at=now, data=data, **stages)
