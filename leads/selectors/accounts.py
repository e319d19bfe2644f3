"""Companies and campaigns as lists."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alignment.kernel.errors import NotFound
from leads.models import Account, Campaign, CampaignCost, Deal, Lead
from leads.querysets import standing
from leads.rules import normalise
from leads.rules.costs import Costs

MOST_NAMES = 200


def accounts(*, words: str = "", key_only: bool = False) -> QuerySet[Any]:
    """Companies with the number of their leads and won deals, key accounts first.

    ``words`` are parts of the name or the industry, or the first digits of the corporate number.
    """
    found = Account.objects.annotate(
        lead_count=_count_of(Lead.objects.all()), won_count=_count_of(Deal.objects.filter(won_at__isnull=False))
    )
    for word in words.split()[:5]:
        number = normalise.text(word).removeprefix("T").replace("-", "")
        known_by = Q(corporate_number__startswith=number) if number.isdecimal() else Q()
        found = found.filter(Q(name__icontains=word) | Q(industry__icontains=word) | known_by)
    if key_only:
        found = found.filter(is_key_account=True)
    return found.order_by("-is_key_account", "-lead_count", "name", "pk")


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    """How many of these a company has: two joined tables would multiply each other."""
    counted = rows.filter(account=OuterRef("pk")).order_by().values("account").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def account(pk: int) -> Account:
    """One company, also one that became part of another; raises ``NotFound``."""
    found = Account.everything.filter(pk=pk).select_related("parent", "merged_into").first()
    if found is None:
        raise NotFound(_("There is no such company."))
    return found


def account_called(name: str) -> Account | None:
    """The company with this name, also one that a company with it became part of; None where there is none."""
    key = normalise.company_key(name)
    found = Account.everything.filter(name_key=key).select_related("merged_into").first() if key else None
    return found and (found.merged_into or found)


def subsidiaries(account: Account) -> list[Account]:
    """The companies that belong to this one."""
    return list(account.subsidiaries.order_by("name", "pk"))


def account_names() -> list[str]:
    """Names to suggest, key accounts first; one who knows another name may write it."""
    rows = Account.objects.order_by("-is_key_account", "name", "pk")
    return list(rows.values_list("name", flat=True)[:MOST_NAMES])


def campaigns(*, words: str = "") -> QuerySet[Any]:
    """Campaigns with the number of their leads and of those that qualified, newest first."""
    found = Campaign.objects.annotate(
        lead_count=Count("leads", filter=standing("leads__")),
        qualified_count=Count("leads", filter=standing("leads__") & Q(leads__qualified_at__isnull=False)),
        cost=_total_cost(),
    )
    for word in words.split()[:5]:
        found = found.filter(Q(name__icontains=word) | Q(channel__icontains=word))
    return found.order_by(F("starts_on").desc(nulls_last=True), "-pk")


def _total_cost() -> Coalesce:
    """What a campaign cost in all: beside the leads, two joined tables would multiply each other."""
    costs = CampaignCost.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    return Coalesce(Subquery(costs.annotate(total=Sum("amount")).values("total")), Decimal(0))


def costs_of(campaign: Campaign) -> Costs:
    """What a campaign cost, by month."""
    return dict(campaign.costs.values_list("month", "amount"))


def campaign(pk: int) -> Campaign:
    """One campaign; raises ``NotFound``."""
    found = Campaign.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such campaign."))
    return found
