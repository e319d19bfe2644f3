"""The routing rules as sentences, in the order in which they are tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from handoff.models import Handoff, RoutingRule
from leads.rules.conditions import ConditionFault, Test, leaves, parse
from leads.rules.fields import Vocabulary
from leads.rules.sentences import say
from leads.selectors.stated import Stated, states_conditions
from leads.selectors.vocabulary import known

RECENT = timedelta(days=30)


@dataclass(frozen=True)
class RuleView:
    """One rule: when (in words) which team is asked, and how often lately. ``fault``: it cannot be read any more."""

    rule: RoutingRule
    sentence: str
    fault: str
    offers: int
    fits_one_row: bool

    @property
    def is_for_all(self) -> bool:
        return self.rule.condition == {"all": []}


def rules(*, now: datetime) -> list[RuleView]:
    """All rules, those in use first, each in the order of trying."""
    recent = Handoff.objects.filter(offered_at__gte=now - RECENT).order_by()
    made = dict(recent.values_list("routing__rule").annotate(count=Count("pk")))
    found = RoutingRule.objects.select_related("team").order_by("-is_active", "position", "pk")
    vocabulary = known()
    return [_view(rule, made.get(rule.pk, 0), vocabulary) for rule in found]


def rules_on(field: str) -> list[RoutingRule]:
    """The rules in use that look at the field of this key, in the order of trying."""
    vocabulary = known()
    rules = RoutingRule.objects.filter(is_active=True).order_by("position", "pk")
    return [rule for rule in rules if field in _fields_of(rule, vocabulary)]


@states_conditions
def conditions_of_rules() -> list[Stated]:
    """The condition of each rule, for what wants to know where something is in use."""
    rules = RoutingRule.objects.order_by("-is_active", "position", "pk")
    return [Stated(rule.name, rule.condition, is_binding=rule.is_active) for rule in rules]


def fits_one_row(rule: RoutingRule) -> bool:
    """True where the form can show the whole condition; a larger one can only be read."""
    return rule.condition == {"all": []} or "field" in rule.condition


def _fields_of(rule: RoutingRule, vocabulary: Vocabulary) -> set[str]:
    try:
        return {leaf.field.key for leaf in leaves(parse(rule.condition, vocabulary)) if isinstance(leaf, Test)}
    except ConditionFault:
        return set()


def _view(rule: RoutingRule, offers: int, vocabulary: Vocabulary) -> RuleView:
    try:
        return RuleView(rule, say(parse(rule.condition, vocabulary)), "", offers, fits_one_row(rule))
    except ConditionFault as fault:
        return RuleView(rule, "", f"{fault.field}: {fault.message}", offers, fits_one_row(rule))
