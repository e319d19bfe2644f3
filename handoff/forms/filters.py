"""What a list of handoffs can be narrowed by, on the page and in the API."""

from __future__ import annotations

import django_filters
from django.db.models import Min, Q
from django.forms import SearchInput
from django.utils.translation import gettext_lazy as _

from alignment.accounts.models import Team, User
from alignment.accounts.roles import Side
from handoff.models import Handoff
from handoff.querysets import HandoffQuerySet
from handoff.rules.workflow import Status
from handoff.selectors.handoffs import waiting_for
from leads.forms.filters import IdFilter
from leads.models import Lead


class HandoffFilter(django_filters.FilterSet):
    """By status, team and the person asked."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=Status.choices, empty_label=_("all"))
    team = django_filters.ModelChoiceFilter(
        label=_("Team"), queryset=Team.objects.filter(side=Side.SALES).order_by("name"), empty_label=_("all")
    )
    offered_to = django_filters.ModelChoiceFilter(
        label=_("Offered to"),
        queryset=User.objects.filter(side=Side.SALES).order_by("full_name", "pk"),
        empty_label=_("all"),
    )

    class Meta:
        model = Handoff
        fields = ["status", "team", "offered_to"]


class HandoffListFilter(HandoffFilter):
    """The page's: with a search by name and company, and with what is owed since a deadline has passed."""

    late = django_filters.ChoiceFilter(
        label=_("Deadline"),
        choices=[("open", _("missed and still open"))],
        empty_label=_("all"),
        method="only_late",
    )

    q = django_filters.CharFilter(
        label=_("Name or company"), method="search", widget=SearchInput(attrs={"autocomplete": "off"})
    )

    def only_late(self, handoffs: HandoffQuerySet, _name: str, _value: str) -> HandoffQuerySet:
        """What somebody still owes after its deadline, the longest first."""
        owed = Q(clocks__breached_at__isnull=False, clocks__met_at=None, clocks__stopped_at=None)
        late = handoffs.annotate(late_since=Min("clocks__due_at", filter=owed)).filter(late_since__isnull=False)
        return late.order_by("late_since", "pk")

    def search(self, handoffs: HandoffQuerySet, _name: str, words: str) -> HandoffQuerySet:
        """Handoffs of leads in whose name, company or address every word stands."""
        return handoffs.filter(lead__in=Lead.objects.search(words))


class HandoffApiFilter(HandoffFilter):
    """The API's: with the lead, and with ``mine`` for what waits for the caller."""

    lead = IdFilter(field_name="lead_id")
    mine = django_filters.BooleanFilter(
        method="only_mine", help_text="true: only open offers that the caller may decide."
    )

    def only_mine(self, handoffs: HandoffQuerySet, _name: str, mine: bool) -> HandoffQuerySet:
        """Open offers that the caller may decide, as the inbox holds them."""
        user = self.request.user
        assert isinstance(user, User)
        return handoffs.filter(pk__in=waiting_for(user).order_by().values("pk")) if mine else handoffs
