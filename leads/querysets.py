"""Named conditions on leads, and the one place where a condition becomes SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    F,
    FloatField,
    Func,
    IntegerField,
    Lookup,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce, Collate, NullIf
from django.db.models.lookups import (
    Contains,
    Exact,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Regex,
    StartsWith,
)

from alignment.accounts.models import Organisation
from leads.rules.conditions import Condition, Group, Negation, Op, Test, TouchCount
from leads.rules.fields import Field, FieldType
from leads.rules.path import TURNS
from leads.rules.stages import Stage

if TYPE_CHECKING:
    from leads.models import Lead  # noqa: F401 - names the type of the queryset

Moment = datetime | F
_COMPARISONS: dict[Op, type[Lookup[Any]]] = {Op.IS: Exact, Op.CONTAINS: Contains, Op.STARTS_WITH: StartsWith}
_LOOKUPS = {Op.AT_LEAST: "gte", Op.AT_MOST: "lte"}


class Folded(Func):
    """A text without case and width: ＷＥＢ, Web and web are one."""

    template = "LOWER(NORMALIZE(%(expressions)s, NFKC))"
    output_field = TextField()


def standing(to_lead: str = "") -> Q:
    """Whether a lead counts; ``to_lead`` is the way there from the rows that are asked (``leads__``)."""
    return Q(**{f"{to_lead}merged_into": None, f"{to_lead}taken_back_by": None})


class LeadQuerySet(QuerySet["Lead"]):
    """Chainable predicates on leads."""

    def matching(self, condition: Condition, *, now: datetime) -> LeadQuerySet:
        """Only leads for which the condition holds at ``now``."""
        return self.filter(compile_condition(condition, lead_model=self.model, now=now))

    def standing(self) -> LeadQuerySet:
        """Neither part of another lead by now, nor taken back with the import that made it."""
        return self.filter(standing())

    def in_stage(self, *stages: Stage) -> LeadQuerySet:
        return self.filter(stage__in=stages)

    def in_turn(self, turn: str) -> LeadQuerySet:
        """Leads that marketing or sales has to move, or "nobody": what ``rules.path.turn`` says, as SQL."""
        by_side = [stage for stage, side in TURNS.items() if (side or "nobody") == turn]
        ruled_out = truth(Q(stage=Stage.CAPTURED, verdict__is_disqualified=True))
        found = self.alias(is_ruled_out=ruled_out)
        if turn == "nobody":
            return found.filter(Q(stage__in=by_side) | Q(is_ruled_out=True))
        return found.filter(stage__in=by_side, is_ruled_out=False)

    def search(self, words: str) -> LeadQuerySet:
        """Leads whose name, company or address contains every word; an id of another tool is found whole."""
        found = self
        for word in words.split()[:5]:
            found = found.filter(
                Q(full_name__icontains=word)
                | Q(full_name_kana__icontains=word)
                | Q(company_name__icontains=word)
                | Q(email__icontains=word)
                | Q(external_id=word)
            )
        return found


def compile_condition(condition: Condition, *, lead_model: type[Model], now: Moment) -> Q:
    """The condition as one SQL expression over leads: the same for a single lead and for all of them.

    ``now`` may be a column of the lead: ``F("captured_at")`` asks what held when each lead was captured.

    Every test becomes a CASE that is true or false, never NULL, so that ``not`` means what it says where a fact is
    not known. Field paths come from the table of fields alone, and the key of a field that admins made is a parameter;
    no key of the tree reaches the ORM.
    """
    match condition:
        case Group():
            parts = [compile_condition(part, lead_model=lead_model, now=now) for part in condition.parts]
            return _together(parts, every=condition.every)
        case Negation():
            return ~compile_condition(condition.part, lead_model=lead_model, now=now)
        case TouchCount():
            return Q(truth(Q(_at_least(condition, lead_model, now))))
        case Test():
            return Q(truth(_test(condition, now)))


def seen_value(leaf: Test | TouchCount, *, lead_model: type[Model], now: datetime) -> Combinable:
    """The expression of the value that a test looks at, kept in the verdict."""
    if isinstance(leaf, TouchCount):
        return _touch_count(leaf, lead_model, now)
    return fact(leaf.field)


def fact(field: Field) -> Combinable:
    """What is known of a lead under this field; NULL where nothing is, or nothing of the field's type."""
    return _CUSTOM[field.type](field.custom) if field.custom else F(field.path)


