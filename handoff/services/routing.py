"""Who is asked: the first rule that fits, and in its team the person whose turn it is."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Route:
    """Where an offer goes. ``user`` empty: the team's queue; ``team`` empty too: the queue of all of sales."""

    team: Team | None
    user: User | None
    stamp: dict[str, Any]


def route(*, lead: Lead, now: datetime, calendars: Calendars) -> Route:
    """Choose where an offer of this lead goes and say why. Inside the transaction of the offer.

    The row of the rule that fits stays locked until then, so turns are taken one after the other and shares are exact.
    Who is not there to take a turn loses none; where nobody is, the team owes the decision.
    """
    rules = list(RoutingRule.objects.filter(is_active=True).select_related("team").order_by("position", "pk"))
    tried, rule = _first_match(lead, rules, now)
    stamp: dict[str, Any] = {"rule": None, "rule_name": "", "team": None, "team_name": "", "tried": tried}
    if rule is None:
        reason = RoutingReason.NO_RULE
        return Route(None, None, stamp | {"chosen": None, "chosen_name": "", "reason_code": reason.value})
    people = {person.pk: person for person in members(rule.team)}
    choice = _take_turn(rule, calendars.of_people(people.values()), now)
    user = people.get(choice.user_id) if choice.user_id else None
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


def _first_match(
    lead: Lead, rules: list[RoutingRule], now: datetime
) -> tuple[list[dict[str, Any]], RoutingRule | None]:
    """The rules that were tried, in order, and the one that fits; every condition is answered by one query."""
    conditions = {rule.pk: _condition(rule) for rule in rules}
    answers = _answers(lead, {pk: condition for pk, condition in conditions.items() if condition}, now)
    tried: list[dict[str, Any]] = []
    for rule in rules:
        fits = answers.get(rule.pk, False)
        fault = {} if conditions[rule.pk] else {"fault": True}
        tried.append({"rule": rule.pk, "name": rule.name, "matched": fits} | fault)
        if fits:
            return tried, rule
    return tried, None


def _condition(rule: RoutingRule) -> Condition | None:
    try:
        return parse(rule.condition)
    except ConditionFault:  # a field that is gone: the rule fits nobody, and the stamp and the page of rules say so
        return None


def _answers(lead: Lead, conditions: dict[int, Condition], now: datetime) -> dict[int, bool]:
    if not conditions:
        return {}
    columns = {
        f"rule_{pk}": truth(compile_condition(condition, lead_model=Lead, now=now))
        for pk, condition in conditions.items()
    }
    row = Lead.objects.filter(pk=lead.pk).annotate(**columns).values(*columns).get()
    return {pk: row[f"rule_{pk}"] for pk in conditions}


def _take_turn(rule: RoutingRule, people: dict[int, BusinessCalendar], now: datetime) -> Choice:
    RoutingRule.objects.select_for_update().get(pk=rule.pk)
    turns = dict(RotationSlot.objects.filter(rule=rule).values_list("user_id", "last_turn"))
    choice = choose(
        Candidate(pk, turns.get(pk, 0), is_available=is_there(calendar, now=now)) for pk, calendar in people.items()
    )
    if choice.user_id:
        turn = max(turns.values(), default=0) + 1
        RotationSlot.objects.update_or_create(rule=rule, user_id=choice.user_id, defaults={"last_turn": turn})
    return choice
