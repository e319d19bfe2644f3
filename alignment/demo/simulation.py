"""Lives a believable year of one company, step by step and in order of time, through the same doors as live work."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import Organisation, Team, User
from alignment.demo import story
from alignment.demo.newcomers import newcomer
from alignment.demo.story import Words
from handoff.models import Handoff
from handoff.rules.next_steps import NextStep
from handoff.rules.workflow import Status
from handoff.services import activities, clocks, decisions, offers, recycling, submission
from handoff.services.form_submissions import submit_form
from handoff.services.offers import NotQualified
from leads.models import Campaign, CaptureForm, Deal, Definition, Lead
from leads.rules.stages import Stage
from leads.services import deals, definitions
from leads.services.capture import LeadData
from leads.services.definitions import CriterionData
from leads.services.form_submissions import Origin, Sent
from reviews.models import ReviewSeries
from reviews.services import actions, reviews

Step = Callable[[datetime], object]
"""What happens at a moment."""

LEADS_PER_DAY = 1.4
FIRST_VERSION_DAYS = 215
"""Days from the start until both sides sign the second version."""
LAST_HOURS = timedelta(hours=14)
"""In the last business hours more leads come and most still wait, so that a visitor finds work to do."""


@dataclass
class Company:
    """The people and things of the demo company, by their keys in the story."""

    language: str
    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    form: CaptureForm = field(init=False)

    def say(self, words: Words) -> str:
        return words.say(self.language)


class Simulation:
    """A queue of things that people do, each at its moment. Deterministic for a seed and an end."""

    def __init__(self, company: Company, *, start: datetime, end: datetime, seed: int = 7) -> None:
        self.company = company
        self.start, self.end = start, end
        self.random = random.Random(seed)  # noqa: S311 - a story that repeats, not a secret
        self.calendar = Calendars.load().of_organisation()
        self.zone = Organisation.get().zone
        self.recent_from = self._business_hours_before_end(LAST_HOURS)
        self.change_at = self._morning_after(start + timedelta(days=FIRST_VERSION_DAYS))
        self._queue: list[tuple[datetime, int, Step]] = []
        self._order = itertools.count()
        self._quality: dict[int, float] = {}

    def run(self) -> None:
        """Let the year pass."""
        self._agree_first()
        day = self.start.astimezone(self.zone).date()
        while day < self.end.astimezone(self.zone).date():
            self._plan_day(day)
            day += timedelta(days=1)
        self._at(self.change_at, self._agree_second)
        while self._queue:
            at, _order, step = heapq.heappop(self._queue)
            if at <= self.end:
                step(at)

    # -- time ---------------------------------------------------------------------------------------

    def _at(self, at: datetime, step: Step) -> None:
        heapq.heappush(self._queue, (at, next(self._order), step))

    def _later(self, now: datetime, hours: float, step: Step) -> None:
        """Do ``step`` after so many business hours."""
        self._at(self.calendar.add(now, timedelta(hours=max(hours, 0.05))), step)

    def _plan_day(self, day: date) -> None:
        morning = datetime.combine(day, time(8, 30), self.zone)
        self._at(morning, self._housekeeping)
        evening = datetime.combine(day, time(18, 30), self.zone)
        self._at(evening, self._tick)
        busy = self.calendar.is_open(datetime.combine(day, time(10, 30), self.zone))
        rate = LEADS_PER_DAY * (1.25 if busy else 0.15) * (6 if self._is_recent(morning) else 1)
        for _n in range(self._poisson(rate)):
            at = datetime.combine(day, time(9), self.zone) + timedelta(minutes=self.random.randrange(540))
            self._at(at, self._lead_arrives)

    def _is_recent(self, at: datetime) -> bool:
        return at >= self.recent_from

    def _morning_after(self, at: datetime) -> datetime:
        """A little after opening on the next business day."""
        evening = at.astimezone(self.zone).replace(hour=23, minute=0)
        return self.calendar.next_open(evening) + timedelta(minutes=40)

    def _business_hours_before_end(self, hours: timedelta) -> datetime:
        at = self.end
        while self.calendar.elapsed(at, self.end) < hours:
            at -= timedelta(hours=6)
        return at

    def _poisson(self, mean: float) -> int:
        count, left = 0, self.random.expovariate(1)
        while left < mean:
            count += 1
            left += self.random.expovariate(1)
        return count

    def _housekeeping(self, now: datetime) -> None:
        recycling.return_due_leads(now=now)
        self._hand_over_again(now)
        definitions.activate_due_versions(now=now)
        self._tick(now)
        before = set(_review_ids())
        reviews.build_due_reviews(now=now)
        for review_id in set(_review_ids()) - before:
            self._later(now, 12, lambda at, pk=review_id: self._hold_review(pk, at))  # type: ignore[misc]

    def _tick(self, now: datetime) -> None:
        clocks.scan(now=now)

    # -- agree ---------------------------------------------------------------------------------------------

    def _agree_first(self) -> None:
        self._agree(story.first_version(self.company.language), self._morning_after(self.start - timedelta(days=7)))

    def _agree_second(self, now: datetime) -> None:
        self._agree(story.second_version(self.company.language), now)

    def _agree(self, content: dict[str, Any], now: datetime) -> None:
        marketing, sales = self.company.people["lead_marketing"], self.company.people["lead_sales"]
        definition = Definition.objects.get(key="inbound")
        version = definitions.start_draft(definition_id=definition.pk, actor=marketing, now=now)
        definitions.save_draft(
            version_id=version.pk,
            threshold=content["threshold"],
            criteria=[CriterionData(**line) for line in content["criteria"]],
            reason=content["reason"],
            takes_effect_at=None,
            actor=marketing,
            now=now,
        )
        definitions.propose(version_id=version.pk, reason=content["reason"], actor=marketing, now=now)
        definitions.sign(version_id=version.pk, actor=marketing, now=now + timedelta(minutes=10))
        definitions.sign(version_id=version.pk, actor=sales, now=now + timedelta(hours=3))

    # -- capture and hand off --------------------------------------------------------------------------------

    def _lead_arrives(self, now: datetime) -> None:
        changed = now > self.change_at
        weights = [source.share_after if changed else source.share_before for source in story.SOURCES]
        source = self.random.choices(story.SOURCES, weights)[0]
        language, is_recent = self.company.language, self._is_recent(now)
        data, quality = newcomer(source, now, language=language, is_recent=is_recent, random=self.random)
        marketer = self.company.people[self.random.choice(("marketer", "marketer", "marketer2"))]
        if source.key == "web_inquiry" and is_recent:
            self._arrives_by_form(data, quality, now)
            return
        submitted = submission.submit_lead(data=data, actor=marketer, now=now)
        self._quality[submitted.lead.pk] = quality
        if submitted.handoff is not None:
            self._offered(submitted.handoff, quality, now)

    def _arrives_by_form(self, data: LeadData, quality: float, now: datetime) -> None:
        answers = {name: getattr(data, name) for name in story.FORM_ASKS}
        origin = Origin(
            f"{story.SITE}/contact", "https://www.google.com/", {"utm_source": "google", "utm_medium": "cpc"}
        )
        sent = Sent(answers, consent=1, language=self.company.language, once=data.email, origin=origin)
        lead = submit_form(form_id=self.company.form.pk, sent=sent, now=now).lead
        self._quality[lead.pk] = quality
        handoff = lead.handoffs.first()
        if handoff is not None:
            self._offered(handoff, quality, now)

    def _hand_over_again(self, now: datetime) -> None:
        """Marketing looks at what came back from nurture, and offers some of it a second time."""
        returned = Lead.objects.filter(stage=Stage.QUALIFIED, pk__in=self._quality).order_by("pk")
        for pk in returned.values_list("pk", flat=True):
            if self.random.random() >= 0.1:
                continue
            with suppress(NotQualified):  # judged anew when it is offered, it may fall short of the version in force
                handoff = offers.hand_over(lead_id=pk, actor=self.company.people["marketer"], now=now)
                self._offered(handoff, self._quality[pk] + 0.1, now)

    def _offered(self, handoff: Handoff, quality: float, now: datetime) -> None:
        if self._is_recent(now) and self.random.random() < 0.7:
            return
        person = self._decider(handoff)
        pace = next((p.pace for p in story.PEOPLE if self.company.people[p.key] == person), 1.0)
        slow = 1.0 if now > self.change_at else 2.1
        hours = self.random.lognormvariate(0.4, 0.9) * pace * slow
        self._later(now, hours, lambda at: self._decide(handoff.pk, person, quality, at))

    def _decider(self, handoff: Handoff) -> User:
        return handoff.offered_to or self.company.people["lead_sales"]

    # -- act ------------------------------------------------------------------------------------------------------

    def _decide(self, handoff_id: int, person: User, quality: float, now: datetime) -> None:
        if Handoff.objects.get(pk=handoff_id).status != Status.OFFERED:
            return
        if self.random.random() < 1.45 * quality - 0.15:
            handoff = decisions.accept(handoff_id=handoff_id, actor=person, now=now)
            self._later(now, self.random.lognormvariate(1.2, 0.9), lambda at: self._attempt(handoff, quality, 1, at))
            return
        reason, comment = self._reason(quality)
        next_step = NextStep.CLOSE if reason in ("no_fit", "duplicate") else NextStep.RECYCLE
        decisions.reject(
            handoff_id=handoff_id,
            reason=reason,
            comment=comment,
            next_step=next_step,
            recycle_on=None,
            actor=person,
            now=now,
        )

    def _reason(self, quality: float) -> tuple[str, str]:
        if quality < 0.4:
            weights = {"no_fit": 6, "no_need": 5, "insufficient_data": 2, "timing": 1, "duplicate": 1}
        else:
            weights = {"timing": 4, "no_need": 3, "duplicate": 1, "insufficient_data": 1, "no_fit": 1}
        reason = self.random.choices(list(weights), list(weights.values()))[0]
        return reason, self.company.say(_COMMENTS[reason]) if reason in _COMMENTS else ""

    def _attempt(self, handoff: Handoff, quality: float, number: int, now: datetime) -> None:
        person = handoff.decided_by
        assert person is not None
        reached = self.random.random() < 0.35 + 0.4 * quality
        meets = reached and self.random.random() < 0.15 + 0.75 * quality
        tries_again = not reached and number < 4
        outcome = "spoke" if reached else "no_answer"
        self._record(handoff.lead, "call", outcome, person, now, follows=meets or tries_again)
        if meets:
            self._later(now, 8 + 30 * self.random.random(), lambda at: self._meet(handoff, quality, at))
        elif tries_again:
            self._later(now, 8, lambda at: self._attempt(handoff, quality, number + 1, at))

    def _meet(self, handoff: Handoff, quality: float, now: datetime) -> None:
        person = handoff.decided_by
        assert person is not None
        self._record(handoff.lead, "meeting", "met", person, now, follows=True)
        product = self.random.choice(story.PRODUCTS)
        employees = handoff.lead.account.employee_count if handoff.lead.account else 50
        value = 350_000 + 9_000 * min(employees or 50, 600) * self.random.lognormvariate(0, 0.5)
        local = now.astimezone(self.zone).date()
        deal = deals.open_deal(
            lead_id=handoff.lead_id,
            name=f"{handoff.lead.company_name} {self.company.say(product)}",
            amount=Decimal(round(value / 10_000) * 10_000),
            expected_on=local + timedelta(days=self.random.randrange(20, 80)),
            product=self.company.say(product),
            actor=person,
            now=now,
        )
        days = self.random.lognormvariate(3.1, 0.6)
        self._later(now, days * 8 * 5 / 7, lambda at: self._close(deal, handoff, quality, at))

    def _close(self, deal: Deal, handoff: Handoff, quality: float, now: datetime) -> None:
        person = handoff.decided_by
        assert person is not None
        quick = (handoff.business_seconds_to_decide or 0) < 2 * 3600
        if self.random.random() < 0.75 * quality - 0.08 + 0.12 * quick:
            reason = self.random.choice(("product", "speed", "trust"))
            deals.win_deal(deal_id=deal.pk, reason=reason, amount=None, actor=person, now=now)
        else:
            reason = self.random.choices(("price", "no_budget", "competitor", "timing", "no_reply"), (4, 3, 3, 2, 2))[0]
            deals.lose_deal(deal_id=deal.pk, reason=reason, comment="", actor=person, now=now)

    def _record(self, lead: Lead, kind: str, outcome: str, person: User, now: datetime, *, follows: bool) -> None:
        """Note what was done; ``follows``: with a day for what comes next."""
        day = now.astimezone(self.zone).date() + timedelta(days=self.random.randrange(2, 9))
        step_on = day if follows else None
        activities.record(
            lead_id=lead.pk, kind=kind, outcome=outcome, note="", at=now, next_step_on=step_on, actor=person, now=now
        )

    # -- review together ---------------------------------------------------------------------------------------

    def _hold_review(self, review_id: int, now: datetime) -> None:
        """Both managers meet, note what they decided, and close; the newest review stays open for the visitor."""
        if now > self.end - timedelta(days=25):
            return
        manager = self.company.people["lead_sales"]
        words, owner = self.random.choice(_ACTIONS)
        due_on = now.astimezone(self.zone).date() + timedelta(days=21)
        action = actions.add_action(
            review_id=review_id,
            title=self.company.say(words),
            owner_id=self.company.people[owner].pk,
            due_on=due_on,
            target_kpi="acceptance_rate",
            actor=manager,
            now=now,
        )
        if self.random.random() < 0.8:
            self._later(now, 90, lambda at: actions.finish_action(action_id=action.pk, actor=manager, now=at))
        reviews.close_review(review_id=review_id, actor=manager, now=now)


_COMMENTS = {
    "no_fit": Words("従業員数が少なく校正の予算がありません。", "Too small a plant, no calibration budget."),
    "insufficient_data": Words("電話番号が違いました。", "The phone number was wrong."),
    "other": Words("詳細は面談で確認します。", "To be discussed."),
}
_ACTIONS = (
    (Words("名簿メールの配信先を見直す", "Review who gets the directory mailing"), "marketer"),
    (Words("展示会の名刺は3日以内に登録する", "Enter fair cards within three days"), "marketer2"),
    (Words("午前中に受信箱を確認する", "Look at the inbox every morning"), "rep4"),
    (Words("失注理由を商談記録に書く", "Write down why a deal was lost"), "rep2"),
)


def _review_ids() -> list[int]:
    return [pk for series in ReviewSeries.objects.all() for pk in series.reviews.values_list("pk", flat=True)]
