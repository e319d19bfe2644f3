"""The first page of each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.home.first_steps import first_steps
from alignment.home.turns import turns
from alignment.home.work import needs_me_now
from alignment.kernel.periods import Period
from leads.selectors.definitions import open_version, sides_to_move
from reviews.kpis.registry import KPIS
from reviews.kpis.scope import Basis, Scope
from reviews.reports import wording
from reviews.selectors.figures import totals

KEYS = ("mql", "acceptance_rate", "hours_to_decide_p50", "won_amount")
WINDOW = timedelta(days=30)


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    unit: str
    detail: str
    note: str
    url: str
    side: str


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What needs me now, whose turn it is, then how the two sides are doing."""
    user: User = request.user  # type: ignore[assignment]
    now = timezone.now()
    organisation = Organisation.get()
    work = needs_me_now(user, now=now)
    context = {
        "work": work,
        "tiles": _tiles(organisation, now),
        "first_steps": first_steps(user, to_do=len(work), now=now),
        "open_version": (version := open_version()),
        "sides_to_move": sides_to_move(version) if version else [],
        "may_submit": user.may(Permission.SUBMIT_LEAD),
        "may_decide": user.may(Permission.DECIDE_HANDOFF),
        "turns": turns(),
        "today": now,
    }
    return render(request, "home/home.html", context)


def _tiles(organisation: Organisation, now: datetime) -> list[Tile]:
    """Four figures of the last 30 days beside the 30 days before; each opens its list."""
    end = now.astimezone(organisation.zone).date() + timedelta(days=1)
    period = Period(end - WINDOW, end)
    kpis = [kpi for kpi in KPIS if kpi.key in KEYS]
    new, old = (
        totals(scope=Scope(span, organisation.zone, Basis.PERIOD), kpis=kpis) for span in (period, period.previous())
    )
    query = f"?from={period.start}&to={period.end}&basis={Basis.PERIOD.value}"
    currency = organisation.currency
    return [
        Tile(
            name=str(kpi.label),
            value=wording.value_text(new[kpi.key].value, kpi.unit, currency=currency),
            unit=wording.unit_text(kpi.unit, new[kpi.key].value),
            detail=wording.sizes_text(new[kpi.key], kpi.unit),
            note=_("30 days before: %(value)s")
            % {"value": wording.value_text(old[kpi.key].value, kpi.unit, currency=currency)},
            url=reverse("reviews:kpi-rows", args=[kpi.key]) + query,
            side=kpi.side,
        )
        for kpi in kpis
    ]
