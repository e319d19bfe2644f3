"""Whatever people do, in whatever order: what is there is what the events tell, and a small model foretells it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError
from alignment.outbox.models import Notice
from handoff.models import Clock, Handoff
from handoff.services import activities, clocks, decisions, offers, recycling, submission
from leads.models import Deal, Lead
from leads.rules.stages import Stage
from leads.services import accounts, deals
from leads.services.capture import LeadData

BIG, SMALL = 250, 3
AFTERWARDS = {"timing": Stage.NURTURE, "duplicate": Stage.CLOSED}
"""Where a lead goes that sales gives back with this reason."""

some = st.integers(min_value=0, max_value=10**6)


class Lives(RuleBasedStateMachine):
    """Marketers, reps and a manager act; ``stages`` and ``sizes`` are all that the model knows of a lead."""

    def __init__(self, people: dict[str, User], now: datetime) -> None:
        super().__init__()
        self.people, self.now = people, now
        self.stages: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        self.qualified: dict[int, datetime] = {}
        self.life = transaction.atomic()
        self.life.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.life.__exit__(None, None, None)

    # -- what people do ------------------------------------------------------------------------------

    @precondition(lambda self: len(self.stages) < 3)  # few leads, long lives
    @rule(employees=st.sampled_from([BIG, SMALL]))
    def submit(self, employees: int) -> None:
        data = LeadData(full_name="X", company_name=f"Works {len(self.stages)}", employee_count=employees)
        done = submission.submit_lead(data=data, actor=self.people["mai"], now=self.now)
        self.sizes[done.lead.pk] = employees
        self.stages[done.lead.pk] = Stage.OFFERED if employees == BIG else Stage.CAPTURED

    @precondition(lambda self: self.stages)
    @rule(which=some, employees=st.sampled_from([BIG, SMALL]))
    def correct(self, which: int, employees: int) -> None:
        lead = self.lead(which)
        accounts.update_account(
            account_id=lead.account_id,
            industry="",
            prefecture="",
            employee_count=employees,
            is_key_account=False,
            actor=self.people["mai"],
            now=self.now,
        )
        self.sizes[lead.pk] = employees
        if self.stages[lead.pk] in (Stage.CAPTURED, Stage.QUALIFIED):
            self.stages[lead.pk] = self.judged(lead.pk)

    @precondition(lambda self: self.stages)
    @rule(which=some)
    def hand_over(self, which: int) -> None:
        lead = self.lead(which)
        allowed = self.stages[lead.pk] == Stage.QUALIFIED
        if self.tries(allowed, lambda: offers.hand_over(lead_id=lead.pk, actor=self.people["mai"], now=self.now)):
            self.stages[lead.pk] = Stage.OFFERED

    @precondition(lambda self: self.stages)
    @rule(which=some, who=st.sampled_from(["ren", "riku", "sora", "mai"]))
    def accept(self, which: int, who: str) -> None:
        handoff, allowed = self.asked(which, who)
        if handoff and self.tries(
            allowed, lambda: decisions.accept(handoff_id=handoff.pk, actor=self.people[who], now=self.now)
        ):
            self.answered(handoff, Stage.WITH_SALES)

    @precondition(lambda self: self.stages)
    @rule(which=some, who=st.sampled_from(["ren", "riku", "sora"]), reason=st.sampled_from(sorted(AFTERWARDS)))
    def reject(self, which: int, who: str, reason: str) -> None:
        handoff, allowed = self.asked(which, who)
        if handoff and self.tries(
            allowed,
            lambda: decisions.reject(handoff_id=handoff.pk, reason=reason, actor=self.people[who], now=self.now),
        ):
            self.answered(handoff, AFTERWARDS[reason])

    @precondition(lambda self: self.stages)
    @rule(which=some, who=st.sampled_from(["mai", "ren"]))
    def withdraw(self, which: int, who: str) -> None:
        handoff = self.last_of(which)
        allowed = bool(handoff) and who == "mai" and handoff.status == "offered"
        if handoff and self.tries(
            allowed, lambda: decisions.withdraw(handoff_id=handoff.pk, actor=self.people[who], now=self.now)
        ):
            self.answered(handoff, self.judged(handoff.lead_id))

    @precondition(lambda self: self.stages)
    @rule(which=some)
    def call(self, which: int) -> None:
        lead = self.lead(which)
        allowed = self.stages[lead.pk] in (Stage.WITH_SALES, Stage.CUSTOMER)
        doing = {"kind": "call", "outcome": "spoke", "actor": self.people["sora"], "now": self.now}
        self.tries(allowed, lambda: activities.record(lead_id=lead.pk, **doing))

    @precondition(lambda self: self.stages)
    @rule(which=some, ends=st.sampled_from(["won", "lost", "open"]))
    def sell(self, which: int, ends: str) -> None:
        lead, by = self.lead(which), {"actor": self.people["sora"], "now": self.now}
        allowed = self.stages[lead.pk] in (Stage.WITH_SALES, Stage.CUSTOMER)
        facts = {"name": "D", "amount": 5, "expected_on": None, "product": ""}
        if not self.tries(allowed, lambda: deals.open_deal(lead_id=lead.pk, **facts, **by)):
            return
        deal = Deal.objects.latest("pk")
        if ends == "won":
            deals.win_deal(deal_id=deal.pk, reason="product", amount=None, **by)
            self.stages[lead.pk] = Stage.CUSTOMER
        elif ends == "lost":
            deals.lose_deal(deal_id=deal.pk, reason="price", comment="", **by)

    @rule(days=st.sampled_from([0, 1, 30, 100]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, minutes=7)
        clocks.scan(now=self.now)
        today = self.now.date()
        back = [pk for pk in self.stages if (on := Lead.objects.get(pk=pk).recycle_on) and on <= today]
        recycling.return_due_leads(now=self.now)
        for pk in back:
            self.stages[pk] = self.judged(pk)

    # -- what must hold after each of it -------------------------------------------------------------

    @invariant()
    def leads_stand_where_the_model_says(self) -> None:
        assert dict(Lead.objects.values_list("pk", "stage")) == self.stages

    @invariant()
    def states_are_what_the_events_tell(self) -> None:
        for handoff in Handoff.objects.prefetch_related("events"):
            status = ""
            for event in sorted(handoff.events.all(), key=lambda event: event.pk):
                assert event.old_status == status
                status = event.new_status
            assert status == handoff.status
        for lead in Lead.objects.prefetch_related("events"):
            stage = ""
            for event in sorted(lead.events.all(), key=lambda event: event.pk):
                if event.new_stage:
                    assert event.old_stage == stage
                    stage = event.new_stage
            assert stage == lead.stage

    @invariant()
    def an_offer_is_open_exactly_where_sales_is_asked(self) -> None:
        asked = sorted(Handoff.objects.filter(status="offered").values_list("lead_id", flat=True))
        assert asked == sorted(pk for pk, stage in self.stages.items() if stage == Stage.OFFERED)

    @invariant()
    def every_open_offer_has_a_clock_and_no_other_does(self) -> None:
        owed = Clock.objects.filter(duty="decide", met_at=None, stopped_at=None)
        assert sorted(owed.values_list("handoff_id", flat=True)) == sorted(
            Handoff.objects.filter(status="offered").values_list("pk", flat=True)
        )

    @invariant()
    def whoever_has_to_know_is_told_once(self) -> None:
        keys = list(Notice.objects.exclude(key="").values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        told = {key.rsplit(":", 1)[0] for key in keys}
        handoffs = Handoff.objects.values_list("pk", "status")
        assert {f"offered:{pk}" for pk, _status in handoffs} <= told
        assert {f"decided:{pk}" for pk, status in handoffs if status != "offered"} <= told

    @invariant()
    def the_first_qualification_is_never_forgotten(self) -> None:
        found = dict(Lead.objects.filter(qualified_at__isnull=False).values_list("pk", "qualified_at"))
        assert self.qualified.items() <= found.items()
        self.qualified = found

    # -- the model -----------------------------------------------------------------------------------

    def lead(self, which: int) -> Lead:
        return Lead.objects.get(pk=sorted(self.stages)[which % len(self.stages)])

    def judged(self, pk: int) -> str:
        return Stage.QUALIFIED if self.sizes[pk] == BIG else Stage.CAPTURED

    def last_of(self, which: int) -> Handoff | None:
        return self.lead(which).handoffs.order_by("-attempt").first()

    def asked(self, which: int, who: str) -> tuple[Handoff | None, bool]:
        """The last handoff of a lead, and whether this person may answer it now."""
        handoff = self.last_of(which)
        may = handoff is not None and (who == "sora" or handoff.offered_to == self.people[who])
        return handoff, may and handoff.status == "offered"

    def answered(self, handoff: Handoff, stage: str) -> None:
        self.stages[handoff.lead_id] = stage

    def tries(self, allowed: bool, act) -> bool:
        """Do it; it must be refused exactly where the model says so, and then leave nothing."""
        try:
            with transaction.atomic():
                act()
        except DomainError:
            assert not allowed
            return False
        assert allowed
        return True


@pytest.mark.django_db
def test_any_life_of_leads_is_what_its_events_tell(version, rule, mai, ren, riku, sora, now):
    people = {"mai": mai, "ren": ren, "riku": riku, "sora": sora}

    run_state_machine_as_test(
        lambda: Lives(people, now),
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
