"""Filters of lists: the same for pages and API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from alignment.accounts.models import User
from alignment.accounts.roles import Side
from alignment.kernel.inputs import whole_number
from leads.forms.custom_filters import filters_of
from leads.models import Account, Campaign, Deal, Lead
from leads.querysets import LeadQuerySet
from leads.rules.custom import PREFIX
from leads.rules.fields import Field
from leads.rules.stages import Stage
from leads.selectors import imports
from leads.selectors import leads as selectors
from leads.selectors.custom_fields import known

ME = "me"
NONE = "none"
TURNS = [("marketing", _("Marketing")), ("sales", _("Sales")), ("nobody", _("Nobody"))]


@extend_schema_field(OpenApiTypes.INT)
class IdFilter(django_filters.NumberFilter):
    """By the number of another record; one that does not exist finds nothing."""

    field_class = forms.IntegerField


class _MomentField(django_filters.fields.IsoDateTimeField):
    def clean(self, value: Any) -> datetime | None:
        moment = super().clean(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    """By a moment with its zone, such as 2026-04-01T09:00:00+09:00, as far from UTC as it may be."""

    field_class = _MomentField


class LeadFilter(django_filters.FilterSet):
    """Leads by words, stage, whose turn, source, campaign, owner and verdict, and by ``own`` fields of the admins."""

    q = django_filters.CharFilter(
        label=_("Name, company or address"), method="search", widget=forms.TextInput(attrs={"type": "search"})
    )
    turn = django_filters.ChoiceFilter(label=_("Whose turn"), choices=TURNS, method="in_turn")
    stage = django_filters.ChoiceFilter(label=_("Stage"), choices=Stage.choices, empty_label=_("All"))
    source = django_filters.CharFilter(label=_("Source"), lookup_expr="exact")
    campaign = django_filters.ModelChoiceFilter(
        label=_("Campaign"), queryset=Campaign.objects.order_by("name", "pk"), empty_label=_("All")
    )
    account = django_filters.ModelChoiceFilter(label=_("Company"), queryset=Account.objects.all())
    owner = django_filters.CharFilter(
        label=_("Owner in sales"), method="of_owner", help_text=_("An id, “me”, or “none”.")
    )
    qualified = django_filters.BooleanFilter(
        label=_("Ever qualified"), field_name="qualified_at", lookup_expr="isnull", exclude=True
    )
    brought_by = django_filters.NumberFilter(
        label=_("Import"), method="of_import", help_text=_("The number of the import that made the lead.")
    )
    captured_from = MomentFilter(field_name="captured_at", lookup_expr="gte")
    captured_to = MomentFilter(field_name="captured_at", lookup_expr="lt")
    sort = django_filters.OrderingFilter(
        label=_("Sort by"),
        fields=[
            ("captured_at", "captured_at"),
            ("verdict__points", "points"),
            ("full_name_kana", "name"),
            ("next_step_on", "next_step_on"),
        ],
        choices=[
            ("-captured_at", _("newest first")),
            ("captured_at", _("oldest first")),
            ("-points", _("most points first")),
            ("next_step_on", _("next step first")),
            ("name", _("name")),
        ],
        empty_label=None,
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, own: Iterable[Field], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, made in filters_of(own).items():
            made.field_name, made.parent, made.model = name, self, Lead
            self.filters[name] = made

    def search(self, leads: LeadQuerySet, _name: str, value: str) -> LeadQuerySet:
        return leads.search(value)

    def in_turn(self, leads: LeadQuerySet, _name: str, value: str) -> LeadQuerySet:
        return leads.in_turn(value)

    def of_owner(self, leads: LeadQuerySet, _name: str, value: str) -> LeadQuerySet:
        if value == ME:
            return leads.filter(owner=self.request.user)
        if value == NONE:
            return leads.filter(owner=None)
        number = whole_number(value)
        return leads.none() if number is None else leads.filter(owner=number)

    def of_import(self, leads: LeadQuerySet, _name: str, value: Any) -> LeadQuerySet:
        number = whole_number(str(value))
        return leads.none() if number is None else leads.filter(pk__in=imports.made_by(number))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Always in a full order, so that pages never overlap; what is not known comes last."""
        found = super().filter_queryset(queryset)
        order = [str(term) for term in found.query.order_by] or ["-captured_at"]
        return found.order_by(*(_unknown_last(term) for term in order), "-pk")


def _unknown_last(term: str) -> OrderBy:
    column = F(term.removeprefix("-"))
    return column.desc(nulls_last=True) if term.startswith("-") else column.asc(nulls_last=True)


class LeadApiFilter(LeadFilter):
    """The same for programs, which also look for what is theirs and for what is new; in the order of the pages."""

    source_system = django_filters.CharFilter()
    external_id = django_filters.CharFilter()
    updated_since = MomentFilter(field_name="updated_at", lookup_expr="gte")
    sort = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, own=known().offered, **kwargs)


class LeadListFilter(LeadFilter):
    """The same for the page, where choices are menus. Menus are filled when the form is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everybody: list[tuple[str, Any]] = [("", _("All"))]
        sources = everybody + [(source, source) for source in selectors.sources()]
        people = User.objects.active().filter(side=Side.SALES).order_by("full_name", "pk")
        owners = [*everybody, (ME, _("Me")), (NONE, _("Nobody yet"))]
        owners += [(str(pk), name) for pk, name in people.values_list("pk", "full_name")]
        self.form.fields["source"].widget = forms.Select(choices=sources)
        self.form.fields["owner"].widget = forms.Select(choices=owners)
        yes_no = [*everybody, ("true", _("Yes")), ("false", _("No"))]
        self.form.fields["qualified"].widget = forms.Select(choices=yes_no)

    @property
    def own_inputs(self) -> list[forms.BoundField]:
        """The inputs for the fields of the admins."""
        return [bound for bound in self.form if bound.name.startswith(PREFIX)]

    @property
    def own_are_set(self) -> bool:
        """Whether one of them narrows the list."""
        return any(bound.value() for bound in self.own_inputs)


class DealFilter(django_filters.FilterSet):
    """Deals by state, owner, lead and company."""

    STATES = [
        ("open", pgettext_lazy("deal", "Open")),
        ("won", pgettext_lazy("deal", "Won")),
        ("lost", pgettext_lazy("deal", "Lost")),
    ]

    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="in_state")
    owner = django_filters.CharFilter(label=_("Owner in sales"), method="of_owner")
    lead = IdFilter(field_name="lead_id")
    account = IdFilter(field_name="account_id")

    class Meta:
        model = Deal
        fields: list[str] = []

    def in_state(self, deals: QuerySet[Deal], _name: str, value: str) -> QuerySet[Deal]:
        if value == "open":
            return deals.filter(won_at=None, lost_at=None)
        return deals.filter(**{f"{value}_at__isnull": False})

    def of_owner(self, deals: QuerySet[Deal], _name: str, value: str) -> QuerySet[Deal]:
        if value == ME:
            return deals.filter(owner=self.request.user)
        number = whole_number(value)
        return deals.none() if number is None else deals.filter(owner=number)
