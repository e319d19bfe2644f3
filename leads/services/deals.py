"""Opportunities: opened, changed, and won or lost once, with a reason.

Locks: the lead first, then the deal.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import formats
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed, NotFound
from alignment.kernel.locks import locked
from leads.models import Account, Deal, DealEvent, Lead
from leads.rules.stages import Stage
from leads.selectors import work
from leads.services import activities, stages
from leads.services.texts import REMARK, check_text

MAX_AMOUNT = Decimal("99999999999999.99")
Kind = DealEvent.Kind


class DealClosed(DomainError):
    """Somebody was faster; the message names who and when."""

    code = "deal_closed"


@transaction.atomic
def open_deal(
    *,
    lead_id: int | None,
    name: str,
    amount: Decimal | int | None,
    expected_on: date | None,
    product: str,
    actor: User,
    now: datetime,
    account_id: int | None = None,
) -> Deal:
    """Open a deal for a lead that is with sales, or without a lead where sales found it itself.

    It belongs to the owner of the lead, else to ``actor``.
    """
    actor.require(Permission.MANAGE_DEAL)
    lead = None
    if lead_id is not None:
        lead = activities.lead_with_sales(lead_id, actor=actor, permission=Permission.MANAGE_DEAL)
    account = lead.account if lead else _account(account_id)
    facts = _checked(name=name, amount=amount, expected_on=expected_on, product=product)
    deal = Deal.objects.create(
        lead=lead,
        account=account,
        owner=(lead and lead.owner) or actor,
        opened_at=now,
        created_by=actor,
        created_at=now,
        **facts,
    )
    _record(deal, Kind.OPENED, actor, now, {key: _plain(value) for key, value in facts.items()})
    return deal


@transaction.atomic
def update_deal(
    *,
    deal_id: int,
    name: str,
    amount: Decimal | int | None,
    expected_on: date | None,
    product: str,
    actor: User,
    now: datetime,
) -> Deal:
    """Change the facts of an open deal; the event keeps old and new. Saving what is there changes nothing."""
    deal = _open_deal(deal_id, actor)
    facts = _checked(name=name, amount=amount, expected_on=expected_on, product=product)
    changes = {
        key: [_plain(getattr(deal, key)), _plain(value)] for key, value in facts.items() if getattr(deal, key) != value
    }
    if not changes:
        return deal
    for key in changes:
        setattr(deal, key, facts[key])
    deal.save(update_fields=list(changes))
    _record(deal, Kind.CHANGED, actor, now, {"changes": changes})
    return deal


@transaction.atomic
def win_deal(*, deal_id: int, reason: str, amount: Decimal | int | None, actor: User, now: datetime) -> Deal:
    """The customer decided for us; ``amount`` empty: as it stood. The lead becomes a customer, its plan is done."""
    deal = _open_deal(deal_id, actor)
    if reason not in Deal.WinReason.values:
        raise InvalidInput(_("Choose why it was won."), field="reason")
    final = deal.amount if amount is None else _amount(amount)
    if final is None:
        raise InvalidInput(_("Enter the amount that was agreed."), field="amount")
    deal.amount, deal.win_reason, deal.won_at = final, reason, now
    deal.save(update_fields=["amount", "win_reason", "won_at"])
    _record(deal, Kind.WON, actor, now, {"reason": reason, "amount": _plain(final)})
    if deal.lead is not None:
        data = {"deal": deal.pk}
        stages.move(lead=deal.lead, to=Stage.CUSTOMER, actor=actor, now=now, data=data, next_step_on=None)
    return deal


@transaction.atomic
def lose_deal(*, deal_id: int, reason: str, comment: str, actor: User, now: datetime) -> Deal:
    """The customer decided against us; the reason is what both sides learn from. “Other” needs a comment.

    With its last open deal the plan for the lead ends too.
    """
    deal = _open_deal(deal_id, actor)
    if reason not in Deal.LossReason.values:
        raise InvalidInput(_("Choose why it was lost."), field="reason")
    if reason == Deal.LossReason.OTHER and not comment.strip():
        raise InvalidInput(_("Say in a sentence what happened."), field="comment")
    check_text(comment, longest=REMARK, field="comment")
    deal.loss_reason, deal.comment, deal.lost_at = reason, comment.strip(), now
    deal.save(update_fields=["loss_reason", "comment", "lost_at"])
    _record(deal, Kind.LOST, actor, now, {"reason": reason, "comment": deal.comment})
    if deal.lead is not None and not deal.lead.deals.filter(won_at=None, lost_at=None).exists():
        stages.move(lead=deal.lead, to=Stage(deal.lead.stage), actor=actor, now=now, next_step_on=None)
    return deal


def _open_deal(deal_id: int, actor: User) -> Deal:
    """The deal, locked after its lead, where it is open and the actor may work on it."""
    actor.require(Permission.MANAGE_DEAL)
    lead_id = Deal.objects.filter(pk=deal_id).values_list("lead_id", flat=True).first()
    lead = locked(Lead.objects.filter(pk=lead_id)) if lead_id else None
    deal = locked(Deal.objects.filter(pk=deal_id), "owner")
    if deal is None:
        raise NotFound(_("There is no such deal."))
    if not work.may_work_on(owner=deal.owner, actor=actor, permission=Permission.MANAGE_DEAL):
        owner = deal.owner.full_name if deal.owner else ""
        raise NotAllowed(_("This deal belongs to %(owner)s and their team.") % {"owner": owner})
    if not deal.is_open:
        raise DealClosed(_who_closed(deal))
    if lead is not None:
        deal.lead = lead
    return deal


def _who_closed(deal: Deal) -> str:
    event = deal.events.filter(kind__in=(Kind.WON, Kind.LOST)).select_related("actor").order_by("-pk").first()
    if event is None:  # closed in another tool and imported
        return _("This deal is closed.")
    words = {"who": event.actor.full_name, "when": formats.datetime(event.at)}
    if event.kind == Kind.WON:
        return _("%(who)s marked this deal as won at %(when)s.") % words
    return _("%(who)s marked this deal as lost at %(when)s.") % words


def _checked(*, name: str, amount: Decimal | int | None, expected_on: date | None, product: str) -> dict[str, Any]:
    if not name.strip():
        raise InvalidInput(_("Give the deal a name."), field="name")
    for field, value, longest in (("name", name, 200), ("product", product, 100)):
        check_text(value, longest=longest, field=field)
    return {
        "name": name.strip(),
        "amount": None if amount is None else _amount(amount),
        "expected_on": expected_on,
        "product": product.strip(),
    }


def _amount(given: Decimal | int) -> Decimal:
    amount = Decimal(given)
    if not amount.is_finite() or amount < 0:
        raise InvalidInput(_("An amount is 0 or more."), field="amount")
    if amount > MAX_AMOUNT:
        raise InvalidInput(_("This amount is too large."), field="amount")
    return amount.quantize(Decimal("0.01"))


def _account(account_id: int | None) -> Account | None:
    """The company, which cannot be merged before its deal is there."""
    if account_id is None:
        return None
    account = Account.objects.select_for_update(no_key=True).filter(pk=account_id).first()
    if account is None:
        raise InvalidInput(_("There is no such company."), field="account")
    return account


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)


def _record(deal: Deal, kind: DealEvent.Kind, actor: User, now: datetime, data: dict[str, Any]) -> None:
    DealEvent.objects.create(deal=deal, kind=kind, actor=actor, at=now, data=data)
