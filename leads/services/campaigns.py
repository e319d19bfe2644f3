"""Marketing's campaigns: planned and corrected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import Campaign
from leads.services.texts import check_text


def save_campaign(
    *,
    campaign_id: int | None,
    name: str,
    channel: str,
    promise: str,
    starts_on: date | None,
    ends_on: date | None,
    cost: Decimal | None,
    actor: User,
) -> Campaign:
    """Make a campaign, or change the one with ``campaign_id``; its name is unique."""
    actor.require(Permission.SUBMIT_LEAD)
    if not name.strip():
        raise InvalidInput(_("Give the campaign a name."), field="name")
    for field, text, longest in (("name", name, 200), ("channel", channel, 50), ("promise", promise, 300)):
        check_text(text, longest=longest, field=field)
    if starts_on and ends_on and ends_on < starts_on:
        raise InvalidInput(_("The last day must not be before the first."), field="ends_on")
    if cost is not None and cost < 0:
        raise InvalidInput(_("A cost is 0 or more."), field="cost")
    try:
        with transaction.atomic():
            campaign = _campaign(campaign_id)
            campaign.name, campaign.channel, campaign.promise = name.strip(), channel.strip(), promise.strip()
            campaign.starts_on, campaign.ends_on, campaign.cost = starts_on, ends_on, cost or Decimal(0)
            campaign.save()
    except IntegrityError as error:
        raise InvalidInput(_("There is a campaign with this name already."), field="name") from error
    return campaign


def campaigns_named(names: Collection[str]) -> dict[str, Campaign]:
    """The campaigns of these names that there are, by name (one query, none where no name is given)."""
    wanted = {name for name in names if name}
    return {found.name: found for found in Campaign.objects.filter(name__in=wanted)} if wanted else {}


def campaign_of(name: str, campaigns: Mapping[str, Campaign]) -> Campaign | None:
    """The one of ``campaigns`` with this name (None for an empty one); raises ``InvalidInput`` where there is none."""
    if name and name not in campaigns:
        raise InvalidInput(_("There is no campaign “%(name)s”.") % {"name": name[:100]}, field="campaign")
    return campaigns.get(name)


def _campaign(campaign_id: int | None) -> Campaign:
    if campaign_id is None:
        return Campaign()
    campaign = Campaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise NotFound(_("There is no such campaign."))
    return campaign
