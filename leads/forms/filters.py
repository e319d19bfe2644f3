"""What a list of leads can be narrowed by, on the page and in the API."""

from __future__ import annotations

import django_filters
from django.forms import SearchInput
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import User
from alignment.accounts.roles import Side
from leads.models import Campaign, Lead
from leads.querysets import LeadQuerySet
from leads.rules.stages import Stage


class LeadFilter(django_filters.FilterSet):
    """By words, stage, source, campaign and owner."""

    q = django_filters.CharFilter(
        label=_("Name, company or e-mail address"), method="search", widget=SearchInput(attrs={"autocomplete": "off"})
    )
    stage = django_filters.ChoiceFilter(label=_("Stage"), choices=Stage.choices, empty_label=_("all"))
    source = django_filters.CharFilter(label=_("Source"), lookup_expr="iexact")
    campaign = django_filters.ModelChoiceFilter(
        label=_("Campaign"), queryset=Campaign.objects.order_by("name"), empty_label=_("all")
    )
    owner = django_filters.ModelChoiceFilter(
        label=_("Owner"),
        queryset=User.objects.filter(side=Side.SALES).order_by("full_name", "pk"),
        empty_label=_("all"),
    )

    class Meta:
        model = Lead
        fields = ["stage", "source", "campaign", "owner"]

    def search(self, leads: LeadQuerySet, _name: str, words: str) -> LeadQuerySet:
        """Leads in whose name, company or address every word stands."""
        return leads.search(words)
