"""Random small histories, the same history in the tables, and its figures reckoned naively row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from statistics import fmean, median
from typing import Any

from hypothesis import strategies as st

from alignment.accounts.models import User
from alignment.kernel.periods import Period
from handoff.models import Handoff
from leads.models import Campaign, Deal, Lead
from reviews.kpis.scope import Basis, GroupBy
from tests import factories
from tests.conftest import TOKYO

START = datetime(2026, 1, 30, 12, tzinfo=UTC)
PERIOD = Period(date(2026, 2, 1), date(2026, 4, 1))

# Hours after the start: before, within and after the period, close to its edges and to those of its months in Tokyo.
MOMENTS = st.one_of(st.integers(0, 1600), st.sampled_from([26, 27, 28, 698, 699, 700, 1442, 1443, 1444])).map(
    lambda hours: START + timedelta(hours=hours)
)
MAYBE = st.one_of(MOMENTS, MOMENTS, MOMENTS, st.none())
OWNERS = st.sampled_from([None, 0, 1])


LEADS = st.fixed_dictionaries(
    {
        "captured_at": MOMENTS,
        "qualified_at": MAYBE,
        "first_contacted_at": MAYBE,
        "source": st.sampled_from(["", "social", "展示会"]),
        "campaign": st.sampled_from([None, 0]),
        "owner": OWNERS,
    }
)
HANDOFFS = st.fixed_dictionaries(
    {
        "lead": st.integers(0, 3),
        "status": st.sampled_from(["accepted", "rejected", "withdrawn"]),
        "offered_at": MOMENTS,
        "decided_at": MOMENTS,
        "seconds": st.one_of(st.none(), st.integers(0, 200_000)),
        "offered_to": OWNERS,
        "decided_by": st.sampled_from([0, 1]),
    }
)
DEALS = st.fixed_dictionaries(
    {
        "lead": st.sampled_from([0, 0, 1, None]),  # often two deals on one lead
        "opened_at": MAYBE,
        "ended_at": MAYBE,
        "is_won": st.sampled_from([True, True, False]),
        "amount": st.one_of(st.none(), st.integers(0, 5_000)),
        "product": st.sampled_from(["", "GTX Pro"]),
        "owner": OWNERS,
    }
)
HISTORIES = st.tuples(
    st.lists(LEADS, min_size=4, max_size=7), st.lists(HANDOFFS, max_size=6), st.lists(DEALS, min_size=2, max_size=7)
)
History = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]


class Naive:
    """The same figures, row by row in Python."""

    def __init__(
        self, history: History, basis: Basis, group_of: Callable[[dict[str, Any], str, datetime], str]
    ) -> None:
        self.leads, self.handoffs, self.deals = history
        self.basis, self.group_of = basis, group_of

    def of_product(self, product: str) -> dict[str, tuple[float | None, int | None, int | None]]:
        """The figures of one product: only deals have one."""
        mine = {"win_rate", "won_amount", "deal_size"}
        return {
            key: figure if key in mine or key.startswith(("deals_", "days_")) else (None, None, None)
            for key, figure in self.of(product).items()
        }

    def of(self, group: str | None) -> dict[str, tuple[float | None, int | None, int | None]]:
        leads = [self.leads[index] | {"id": index} for index in range(len(self.leads))]
        decided = [row for row in self.handoffs if row["status"] != "withdrawn"]
        won = [row | {"won_at": row["ended_at"]} for row in self.deals if row["ended_at"] and row["is_won"]]
        lost = [row for row in self.deals if row["ended_at"] and not row["is_won"]]
        conversions = [self._lead(row) | {"won_at": row["ended_at"]} for row in won if row["lead"] is not None]
        within = lambda rows, kind, moment: self._within(rows, kind, moment, group)  # noqa: E731

        counts = {
            "leads": len(within(leads, "lead", "captured_at")),
            "mql": len(within(leads, "lead", "qualified_at")),
            "contacted": len(within(leads, "lead", "first_contacted_at")),
            "offered": len(within(self.handoffs, "handoff", "offered_at")),
            "accepted": len(within([r for r in decided if r["status"] == "accepted"], "handoff", "decided_at")),
            "rejected": len(within([r for r in decided if r["status"] == "rejected"], "handoff", "decided_at")),
            "deals_opened": len(within(self.deals, "deal", "opened_at")),
            "deals_won": len(within(won, "deal", "ended_at")),
            "deals_lost": len(within(lost, "deal", "ended_at")),
        }
        converted = {r["id"] for r in within([r for r in conversions if r["qualified_at"]], "lead", "won_at")}
        timed = within([r for r in decided if r["seconds"] is not None], "handoff", "decided_at")
        paid = within([r for r in won if r["amount"] is not None], "deal", "ended_at")
        days = [
            (_day(row["ended_at"]) - _day(self._lead(row)["qualified_at"])).days
            for row in within([r for r in won if self._lead(r).get("qualified_at")], "deal", "ended_at")
        ]
        ended = counts["deals_won"] + counts["deals_lost"]
        amounts = [row["amount"] for row in paid]
        return {key: (count, count, None) for key, count in counts.items()} | {
            "acceptance_rate": _rate(counts["accepted"], counts["accepted"] + counts["rejected"]),
            "win_rate": _rate(counts["deals_won"], ended),
            "conversion": _rate(len(converted), counts["mql"]),
            "hours_to_decide_p50": _over(median, [row["seconds"] / 3600 for row in timed]),
            "won_amount": (sum(amounts), None, len(amounts)),
            "deal_size": _over(fmean, amounts),
            "days_to_win_p50": _over(median, days),
            "days_to_win_mean": _over(fmean, days),
        }

    def _lead(self, row: dict[str, Any]) -> dict[str, Any]:
        index = row["lead"]
        return {} if index is None else self.leads[index] | {"id": index}

    def _within(
        self, rows: Iterable[dict[str, Any]], kind: str, moment: str, group: str | None
    ) -> list[dict[str, Any]]:
        found = []
        for row in rows:
            lead = row if kind == "lead" else self._lead(row)
            at = row[moment] if self.basis is Basis.PERIOD else lead.get("captured_at")
            if row[moment] is None or at is None or not PERIOD.contains(_day(at)):
                continue
            if group is None or self.group_of(row | {"of_lead": lead}, kind, at) == group:
                found.append(row)
        return found


def _day(at: datetime) -> date:
    return at.astimezone(TOKYO).date()


def _rate(upper: int, lower: int) -> tuple[float | None, int, int]:
    return (upper / lower if lower else None, upper, lower)


def _over(measure: Callable[[list[float]], float], values: list[float]) -> tuple[float | None, None, int]:
    return (measure(values) if values else None, None, len(values))


class Written:
    """A history put into the tables, and how a row's group is found in Python."""

    def __init__(self, history: History) -> None:
        leads, handoffs, deals = history
        self.people = [factories.user(f"seller{n}", role="sales_rep", side="sales") for n in range(2)]
        self.campaign = Campaign.objects.create(name="Expo")
        self.by = factories.creator()
        self.leads = [self._lead(facts) for facts in leads]
        for number, facts in enumerate(handoffs):
            self._handoff(number, facts)
        for facts in deals:
            self._deal(facts)

    def _person(self, index: int | None) -> User | None:
        return None if index is None else self.people[index]

    def _lead(self, facts: dict[str, Any]) -> Lead:
        campaign = None if facts["campaign"] is None else self.campaign
        owner = self._person(facts["owner"])
        return factories.lead(**facts | {"campaign": campaign, "owner": owner, "created_by": self.by})

    def _handoff(self, number: int, facts: dict[str, Any]) -> None:
        is_decided = facts["status"] != "withdrawn"
        Handoff.objects.create(
            lead=self.leads[facts["lead"]],
            attempt=number,
            status=facts["status"],
            stamp={},
            routing={},
            submitted_by=self.by,
            offered_at=facts["offered_at"],
            offered_to=self._person(facts["offered_to"]),
            decided_at=facts["decided_at"],
            decided_by=self._person(facts["decided_by"]) if is_decided else None,
            reason=factories.rejection_reason(),
            business_seconds_to_decide=facts["seconds"],
        )

    def _deal(self, facts: dict[str, Any]) -> None:
        Deal.objects.create(
            lead=None if facts["lead"] is None else self.leads[facts["lead"]],
            opened_at=facts["opened_at"],
            won_at=facts["ended_at"] if facts["is_won"] else None,
            lost_at=None if facts["is_won"] else facts["ended_at"],
            amount=facts["amount"],
            product=facts["product"],
            owner=self._person(facts["owner"]),
            created_by=self.by,
            created_at=START,
        )

    def group_of(self, group_by: GroupBy) -> Callable[[dict[str, Any], str, datetime], str]:
        """The key of the group in which a row of this kind lies."""
        return {
            GroupBy.MONTH: lambda _row, _kind, at: f"{_day(at):%Y-%m}",
            GroupBy.SOURCE: lambda row, _kind, _at: row["of_lead"].get("source", ""),
            GroupBy.PRODUCT: lambda row, kind, _at: row["product"] if kind == "deal" else "",
            GroupBy.CAMPAIGN: lambda row, _kind, _at: self._key_of_campaign(row),
            GroupBy.OWNER: lambda row, kind, _at: self._key_of_owner(row, kind),
        }[group_by]

    def _key_of_campaign(self, row: dict[str, Any]) -> str:
        return "" if row["of_lead"].get("campaign") is None else str(self.campaign.pk)

    def _key_of_owner(self, row: dict[str, Any], kind: str) -> str:
        whose = row.get("owner")
        if kind == "handoff":
            answered = None if row["status"] == "withdrawn" else row["decided_by"]
            whose = answered if row["offered_to"] is None else row["offered_to"]
        return "" if whose is None else str(self.people[whose].pk)
