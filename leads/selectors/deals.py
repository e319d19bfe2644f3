"""Deals as lists and as one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Deal, DealEvent, Lead
from leads.selectors import work


@dataclass(frozen=True)
class DealPart:
    """One deal as a page shows it."""

    deal: Deal
    name: str
    amount: str
    status: str
    outcome: str
    is_late: bool
    may_change: bool


@dataclass(frozen=True)
class Totals:
    """How many deals a list holds and what they are worth together."""

    count: int
    amount: str


def listed() -> QuerySet[Deal]:
    """Deals with everything that a row shows, in one query."""
    return Deal.objects.select_related("lead", "account", "owner__team")


def open_first(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """The next expected first; deals without a date last."""
    return deals.order_by(F("expected_on").asc(nulls_last=True), "pk")


def deal_page(pk: int) -> Deal:
    """One deal with what its page shows; raises ``NotFound``."""
    deal = listed().filter(pk=pk).first()
    if deal is None:
        raise NotFound(_("There is no such deal."))
    return deal


def deals_of(lead: Lead) -> list[Deal]:
    """The deals of a lead, newest first."""
    return list(listed().filter(lead=lead).order_by("-opened_at", "-pk"))


def events_of(deal: Deal) -> list[DealEvent]:
    """Everything that happened to a deal, newest first."""
    return list(deal.events.select_related("actor", "deal").order_by("-pk"))


def totals(deals: QuerySet[Deal], *, currency: str) -> Totals:
    """Number and sum of a list of deals (one query)."""
    found = deals.order_by().aggregate(n=Count("pk"), total=Sum("amount"))
    return Totals(count=found["n"], amount=amount_words(found["total"] or 0, currency=currency))


def name_of(deal: Deal) -> str:
    """What a deal is called where it is listed: imported ones may have no name of their own."""
    return deal.name or deal.product or (deal.account.name if deal.account else "") or f"#{deal.pk}"


def part(deal: Deal, *, viewer: User, today: date, currency: str) -> DealPart:
    """A deal in words, with what the viewer may do."""
    is_open = deal.is_open
    return DealPart(
        deal=deal,
        name=name_of(deal),
        amount=amount_words(deal.amount, currency=currency) or _("amount not known"),
        status="open" if is_open else "won" if deal.won_at else "lost",
        outcome=_outcome(deal),
        is_late=is_open and deal.expected_on is not None and deal.expected_on < today,
        may_change=is_open and work.may_work_on(owner=deal.owner, actor=viewer, permission=Permission.MANAGE_DEAL),
    )


def currency() -> str:
    """The organisation's currency."""
    return Organisation.get().currency


def currency_unit(currency: str) -> str:
    """円; JPY."""
    return formats.money_unit(currency)


def amount_words(amount: Any, *, currency: str) -> str:
    """1,200,000円; 1,200,000 JPY; "" where there is none."""
    if amount is None or amount == "":
        return ""
    words = {
        "amount": formats.money_exact(Decimal(str(amount)), currency=currency),
        "unit": formats.money_unit(currency),
    }
    return _("%(amount)s %(unit)s") % words


def _outcome(deal: Deal) -> str:
    if deal.won_at:
        words = {"when": formats.date(deal.won_at), "why": deal.get_win_reason_display() or "–"}
        return _("Won on %(when)s: %(why)s") % words
    if deal.lost_at:
        words = {"when": formats.date(deal.lost_at), "why": deal.get_loss_reason_display() or "–"}
        return _("Lost on %(when)s: %(why)s") % words
    return ""
