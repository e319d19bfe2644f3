"""Whatever happens before, between and after: going apart restores both records but for what somebody changed since,
and nothing is lost. The same machine for leads and for companies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alignment.accounts.models import User
from alignment.kernel.errors import DomainError
from handoff.models import Handoff
from handoff.selectors import history
from leads.models import Account, Deal, Lead, LeadEvent, Touch
from leads.rules.stages import Stage
from leads.services import company_merging, merging
from leads.services.accounts import update_account
from leads.services.leads import update_lead
from tests import factories

NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
BRIEFLY = settings(max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
some = st.integers(0, 59)
texts = st.sampled_from(["", "a", "山田"])
moments = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
Columns = dict[str, Any]
Thing = tuple[str, int]


@dataclass
class Done:
    """A merge as the model remembers it: the survivor before and after, the other, and what followed."""

    pk: int
    survivor: int
    other: int
    before: Columns
    after: Columns
    gone: Columns
    things: set[Thing]
    merged: set[int]
    is_undone: bool = False


class Merges(RuleBasedStateMachine):
    """``where`` is the record that a thing belongs to, ``into`` the one that a merged record is part of now."""

    model: ClassVar[Any]
    service: ClassVar[Any]
    facts: ClassVar[tuple[str, ...]]
    corrected: ClassVar[tuple[str, ...]]
    newcomers: ClassVar[st.SearchStrategy[Columns]]
    others: ClassVar[frozenset[str]]
    """Columns that are no facts of a record itself; ``facts`` are chosen, ``corrected`` changed."""

    def __init__(self, mai: User) -> None:
        super().__init__()
        self.mai, self.now = mai, NOW
        self.where: dict[Thing, int] = {}
        self.into: dict[int, int | None] = {}
        self.merges: list[Done] = []
        self.event_count = 0
        self.life = transaction.atomic()
        self.life.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.life.__exit__(None, None, None)

    # -- what people do ------------------------------------------------------------------------------

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        for _number in range(3):
            self.come(data.draw(self.newcomers))

    @precondition(lambda self: len(self.into) < 5)
    @rule(data=st.data())
    def another(self, data: st.DataObject) -> None:
        self.come(data.draw(self.newcomers))

    @rule(
        one=some,
        other=some,
        chosen=st.dictionaries(some, st.booleans(), max_size=2),
        then=st.sampled_from(["stay", "part", "regret"]),
        changes=st.lists(st.tuples(some, texts), max_size=2),
    )
    def merge(self, one: int, other: int, chosen: dict[int, bool], then: str, changes: list[tuple[int, str]]) -> None:
        """Two become one, and stay so, or part again at once or after some changes."""
        pair = [self.pick(one)]
        pair.append(self.pick(other, but=pair[0]))
        facts, stored = self.choice(pair, chosen), self.everything()
        before = {pk: self.columns(pk) for pk in pair}
        allowed = not any(self.into[pk] for pk in pair)
        if not self.tries(allowed, lambda: self.service.merge(pair=pair, facts=facts, actor=self.mai, now=self.now)):
            return
        done = self.model.merges.rel.related_model.objects.latest("pk")
        survivor, gone = done.survivor_id, done.merged_id
        things = {thing for thing, pk in self.where.items() if pk == gone and thing[0] != "handoff"}
        merged = {pk for pk, into in self.into.items() if into == gone}
        after = self.columns(survivor)
        if then == "regret":
            self.service.unmerge(merge_id=done.pk, actor=self.mai, now=self.now)
            assert self.everything() == stored
            return
        for name, pk in facts.items():
            assert after[name] == before[pk][name]
        self.merges.append(Done(done.pk, survivor, gone, before[survivor], after, before[gone], things, merged))
        self.where |= dict.fromkeys(things, survivor)
        self.into |= dict.fromkeys({gone, *merged}, survivor)
        for place, value in changes:
            self.change(survivor, self.corrected[place % len(self.corrected)], value)
        if then == "part":
            self.part(self.merges[-1])

    @precondition(lambda self: self.merges)
    @rule(which=some)
    def separate(self, which: int) -> None:
        still = [done for done in self.merges if which % 5 == 0 or not done.is_undone] or self.merges
        self.part(still[which // 5 % len(still)])

    @rule(which=some, place=some, value=texts)
    def correct(self, which: int, place: int, value: str) -> None:
        pk, name = self.pick(which), self.corrected[place % len(self.corrected)]
        self.tries(self.into[pk] is None, lambda: self.change(pk, name, value))

    def part(self, done: Done) -> None:
        """Separate the two; they must be what they were but for what was changed since."""
        later = [one for one in self.merges if one.survivor == done.survivor and one.pk > done.pk and not one.is_undone]
        allowed = not (done.is_undone or later or self.into[done.survivor])
        was = self.columns(done.survivor)
        if not self.tries(allowed, lambda: self.service.unmerge(merge_id=done.pk, actor=self.mai, now=self.now)):
            return
        done.is_undone = True
        stays = {name for name, value in was.items() if value != done.after.get(name)}
        expected = {name: value for name, value in done.before.items() if name not in stays}
        assert self.columns(done.survivor) == expected | {name: was[name] for name in stays}
        assert self.columns(done.other) == done.gone
        self.where |= {thing: done.other for thing in done.things if self.where[thing] == done.survivor}
        self.into |= {pk: done.other for pk in done.merged if self.into[pk] == done.survivor} | {done.other: None}

    # -- what must hold after each of it -------------------------------------------------------------

    @invariant()
    def all_are_where_the_model_says(self) -> None:
        assert dict(self.model.everything.values_list("pk", "merged_into")) == self.into
        assert dict(self.things()) == self.where

    @invariant()
    def no_event_is_ever_lost(self) -> None:
        count = LeadEvent.objects.count()
        assert count >= self.event_count
        self.event_count = count

    # -- the model -----------------------------------------------------------------------------------

    def come(self, facts: Columns) -> None:
        """A record with these facts."""
        raise NotImplementedError

    def change(self, pk: int, name: str, value: str) -> None:
        """Say otherwise what is known of a record."""
        raise NotImplementedError

    def things(self) -> dict[Thing, int]:
        """All that belongs to a record."""
        raise NotImplementedError

    def everything(self) -> list[Columns]:
        """All that is stored of records and what belongs to them, but for the moment of the last change."""
        found = (self.model.everything, Lead.everything, Deal.objects, Touch.objects, Handoff.objects)
        stored = [dict(row) for rows in found for row in rows.order_by("pk").values()]
        return [{name: value for name, value in row.items() if name != "updated_at"} for row in stored]

    def pick(self, which: int, but: int = 0) -> int:
        """One that stands, and now and then any."""
        found = sorted(pk for pk, into in self.into.items() if pk != but and (into is None or which % 5 == 0))
        return found[which // 5 % len(found)] if found else self.pick(which - which % 5, but)

    def columns(self, pk: int) -> Columns:
        """What is known of a record; of its custom facts each by itself."""
        row = dict(self.model.everything.filter(pk=pk).values().get())
        custom = {f"custom.{key}": value for key, value in row.pop("custom", {}).items()}
        return {name: value for name, value in row.items() if name not in self.others} | custom

    def choice(self, pair: list[int], chosen: dict[int, bool]) -> dict[str, int]:
        """Of some facts the value of the one or the other, where it has one."""
        names = {self.facts[place % len(self.facts)]: pair[is_second] for place, is_second in chosen.items()}
        return {name: pk for name, pk in names.items() if self.columns(pk).get(name) not in ("", None)}

    def tries(self, allowed: bool, act: Callable[[], object]) -> bool:
        """Do it; it must be refused exactly where the model says so, and then leave nothing."""
        try:
            with transaction.atomic():
                act()
        except DomainError:
            assert not allowed
            return False
        assert allowed
        return True


class LeadMerges(Merges):
    """Leads with their touches, deals and handoffs."""

    model, service = Lead, merging
    facts = ("job_title", "note")
    corrected = (*facts, "custom.a")
    others = frozenset({"updated_at", "merged_into_id"})

    newcomers = st.fixed_dictionaries(
        dict.fromkeys(("phone", "job_title", "note"), texts)
        | {
            "stage": st.sampled_from([Stage.CAPTURED, Stage.NURTURE, Stage.CLOSED, Stage.CUSTOMER, Stage.WITH_SALES]),
            "captured_at": moments,
            "qualified_at": st.none() | moments,
            "custom": st.dictionaries(st.sampled_from("ab"), texts, max_size=2),
        }
    )

    def come(self, facts: Columns) -> None:
        self.into[factories.lead(**facts).pk] = None

    def change(self, pk: int, name: str, value: str) -> None:
        facts = {"custom": {name[7:]: value}} if name.startswith("custom.") else {name: value}
        update_lead(lead_id=pk, facts=facts, seen=None, actor=self.mai, now=self.now)

    @rule(which=some, kind=st.sampled_from(["touch", "deal", "handoff"]))
    def happen(self, which: int, kind: str) -> None:
        lead = Lead.objects.get(pk=self.pick(which * 5 + 1))
        made = {
            "touch": lambda: factories.touch(lead),
            "deal": lambda: factories.deal(lead=lead),
            "handoff": lambda: factories.handoff(lead, status="rejected"),
        }[kind]()
        self.where[kind, made.pk] = lead.pk

    @invariant()
    def all_is_found_from_the_lead_that_stands(self) -> None:
        for (kind, pk), lead in self.where.items():
            root = self.into[lead] or lead
            if kind == "handoff":
                assert pk in {handoff.pk for handoff in history.of_lead(root)}
            else:
                assert root == lead

    def things(self) -> dict[Thing, int]:
        found = {"touch": Touch, "deal": Deal, "handoff": Handoff}
        return {(kind, pk): lead for kind, of in found.items() for pk, lead in of.objects.values_list("pk", "lead")}


class CompanyMerges(Merges):
    """Companies with their leads and deals, in a tree."""

    model, service = Account, company_merging
    facts = corrected = ("industry", "address")
    others = frozenset({"merged_into_id", "parent_id"})

    newcomers = st.fixed_dictionaries(
        dict.fromkeys(("industry", "address"), texts)
        | {
            "corporate_number": st.sampled_from(["", "4011001098993", "7000012050002"]),
            "employee_count": st.none() | st.integers(0, 2),
            "is_key_account": st.booleans(),
            "created_at": moments,
        }
    )

    def come(self, facts: Columns) -> None:
        self.into[factories.account(**facts).pk] = None

    def change(self, pk: int, name: str, value: str) -> None:
        facts: Any = {name: value}
        update_account(account_id=pk, actor=self.mai, now=self.now, **facts)

    @rule(which=some, parent=some)
    def belong(self, which: int, parent: int) -> None:
        """Where it can, it becomes a part of another one."""
        pk, top = self.pick(which), self.pick(parent)
        is_top = Account.objects.filter(pk=top, parent=None).exclude(pk=pk).exists()
        stays = Account.objects.filter(pk=pk, parent=top).exists()
        fits = is_top and not Account.objects.filter(parent=pk).exists()
        self.tries(
            self.into[pk] is None and (fits or stays),
            lambda: update_account(account_id=pk, parent_id=top, actor=self.mai, now=self.now),
        )

    @rule(which=some, kind=st.sampled_from(["lead", "deal"]))
    def happen(self, which: int, kind: str) -> None:
        account = Account.objects.get(pk=self.pick(which * 5 + 1))
        made = factories.lead(account=account) if kind == "lead" else factories.deal(account=account)
        self.where[kind, made.pk] = account.pk

    @invariant()
    def what_stands_has_a_parent_that_stands(self) -> None:
        assert not Account.everything.filter(parent__merged_into__isnull=False).exists()
        assert not Account.everything.filter(parent__parent__isnull=False).exists()

    def things(self) -> dict[Thing, int]:
        found = {"lead": Lead.everything, "deal": Deal.objects}
        return {(kind, pk): of for kind, rows in found.items() for pk, of in rows.values_list("pk", "account")}


@pytest.mark.django_db
@pytest.mark.parametrize("machine", [LeadMerges, CompanyMerges])
def test_any_life_of_merged_records(machine: type[Merges], mai: User) -> None:
    run_state_machine_as_test(lambda: machine(mai), settings=BRIEFLY)
