"""Marketing's campaigns: planned and corrected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput, NotFound
from alignment.kernel.locks import locked
from leads.models import Campaign, CampaignCost
from leads.services.texts import check_text

TOO_MUCH = Decimal(10**12)


def save_campaign(
    *,
    campaign_id: int | None,
    name: str,
    channel: str,
    promise: str,
    starts_on: date | None,
    ends_on: date | None,
    actor: User,
    costs: Mapping[date | None, Decimal] | None = None,
) -> Campaign:
    """Make a campaign, or change the one with ``campaign_id``; its name is unique.

    ``costs``: all of them, by the first day of the month (None: undated); without it they stay as they are. A month
    may lie outside the period: deposits are paid before, bills after.
    """
    actor.require(Permission.SUBMIT_LEAD)
    if not name.strip():
        raise InvalidInput(_("Give the campaign a name."), field="name")
    for field, text, longest in (("name", name, 200), ("channel", channel, 50), ("promise", promise, 300)):
        check_text(text, longest=longest, field=field)
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidInput(_("The last day must not be before the first."), field="ends_on")
    check_costs(costs or {})
    try:
        with transaction.atomic():
            campaign = _campaign(campaign_id)
            campaign.name, campaign.channel, campaign.promise = name.strip(), channel.strip(), promise.strip()
            campaign.starts_on, campaign.ends_on = starts_on, ends_on
            campaign.save()
            if costs is not None:
                _write_costs(campaign, costs)
    except IntegrityError as error:
        raise InvalidInput(_("There is a campaign with this name already."), field="name") from error
    return campaign


def check_costs(costs: Mapping[date | None, Decimal]) -> None:
    """Refuse an amount below nothing or beyond all reason, and a day that begins no month."""
    for month, amount in costs.items():
        if amount < 0:
            raise InvalidInput(_("A cost is 0 or more."), field="costs")
        if amount >= TOO_MUCH:
            raise InvalidInput(_("A cost is below 1,000,000,000,000."), field="costs")
        if month is not None and month.day != 1:
            raise InvalidInput(_("A month is given by its first day."), field="costs")


def _write_costs(campaign: Campaign, costs: Mapping[date | None, Decimal]) -> None:
    """Make the rows say this and nothing else; a month that cost nothing has none."""
    spent = {month: amount for month, amount in costs.items() if amount}
    kept = {cost.month: cost.pk for cost in campaign.costs.all() if spent.get(cost.month) == cost.amount}
    campaign.costs.exclude(pk__in=kept.values()).delete()
    CampaignCost.objects.bulk_create(
        CampaignCost(campaign=campaign, month=month, amount=amount)
        for month, amount in spent.items()
        if month not in kept
    )


def campaigns_named(names: Collection[str]) -> dict[str, Campaign]:
    """The campaigns of these names that there are, by name (one query, none where no name is given).

    None of them goes until the transaction ends, so that what is written for them stays theirs. One that went while
    this waited for it is left out. As they are taken before companies and leads, nobody waits in a circle.
    """
    return {found.name: found for found in _held("name", {name for name in names if name})}


def campaign_of(name: str, campaigns: Mapping[str, Campaign]) -> Campaign | None:
    """The one of ``campaigns`` with this name (None for an empty one); raises ``InvalidInput`` where there is none."""
    if name and name not in campaigns:
        raise InvalidInput(_("There is no campaign “%(name)s”.") % {"name": name[:100]}, field="campaign")
    return campaigns.get(name)


def hold_campaign(campaign: Campaign | None) -> None:
    """Keep a campaign from going until the transaction ends; raises ``InvalidInput`` where it is gone."""
    if campaign is not None and not list(_held("id", [campaign.pk])):
        campaign_of(campaign.name, {})


def _held(column: str, values: Collection[Any]) -> Iterable[Campaign]:
    sql = f"SELECT * FROM leads_campaign WHERE {column} = ANY(%s) ORDER BY id FOR KEY SHARE"  # noqa: S608 - our names
    return Campaign.objects.raw(sql, [list(values)]) if values else ()


def _campaign(campaign_id: int | None) -> Campaign:
    if campaign_id is None:
        return Campaign()
    campaign = locked(Campaign.objects.filter(pk=campaign_id))
    if campaign is None:
        raise NotFound(_("There is no such campaign."))
    return campaign
