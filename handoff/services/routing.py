"""Who is asked: the first rule that fits, and in its team the person whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alignment.accounts.calendars import Calendars
from alignment.accounts.models import Team, User
from alignment.accounts.roles import Role
from alignment.kernel.calendar import BusinessCalendar, NoOpenTime
from handoff.models import RotationSlot, RoutingRule
from handoff.rules.routing import Candidate, Choice, RoutingReason, choose
from leads.models import Lead
from leads.querysets import compile_condition, truth
from leads.rules.conditions import Condition, ConditionFault, parse
from leads.rules.fields import Vocabulary
from leads.selectors.vocabulary import known


@dataclass(frozen=True)
class Route:
    """Where an offer goes. ``user`` empty: the team's queue; ``team`` empty too: the queue of all of sales."""

    team: Team | None
    user: User | None
    stamp: dict[str, Any]


def route(*, lead: Lead, now: datetime, calendars: Calendars) -> Route:
    """Choose where an offer of this lead goes and say why. Inside the transaction of the offer."""
    return routes(leads=[lead], now=now, calendars=calendars)[lead.pk]


def routes(*, leads: Sequence[Lead], now: datetime, calendars: Calendars) -> dict[int, Route]:
    """Choose where offers of these leads go, in this order, and say why. Inside the transaction of the offers.

    The rows of the rules that fit stay locked until then, so turns are taken one after the other and shares are exact.
    Who is not there to take a turn loses none; where nobody is, the team owes the decision.
    """
    rules = list(RoutingRule.objects.filter(is_active=True).select_related("team").order_by("position", "pk"))
    matches = _first_matches(leads, rules, now)
    fitting = {rule.pk: rule for _tried, rule in matches.values() if rule}
    rotations = {pk: _Rotation(fitting[pk], now, calendars) for pk in sorted(fitting)}
    chosen = {pk: _route(tried, rotations[rule.pk] if rule else None) for pk, (tried, rule) in matches.items()}
    for rotation in rotations.values():
        rotation.save()
    return chosen


def _route(tried: list[dict[str, Any]], rotation: _Rotation | None) -> Route:
    stamp: dict[str, Any] = {"rule": None, "rule_name": "", "team": None, "team_name": "", "tried": tried}
    if rotation is None:
        reason = RoutingReason.NO_RULE
        return Route(None, None, stamp | {"chosen": None, "chosen_name": "", "reason_code": reason.value})
    rule, choice = rotation.rule, rotation.take_turn()
    user = rotation.people.get(choice.user_id) if choice.user_id else None
    return Route(
        team=rule.team,
        user=user,
        stamp=stamp
        | {
            "rule": rule.pk,
            "rule_name": rule.name,
            "team": rule.team.pk,
            "team_name": rule.team.name,
            "chosen": user.pk if user else None,
            "chosen_name": user.full_name if user else "",
            "available": choice.available,
            "members": choice.members,
            "reason_code": choice.reason.value,
        },
    )


def members(team: Team) -> list[User]:
    """The sales reps of a team who may sign in."""
    reps = User.objects.active().filter(role=Role.SALES_REP, team=team)
    return list(reps.select_related("team").order_by("pk"))


def is_there(calendar: BusinessCalendar, *, now: datetime) -> bool:
    """Whether the person is at work on the day of their next working time: on Friday night Monday counts."""
    try:
        next_work = replace(calendar, absent=()).next_open(now)
    except NoOpenTime:  # hours that never open say nothing of an absence
        next_work = now
    day = next_work.astimezone(calendar.zone).date()
    return not any(first <= day <= last for first, last in calendar.absent)


Match = tuple[list[dict[str, Any]], RoutingRule | None]
"""The rules that were tried, in order, and the one that fits."""


def _first_matches(leads: Sequence[Lead], rules: list[RoutingRule], now: datetime) -> dict[int, Match]:
    """The match of each lead, by its id; every condition is answered for all leads by one query."""
    vocabulary = known()
    conditions = {rule.pk: _condition(rule, vocabulary) for rule in rules}
    answers = _answers(leads, {pk: condition for pk, condition in conditions.items() if condition}, now)
    return {lead.pk: _first_match(rules, conditions, answers.get(lead.pk, {})) for lead in leads}


def _first_match(
    rules: list[RoutingRule], conditions: Mapping[int, Condition | None], answers: Mapping[int, bool]
) -> Match:
    tried: list[dict[str, Any]] = []
    for rule in rules:
        fits = answers.get(rule.pk, False)
        fault = {} if conditions[rule.pk] else {"fault": True}
        tried.append({"rule": rule.pk, "name": rule.name, "matched": fits} | fault)
        if fits:
            return tried, rule
    return tried, None


def _condition(rule: RoutingRule, vocabulary: Vocabulary) -> Condition | None:
    try:
        return parse(rule.condition, vocabulary)
    except ConditionFault:  # a field that is gone: the rule fits nobody, and the stamp and the page of rules say so
        return None


def _answers(leads: Sequence[Lead], conditions: dict[int, Condition], now: datetime) -> dict[int, dict[int, bool]]:
    if not conditions:
        return {}
    columns = {
        f"rule_{pk}": truth(compile_condition(condition, lead_model=Lead, now=now))
        for pk, condition in conditions.items()
    }
    rows = Lead.objects.filter(pk__in=[lead.pk for lead in leads]).annotate(**columns).values("pk", *columns)
    return {row["pk"]: {pk: row[f"rule_{pk}"] for pk in conditions} for row in rows}


class _Rotation:
    """The turns of one rule, which stays locked until the transaction ends."""

    def __init__(self, rule: RoutingRule, now: datetime, calendars: Calendars) -> None:
        self.rule = rule
        self.people = {person.pk: person for person in members(rule.team)}
        there = calendars.of_people(self.people.values())
        self._is_there = {pk: is_there(calendar, now=now) for pk, calendar in there.items()}
        RoutingRule.objects.select_for_update().get(pk=rule.pk)
        self._turns = dict(RotationSlot.objects.filter(rule=rule).values_list("user_id", "last_turn"))
        self._taken: set[int] = set()

    def take_turn(self) -> Choice:
        """Whoever is next; not saved yet."""
        choice = choose(
            Candidate(pk, self._turns.get(pk, 0), is_available=is_there) for pk, is_there in self._is_there.items()
        )
        if choice.user_id:
            self._turns[choice.user_id] = max(self._turns.values(), default=0) + 1
            self._taken.add(choice.user_id)
        return choice

    def save(self) -> None:
        """Keep the turns that were taken."""
        slots = [RotationSlot(rule=self.rule, user_id=pk, last_turn=self._turns[pk]) for pk in sorted(self._taken)]
        RotationSlot.objects.bulk_create(
            slots, update_conflicts=True, unique_fields=["rule", "user"], update_fields=["last_turn"]
        )
