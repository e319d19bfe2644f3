"""Period and basis: what stands above every page of figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation
from alignment.kernel import formats
from alignment.kernel.errors import InvalidInput
from alignment.kernel.periods import FIRST_DAY, Period
from reviews.forms.periods import PeriodForm
from reviews.forms.queries import read_scope, write_query
from reviews.kpis import sources
from reviews.kpis.kpi import Kpi
from reviews.kpis.scope import Basis, GroupBy, Scope
from reviews.rules.cohorts import last_mature_month, mature_part


@dataclass(frozen=True)
class Choice:
    """One of a few, as a link."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class Asked:
    """What a page of figures is about, and what could not be read of it."""

    scope: Scope
    organisation: Organisation
    today: date
    form: PeriodForm
    refusal: str = ""

    @property
    def status(self) -> int:
        return 400 if self.refusal or self.form.errors else 200

    @property
    def currency(self) -> str:
        return self.organisation.currency

    @property
    def period_text(self) -> str:
        """The period as people read it."""
        start_month = self.organisation.fiscal_year_start_month
        return formats.period(self.scope.period.start, self.scope.period.end, fiscal_start=start_month)

    @property
    def basis_text(self) -> str:
        """What the basis means."""
        if self.scope.basis is Basis.COHORT:
            return _("By cohort: what has become of the leads captured in these days.")
        return _("By period: what happened in these days, whenever the lead was captured.")

    def periods(self) -> list[Choice]:
        """The usual periods; a period of one's own is the form."""
        first = sources.LEADS.first_moment()
        this_month = Period.month_of(self.today)
        usual = {
            _("This fiscal year"): Period.fiscal_year_of(
                self.today, start_month=self.organisation.fiscal_year_start_month
            ),
            _("Last 12 months"): Period(_months_before(this_month, 11).start, this_month.end),
        }
        if first is not None:
            start = max(first.astimezone(self.organisation.zone).date().replace(day=1), FIRST_DAY)
            usual[_("Everything")] = Period(min(start, this_month.start), this_month.end)
        return [
            Choice(label, "?" + write_query(replace(self.scope, period=period)), period == self.scope.period)
            for label, period in usual.items()
        ]

    def bases(self) -> list[Choice]:
        """Both ways to count."""
        return [
            Choice(str(basis.label), "?" + write_query(replace(self.scope, basis=basis)), basis is self.scope.basis)
            for basis in Basis
        ]

    def groupings(self, step: GroupBy) -> list[Choice]:
        """What the breakdown may be by; in time it is by this step."""
        words = {
            GroupBy.MONTH: _("Year") if step is GroupBy.YEAR else _("Month"),
            GroupBy.SOURCE: _("Source"),
            GroupBy.OWNER: _("Owner"),
            GroupBy.CAMPAIGN: _("Campaign"),
            GroupBy.PRODUCT: _("Product"),
        }
        return [
            Choice(
                word,
                f"?{write_query(replace(self.scope, group_by=group_by, group=None))}#breakdown",
                group_by is self.grouping,
            )
            for group_by, word in words.items()
        ]

    @property
    def grouping(self) -> GroupBy:
        """What the breakdown is by: in time, where nothing else is asked for."""
        return GroupBy.MONTH if self.scope.group_by is GroupBy.NONE else self.scope.group_by

    def scope_of(self, kpi: Kpi) -> Scope:
        """The rows of a headline: on the basis on which the figure is shown, by cohort without those still young."""
        basis = kpi.shown_on(self.scope.basis)
        if basis is Basis.PERIOD:
            return self.scope
        return replace(self.scope, basis=basis, period=self._mature or self.scope.period)

    def young_text(self, basis: Basis) -> str:
        """What a headline leaves out on this basis, or that nothing in it has had its time."""
        if basis is Basis.PERIOD or self._mature == self.scope.period:
            return ""
        if self._mature is None:
            return _("These cohorts are not mature yet: part of their result is still to come.")
        month = last_mature_month(self.today).label()
        return _("up to %(month)s; younger cohorts are not mature") % {"month": month}

    @property
    def _mature(self) -> Period | None:
        return mature_part(self.scope.period, today=self.today)


def asked(request: HttpRequest) -> Asked:
    """Read the address; what cannot be read is said and the default shown instead."""
    organisation = Organisation.get()
    today = timezone.now().astimezone(organisation.zone).date()
    params, refusal = request.GET.dict(), ""
    is_chosen = "last" in params
    try:
        scope = read_scope(_without_days(params) if is_chosen else params, organisation=organisation, today=today)
    except InvalidInput as error:
        scope, refusal = read_scope({}, organisation=organisation, today=today), str(error)
    form = PeriodForm(params if is_chosen else None, period=scope.period, auto_id="period_%s")
    if is_chosen and form.is_valid():
        scope = replace(scope, period=form.period)
    return Asked(scope=scope, organisation=organisation, today=today, form=form, refusal=refusal)


def _without_days(params: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if name not in ("from", "to", "last")}


def _months_before(month: Period, count: int) -> Period:
    for _step in range(count):
        month = month.previous()
    return month