def _together(parts: list[Q], *, every: bool) -> Q:
    if not parts:
        return Q(Value(every, output_field=BooleanField()))
    joined = parts[0]
    for part in parts[1:]:
        joined = joined & part if every else joined | part
    return joined


def truth(condition: Q) -> Case:
    """A condition as a column that is true or false, never NULL."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _test(test: Test, now: Moment) -> Q:
    match test.op:
        case Op.IS_BLANK:
            return _blank(test)
        case Op.IS_PRESENT:
            return ~Q(truth(_blank(test)))
        case _ if test.field.custom and test.field.type in _CUSTOM_TESTS:
            return _CUSTOM_TESTS[test.field.type](test, now)
        case _:
            return _TESTS[test.field.type](test, now)


def _text_test(test: Test, _now: Moment) -> Q:
    match test.op:
        case Op.IS_NOT:
            return ~Q(truth(_folded(Exact, test.field, test.value)))
        case Op.IN:
            return _together([_folded(Exact, test.field, item) for item in test.value], every=False)
        case _:
            return _folded(_COMPARISONS[test.op], test.field, test.value)


def _folded(comparison: type[Lookup[Any]], field: Field, value: str) -> Q:
    return Q(comparison(Folded(fact(field)), Folded(Value(value))))


def _number_test(test: Test, _now: Moment) -> Q:
    path = test.field.path
    if test.op is Op.IS:
        return Q(Exact(Cast(path, FloatField()), test.value))  # an integer column would round the value
    # A bound that no integer column reaches holds for every number, but not for an unknown one.
    return Q(**{f"{path}__isnull": False, f"{path}__{_LOOKUPS[test.op]}": test.value})


def _flag_test(test: Test, _now: Moment) -> Q:
    return Q(**{test.field.path: test.op is Op.IS_TRUE})


def _date_test(test: Test, now: Moment) -> Q:
    lookup = "gte" if test.op is Op.WITHIN_DAYS else "lt"
    return Q(**{f"{test.field.path}__{lookup}": now - timedelta(days=test.value)})


_TESTS: dict[FieldType, Callable[[Test, Moment], Q]] = {
    FieldType.TEXT: _text_test,
    FieldType.NUMBER: _number_test,
    FieldType.FLAG: _flag_test,
    FieldType.DATE: _date_test,
}


def _of_json_type(key: str, json_type: str, value: Combinable) -> Case:
    """What stands under a key of ``custom``, where it is of this type: a cast of anything else would fail."""
    found = Func(KeyTransform(key, "custom"), function="jsonb_typeof", output_field=TextField())
    return Case(When(Exact(found, json_type), then=value))


def _custom_text(key: str) -> Case:
    return _of_json_type(key, "string", NullIf(KeyTextTransform(key, "custom"), Value("", output_field=TextField())))


def _custom_number(key: str) -> Case:
    return _of_json_type(key, "number", Exactly(KeyTextTransform(key, "custom")))


def _custom_flag(key: str) -> Case:
    return _of_json_type(key, "boolean", Cast(KeyTextTransform(key, "custom"), BooleanField()))


def _custom_day(key: str) -> Case:
    text = KeyTextTransform(key, "custom")
    return Case(When(Regex(text, r"^\d{4}-\d\d-\d\d$"), then=text))


_CUSTOM: dict[FieldType, Callable[[str], Case]] = {
    FieldType.TEXT: _custom_text,
    FieldType.CHOICE: _custom_text,
    FieldType.NUMBER: _custom_number,
    FieldType.FLAG: _custom_flag,
    FieldType.DAY: _custom_day,
}


class Exactly(Func):
    """A text as the number that it writes, however many places it has."""

    template = "(%(expressions)s)::numeric"
    output_field = FloatField()


class Day(Func):
    """The day on which a moment lies in the zone of the organisation, moved by some days, as YYYY-MM-DD.

    Days that are written so are in order as texts of the collation "C".
    """

    template = "to_char((%(expressions)s)::date + %(days)d, 'YYYY-MM-DD')"
    arg_joiner = " AT TIME ZONE "
    output_field = TextField(db_collation="C")


def _choice_test(test: Test, _now: Moment) -> Q:
    if test.op is Op.IN:
        return _together([Q(Exact(fact(test.field), item)) for item in test.value], every=False)
    is_it = Q(Exact(fact(test.field), test.value))
    return ~Q(truth(is_it)) if test.op is Op.IS_NOT else is_it


def _custom_number_test(test: Test, _now: Moment) -> Q:
    value = Value(test.value, output_field=FloatField())
    return Q(_IN_ORDER.get(test.op, Exact)(fact(test.field), value))


def _custom_flag_test(test: Test, _now: Moment) -> Q:
    return Q(Exact(fact(test.field), test.op is Op.IS_TRUE))


def _day_test(test: Test, now: Moment) -> Q:
    day = Collate(fact(test.field), "C")
    if test.op in _IN_ORDER:
        return Q(_IN_ORDER[test.op](day, Value(test.value)))
    today = _today(now)
    match test.op:
        case Op.WITHIN_DAYS:
            return Q(GreaterThanOrEqual(day, _today(now, -test.value))) & Q(LessThanOrEqual(day, today))
        case Op.NEXT_DAYS:
            return Q(GreaterThanOrEqual(day, today)) & Q(LessThanOrEqual(day, _today(now, test.value)))
        case _:
            return Q(LessThan(day, _today(now, -test.value)))


def _today(now: Moment, days: int = 0) -> Day:
    moment = now if isinstance(now, F) else Value(now, output_field=DateTimeField())
    return Day(moment, Subquery(Organisation.objects.values("time_zone")[:1]), days=days)


_IN_ORDER: dict[Op, type[Lookup[Any]]] = {Op.AT_LEAST: GreaterThanOrEqual, Op.AT_MOST: LessThanOrEqual}
_CUSTOM_TESTS: dict[FieldType, Callable[[Test, Moment], Q]] = {
    FieldType.NUMBER: _custom_number_test,
    FieldType.FLAG: _custom_flag_test,
    FieldType.DAY: _day_test,
    FieldType.CHOICE: _choice_test,
}


def _blank(test: Test) -> Q:
    if test.field.custom:
        return Q(IsNull(fact(test.field), True))
    missing = Q(**{f"{test.field.path}__isnull": True})
    return missing | Q(**{test.field.path: ""}) if test.field.type.value == "text" else missing


def _touch_count(count: TouchCount, lead_model: type[Model], now: Moment) -> Combinable:
    moment: datetime | OuterRef = OuterRef(now.name) if isinstance(now, F) else now  # type: ignore[attr-defined]
    touches = lead_model._meta.get_field("touches").related_model._default_manager.filter(  # type: ignore[union-attr]
        lead=OuterRef("pk"), at__lte=moment
    )
    if count.kind:
        touches = touches.filter(kind=count.kind.key)
    if count.within_days is not None:
        touches = touches.filter(at__gt=moment - timedelta(days=count.within_days))
    counted = touches.order_by().values("lead").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _at_least(count: TouchCount, lead_model: type[Model], now: Moment) -> GreaterThanOrEqual:
    return GreaterThanOrEqual(_touch_count(count, lead_model, now), count.at_least)
