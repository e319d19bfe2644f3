"""Conditions on the fields that admins made: compiled against a naive reading, in sentences, in verdicts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alignment.accounts.models import Organisation, User
from leads.models import CustomField, Lead
from leads.querysets import compile_condition
from leads.rules.conditions import ConditionFault, Op, Test, dump, parse
from leads.rules.fields import FIELDS, FieldType
from leads.rules.sentences import say
from leads.selectors import verdicts
from leads.selectors.vocabulary import known
from leads.services import judging
from tests import factories
from tests.leads.test_conditions_sql import folded

NOW = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)  # April 1 in Tokyo
TODAY = date(2026, 4, 1)
VALUES: dict[str, list[Any]] = {
    "memo": ["web", "ＷＥＢ site", "50%_off", "a\\b", "\"'; DROP TABLE leads_lead; --"],
    "budget": [0, -5, 99.5, 100, 100.123457, 10**12],
    "ends_on": ["2026-03-31", "2026-04-01", "2026-04-02", "2025-01-01", "2199-12-31", "1800-01-01"],
    "size": ["small", "large"],
    "opted_in": [True, False],
}
GARBAGE = [None, "", "x", "12", 7, True, [1], {"a": 1}, "2026-13-45"]
"""What a file may have put there before the field was made."""
KEYS = ("memo", "budget", "ends_on", "size", "opted_in")


@pytest.fixture
def fields(db: None) -> None:
    Organisation.get()
    factories.custom_field("memo", "text")
    factories.custom_field("budget", "number")
    factories.custom_field("ends_on", "date")
    factories.custom_field("size", "choice", choices=[("small", "Small"), ("large", "Large")])
    factories.custom_field("opted_in", "yes_no")


@pytest.fixture
def some_leads(fields: None) -> list[Lead]:
    """Leads that differ in every field, unknown and unreadable values included."""
    most = max(map(len, VALUES.values()))
    good = [
        factories.lead(custom={key: values[i % len(values)] for key, values in VALUES.items()}) for i in range(most)
    ]
    bad = [factories.lead(custom=dict.fromkeys(VALUES, value)) for value in GARBAGE]
    return [*good, *bad, factories.lead(custom={}), factories.lead(custom={"other": {"budget": 100}})]


def _fact(test: Test, lead: Lead) -> Any:
    """What is known: a value of the type of the field, else nothing."""
    value = lead.custom.get(test.field.custom)
    match test.field.type:
        case FieldType.NUMBER:
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        case FieldType.FLAG:
            return value if isinstance(value, bool) else None
        case FieldType.DAY:
            is_day = isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-"
            return value if is_day else None
    return value if isinstance(value, str) else None


def naive(test: Test, lead: Lead) -> bool:  # noqa: C901 - one line per operator
    """The meaning of each operator, written without a database."""
    fact, value = _fact(test, lead), test.value
    match test.op:
        case Op.IS_BLANK:
            return fact in (None, "") and fact is not False
        case Op.IS_PRESENT:
            return fact not in (None, "") or fact is False
        case Op.IS_NOT:
            return fact is None or folded(fact) != folded(value)
    if fact is None:
        return False
    match test.op:
        case Op.IS:
            return fact == value if test.field.type is not FieldType.TEXT else folded(fact) == folded(value)
        case Op.IN:
            return folded(fact) in [folded(one) for one in value]
        case Op.CONTAINS:
            return folded(value) in folded(fact)
        case Op.STARTS_WITH:
            return folded(fact).startswith(folded(value))
        case Op.AT_LEAST:
            return fact >= value
        case Op.AT_MOST:
            return fact <= value
        case Op.IS_TRUE:
            return fact is True
        case Op.IS_FALSE:
            return fact is False
        case Op.WITHIN_DAYS:
            return str(TODAY - timedelta(days=value)) <= fact <= str(TODAY)
        case Op.BEFORE_DAYS:
            return fact < str(TODAY - timedelta(days=value))
        case Op.NEXT_DAYS:
            return str(TODAY) <= fact <= str(TODAY + timedelta(days=value))
    raise AssertionError(test.op)


def _tree(key: str, ops: list[str], values: Any) -> Any:
    field = f"custom.{key}"
    return st.builds(lambda op, value: {"field": field, "op": op, "value": value}, st.sampled_from(ops), values)


known_or_not = st.builds(
    lambda key, op: {"field": f"custom.{key}", "op": op},
    st.sampled_from(["memo", "budget", "ends_on", "size"]),
    st.sampled_from(["is_blank", "is_present"]),
)
words = st.sampled_from([*VALUES["memo"], "W", "%", "_", "'", "x"])
tests = st.one_of(
    _tree("memo", ["is", "is_not", "contains", "starts_with"], words),
    _tree("memo", ["in"], st.lists(words, min_size=1)),
    _tree("budget", ["at_least", "at_most", "is"], st.sampled_from([*VALUES["budget"], 7, 99, 0.000001])),
    _tree("ends_on", ["at_least", "at_most"], st.sampled_from(VALUES["ends_on"])),
    _tree("ends_on", ["within_days", "before_days", "next_days"], st.sampled_from([0, 1, 500, 36_500])),
    _tree("size", ["is", "is_not"], st.sampled_from(VALUES["size"])),
    _tree("size", ["in"], st.lists(st.sampled_from(VALUES["size"]), min_size=1)),
    st.builds(lambda op: {"field": "custom.opted_in", "op": op}, st.sampled_from(["is_true", "is_false"])),
    known_or_not,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=tests, negated=st.booleans())
def test_sql_and_the_naive_reading_agree_also_on_what_is_no_value(
    some_leads: list[Lead], tree: dict[str, Any], negated: bool
) -> None:
    test = parse(tree, known())
    assert isinstance(test, Test)
    condition = parse({"not": tree}, known()) if negated else test

    found = set(Lead.objects.matching(condition, now=NOW).values_list("pk", flat=True))

    assert found == {lead.pk for lead in some_leads if naive(test, lead) != negated}


def test_a_test_on_another_field_agrees_with_one_on_an_own_field(some_leads: list[Lead]) -> None:
    tree = {"all": [{"field": "custom.budget", "op": "at_least", "value": 100}, {"field": "source", "op": "is_blank"}]}

    assert Lead.objects.matching(parse(tree, known()), now=NOW).count() == 3


@pytest.mark.parametrize(
    "key",
    ["custom.nobody", "custom.", "custom.memo__isnull", "custom.memo' OR 1=1 --", "memo", "custom.Memo", "custom"],
)
def test_a_key_that_no_field_has_goes_no_further(fields: None, key: str) -> None:
    with pytest.raises(ConditionFault) as fault:
        parse({"field": key, "op": "is_present"}, known())

    assert fault.value.field == "field"


def test_the_key_reaches_sql_as_a_parameter_alone(fields: None) -> None:
    condition = parse({"field": "custom.budget", "op": "at_least", "value": 5}, known())

    sql, params = Lead.objects.matching(condition, now=NOW).query.sql_with_params()

    assert "budget" not in sql
    assert "budget" in params


@pytest.mark.parametrize(
    ("test", "path"),
    [
        ({"field": "custom.size", "op": "is", "value": "middle"}, "value"),
        ({"field": "custom.size", "op": "in", "value": ["small", "middle"]}, "value[1]"),
        ({"field": "custom.size", "op": "contains", "value": "small"}, "op"),
        ({"field": "custom.budget", "op": "contains", "value": "1"}, "op"),
        ({"field": "custom.budget", "op": "at_least", "value": "100"}, "value"),
        ({"field": "custom.ends_on", "op": "at_least", "value": "April"}, "value"),
        ({"field": "custom.ends_on", "op": "at_least", "value": 20260401}, "value"),
        ({"field": "custom.ends_on", "op": "next_days", "value": "2026-04-01"}, "value"),
        ({"field": "custom.opted_in", "op": "is", "value": True}, "op"),
    ],
)
def test_a_value_or_an_operator_that_does_not_fit_is_refused(fields: None, test: dict[str, Any], path: str) -> None:
    with pytest.raises(ConditionFault) as fault:
        parse({"all": [test]}, known())

    assert fault.value.field == f"all[0].{path}"


def test_conditions_on_built_in_fields_ask_nothing_of_the_database(
    fields: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        parse({"field": "source", "op": "is", "value": "web"}, known())
    with django_assert_num_queries(1):
        parse(
            {"all": [{"field": "custom.size", "op": "is_present"}, {"field": "custom.memo", "op": "is_blank"}]}, known()
        )


@pytest.mark.parametrize(
    ("tree", "english", "japanese"),
    [
        ({"field": "custom.size", "op": "is", "value": "small"}, "Size is “Small”", "規模が「小」"),
        ({"field": "custom.opted_in", "op": "is_true"}, "Opted in: yes", None),
        ({"field": "custom.budget", "op": "is", "value": 1200.25}, "Budget is 1,200.25", None),
        (
            {"field": "custom.ends_on", "op": "at_least", "value": "2026-04-01"},
            "Ends on: Apr 1, 2026 (Wed) or later",
            None,
        ),
        ({"field": "custom.ends_on", "op": "next_days", "value": 90}, "Ends on: in the next 90 days", None),
    ],
)
def test_sentences_name_the_field_and_its_choices_in_words(
    fields: None, tree: dict[str, Any], english: str, japanese: str | None
) -> None:
    CustomField.objects.filter(key="size").update(
        label_ja="規模", choices=[{"value": "small", "ja": "小", "en": "Small"}]
    )
    condition = parse(tree, known())

    with translation.override("en"):
        assert say(condition) == english
    if japanese:
        with translation.override("ja"):
            assert say(condition).startswith(japanese)
    assert dump(condition) == tree


def test_a_day_begins_where_the_organisation_is(fields: None) -> None:
    lead = factories.lead(custom={"ends_on": "2026-04-01"})
    condition = parse({"field": "custom.ends_on", "op": "next_days", "value": 0}, known())

    assert list(Lead.objects.matching(condition, now=NOW)) == [lead]

    Organisation.objects.update(time_zone="America/New_York")
    assert not Lead.objects.matching(condition, now=NOW).exists()


def test_what_held_when_each_lead_was_captured_can_be_asked(fields: None) -> None:
    from django.db.models import F

    soon = factories.lead(custom={"ends_on": "2026-04-20"}, captured_at=NOW - timedelta(days=5))
    factories.lead(custom={"ends_on": "2026-04-20"}, captured_at=NOW - timedelta(days=50))
    condition = parse({"field": "custom.ends_on", "op": "next_days", "value": 30}, known())

    found = Lead.objects.filter(compile_condition(condition, lead_model=Lead, now=F("captured_at")))

    assert list(found) == [soon]


def test_a_verdict_keeps_the_value_seen_and_stays_readable_after_the_field_is_renamed_and_retired(
    fields: None, mai: User
) -> None:
    factories.version_in_force(
        {"condition": {"field": "custom.size", "op": "is", "value": "large"}, "points": 10},
        {"condition": {"field": "custom.budget", "op": "at_least", "value": 100}, "points": 5},
        {"condition": {"field": "custom.opted_in", "op": "is_true"}, "points": 3},
    )
    lead = factories.lead(custom={"size": "large", "budget": 99.5, "opted_in": False})

    verdict = judging.judge(lead_ids=[lead.pk], now=NOW)[lead.pk]
    assert [answer["seen"] for answer in verdict.answers] == [["large"], [99.5], [False]]
    assert verdict.points == 10

    CustomField.objects.update(label_en="Renamed", retired_at=NOW)
    with translation.override("en"):
        lines = verdicts.explain(verdict).lines
    assert [line.found for line in lines] == ["found: Large", "found: 99.5", "found: no"]
    assert lines[0].sentence == "Renamed is “Large”"


def test_judging_asks_for_the_fields_once_however_many_leads_and_criteria(
    fields: None, django_assert_max_num_queries: Any
) -> None:
    factories.version_in_force(
        *({"condition": {"field": f"custom.{key}", "op": "is_present"}, "points": 1} for key in KEYS[:4])
    )
    leads = [factories.lead(custom={"budget": n}).pk for n in range(20)]

    with django_assert_max_num_queries(20) as found:
        judging.judge(lead_ids=leads, now=NOW)

    assert sum("leads_customfield" in query["sql"] for query in found) == 1


def test_no_built_in_field_can_be_shadowed() -> None:
    assert not any(key.startswith("custom.") for key in FIELDS)
    assert connection.vendor == "postgresql"
