"""The registry of figures, in the order of the loop: the same ones for both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from alignment.accounts.roles import Side
from alignment.kernel.errors import NotFound
from reviews.kpis import sources
from reviews.kpis.kpi import Kpi, Unit
from reviews.rules.runchart import Good


@dataclass(frozen=True)
class Registry:
    """The figures in the order of the loop."""

    kpis: tuple[Kpi, ...]
    by_key: dict[str, Kpi] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {kpi.key: kpi for kpi in self.kpis})

    def __iter__(self) -> Iterator[Kpi]:
        return iter(self.kpis)

    def __len__(self) -> int:
        return len(self.kpis)

    def __getitem__(self, key: str) -> Kpi:
        """The figure of this key, else ``NotFound``."""
        if key not in self.by_key:
            raise NotFound(_("There is no figure “%(key)s”.") % {"key": key})
        return self.by_key[key]


KPIS: Final = Registry(
    (
        Kpi(
            "leads",
            pgettext_lazy("figure", "Leads"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Leads by the day on which they were captured."),
            sources.LEADS,
            side=Side.MARKETING,
        ),
        Kpi(
            "mql",
            gettext_lazy("Qualified leads (MQL)"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Leads by the day on which they first met the definition."),
            sources.QUALIFIED,
            side=Side.MARKETING,
            by_definition=True,
        ),
        Kpi(
            "offered",
            gettext_lazy("Offers to sales"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Handoffs by the day on which they were offered; a lead offered again counts again."),
            sources.OFFERED,
            side=Side.MARKETING,
        ),
        Kpi(
            "accepted",
            pgettext_lazy("figure", "Accepted"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Handoffs that sales accepted, by the day of the decision."),
            sources.ACCEPTED,
            side=Side.SALES,
        ),
        Kpi(
            "rejected",
            pgettext_lazy("figure", "Rejected"),
            Unit.COUNT,
            Good.DOWN,
            gettext_lazy("Handoffs that sales rejected with a reason, by the day of the decision."),
            sources.REJECTED,
            side=Side.SALES,
        ),
        Kpi(
            "acceptance_rate",
            gettext_lazy("Acceptance rate"),
            Unit.RATE,
            Good.UP,
            gettext_lazy("Accepted handoffs divided by decided handoffs (accepted or rejected)."),
            sources.ACCEPTED,
            sources.DECIDED,
        ),
        Kpi(
            "hours_to_decide_p50",
            gettext_lazy("Time to decide (median)"),
            Unit.HOURS,
            Good.DOWN,
            gettext_lazy("Median business hours from the offer to the decision, over the decided handoffs."),
            denominator=sources.TIMED,
            measured="median",
            side=Side.SALES,
        ),
        Kpi(
            "contacted",
            pgettext_lazy("figure", "Contacted"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Leads by the day on which sales first spoke with them; attempts do not count."),
            sources.CONTACTED,
            side=Side.SALES,
        ),
        Kpi(
            "deals_opened",
            gettext_lazy("Deals opened"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Deals by the day on which they were opened."),
            sources.OPENED,
            side=Side.SALES,
        ),
        Kpi(
            "deals_won",
            gettext_lazy("Deals won"),
            Unit.COUNT,
            Good.UP,
            gettext_lazy("Deals by the day on which they were won."),
            sources.WON,
            side=Side.SALES,
        ),
        Kpi(
            "deals_lost",
            gettext_lazy("Deals lost"),
            Unit.COUNT,
            Good.DOWN,
            gettext_lazy("Deals by the day on which they were lost."),
            sources.LOST,
            side=Side.SALES,
        ),
        Kpi(
            "win_rate",
            gettext_lazy("Win rate"),
            Unit.RATE,
            Good.UP,
            gettext_lazy("Deals won divided by deals that ended (won or lost)."),
            sources.WON,
            sources.ENDED,
            side=Side.SALES,
        ),
        Kpi(
            "conversion",
            gettext_lazy("Conversion"),
            Unit.RATE,
            Good.UP,
            gettext_lazy("Qualified leads that have a won deal divided by qualified leads; each lead counts once."),
            sources.CONVERTED,
            sources.QUALIFIED,
            by_period=gettext_lazy(
                "Qualified leads with a deal won in the period divided by leads qualified in the period; "
                "these are not the same leads, so it can be greater than the whole."
            ),
            by_definition=True,
        ),
        Kpi(
            "won_amount",
            gettext_lazy("Won amount"),
            Unit.MONEY,
            Good.UP,
            gettext_lazy("Sum of the amounts of the deals won."),
            denominator=sources.PAID,
            measured="sum",
        ),
        Kpi(
            "deal_size",
            gettext_lazy("Deal size"),
            Unit.MONEY,
            Good.UP,
            gettext_lazy("Mean amount of the deals won that have an amount."),
            denominator=sources.PAID,
            measured="mean",
        ),
        Kpi(
            "days_to_win_p50",
            gettext_lazy("Days to win (median)"),
            Unit.DAYS,
            Good.DOWN,
            gettext_lazy("Median calendar days from qualified to won, over the won deals of qualified leads."),
            denominator=sources.WON_FROM_QUALIFIED,
            measured="median",
        ),
        Kpi(
            "days_to_win_mean",
            gettext_lazy("Days to win (mean)"),
            Unit.DAYS,
            Good.DOWN,
            gettext_lazy("Mean calendar days from qualified to won, over the won deals of qualified leads."),
            denominator=sources.WON_FROM_QUALIFIED,
            measured="mean",
        ),
    )
)
