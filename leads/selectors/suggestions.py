"""Values to choose from where a text is free, so that the same thing is not written in two ways."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet

from leads.models import Account, Campaign, Lead

MOST = 200
_ROWS: dict[str, type[Lead] | type[Account]] = {"source": Lead, "industry": Account, "prefecture": Account}


def known(names: Iterable[str] = tuple(_ROWS)) -> dict[str, list[str]]:
    """The values that each of these facts has by now, most used first; one query for each."""
    return {name: list(_most_used(_ROWS[name]._default_manager.all(), name)[:MOST]) for name in names}


def source_of(campaign: Campaign) -> str:
    """What the leads of a campaign mostly have as their source; its channel while it has no leads, "" for neither."""
    return _most_used(Lead.objects.filter(campaign=campaign), "source").first() or campaign.channel


def _most_used(rows: QuerySet[Lead] | QuerySet[Account], name: str) -> QuerySet[Lead, str] | QuerySet[Account, str]:
    counted = rows.exclude(**{name: ""}).order_by().values(name).annotate(n=Count("pk")).order_by("-n", name)
    return counted.values_list(name, flat=True)
