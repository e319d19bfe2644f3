"""The compiled condition against a naive evaluator: the same answer for every lead, known facts or not."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Lead
from leads.rules.conditions import Condition, Group, Negation, Op, Test, TouchCount, parse
from leads.rules.fields import FieldType
from tests import factories
from tests.touch_words import VOCABULARY

NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
TEXTS = ["", "web", "ＷＥＢ site", "展示会", "50%_off", "a\\b"]


@pytest.fixture
def some_leads(db: None) -> list[Lead]:
    """Leads that differ in every fact a condition may test, unknown ones included."""
    steel = factories.account("Steel", industry="steel", employee_count=100, prefecture="東京都", is_key_account=True)
    plain = factories.account("Plain", employee_count=None)
    fair = factories.campaign("Fair", channel="展示会")
    leads = []
    for i, text in enumerate(TEXTS * 2):
        lead = factories.lead(
            source=text,
            job_title=TEXTS[-i % 6],
            account=(None, steel, plain)[i % 3],
            campaign=fair if i % 2 else None,
            is_free_mail=(None, True, False)[i % 3],
            captured_at=NOW - timedelta(days=i * 7),
        )
        for n in range(i % 4):
            factories.touch(lead, kind=("download", "seminar")[n % 2], at=NOW - timedelta(days=n * 10, hours=1))
        leads.append(lead)
    return leads


def _facts(lead: Lead) -> dict[str, Any]:
    return {
        "source": lead.source,
        "landing_page": lead.landing_page,
        "campaign": lead.campaign and lead.campaign.name,
        "campaign_channel": lead.campaign and lead.campaign.channel,
        "job_title": lead.job_title,
        "department": lead.department,
        "email": lead.email,
        "email_domain": lead.email_domain,
        "is_free_mail": lead.is_free_mail,
        "phone": lead.phone,
        "company": lead.company_name,
        "industry": lead.account and lead.account.industry,
        "employees": lead.account and lead.account.employee_count,
        "prefecture": lead.account and lead.account.prefecture,
        "is_key_account": lead.account and lead.account.is_key_account,
        "captured_at": lead.captured_at,
    }


def naive(condition: Condition, lead: Lead) -> bool:
    """The meaning of the language, written without a database."""
    match condition:
        case Group():
            answers = [naive(part, lead) for part in condition.parts]
            return all(answers) if condition.every else any(answers)
        case Negation():
            return not naive(condition.part, lead)
        case TouchCount():
            since = (
                NOW - timedelta(days=condition.within_days)
                if condition.within_days
                else datetime.min.replace(tzinfo=UTC)
            )
            kinds = (condition.kind.key,) if condition.kind else VOCABULARY.kinds
            hits = [t for t in lead.touches.all() if t.kind_id in kinds and since < t.at <= NOW]
            return len(hits) >= condition.at_least
        case Test():
            return _naive_test(condition, _facts(lead)[condition.field.key])


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _naive_test(test: Test, fact: Any) -> bool:  # noqa: C901 - one line per operator
    match test.op:
        case Op.IS_BLANK:
            return fact in (None, "")
        case Op.IS_PRESENT:
            return fact not in (None, "")
        case Op.IS_NOT:
            return fact is None or folded(fact) != folded(test.value)
    if fact is None:
        return False
    match test.op:
        case Op.IS:
            return fact == test.value if test.field.type is FieldType.NUMBER else folded(fact) == folded(test.value)
        case Op.IN:
            return folded(fact) in [folded(value) for value in test.value]
        case Op.CONTAINS:
            return folded(test.value) in folded(fact)
        case Op.STARTS_WITH:
            return folded(fact).startswith(folded(test.value))
        case Op.AT_LEAST:
            return fact >= test.value
        case Op.AT_MOST:
            return fact <= test.value
        case Op.IS_TRUE:
            return fact is True
        case Op.IS_FALSE:
            return fact is False
        case Op.WITHIN_DAYS:
            return fact >= NOW - timedelta(days=test.value)
        case Op.BEFORE_DAYS:
            return fact < NOW - timedelta(days=test.value)
    raise AssertionError(test.op)


texts = st.sampled_from(
    [text for text in TEXTS if text] + ["w", "W", "Ｗ", "%", "_", "steel", "ＳＴＥＥＬ", "東京都", "Fair"]
)
text_fields = st.sampled_from(
    ["source", "job_title", "industry", "campaign", "campaign_channel", "prefecture", "email"]
)
tests = st.one_of(
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        text_fields,
        st.sampled_from(["is", "is_not", "contains", "starts_with"]),
        texts,
    ),
    st.builds(
        lambda field, value: {"field": field, "op": "in", "value": value}, text_fields, st.lists(texts, min_size=1)
    ),
    st.builds(lambda field, op: {"field": field, "op": op}, text_fields, st.sampled_from(["is_blank", "is_present"])),
    st.builds(
        lambda op, value: {"field": "employees", "op": op, "value": value},
        st.sampled_from(["at_least", "at_most", "is"]),
        st.sampled_from([0, 99, 100, 100.5, 101, 10**12, -(10**12)]),
    ),
    st.builds(lambda op: {"field": "employees", "op": op}, st.sampled_from(["is_blank", "is_present"])),
    st.builds(
        lambda field, op: {"field": field, "op": op},
        st.sampled_from(["is_free_mail", "is_key_account"]),
        st.sampled_from(["is_true", "is_false"]),
    ),
    st.builds(
        lambda op, value: {"field": "captured_at", "op": op, "value": value},
        st.sampled_from(["within_days", "before_days"]),
        st.sampled_from([0, 7, 30, 365]),
    ),
    st.builds(
        lambda kind, n, days: {"touches": {"kind": kind, "at_least": n, "within_days": days}},
        st.sampled_from(["", "download", "seminar", "inquiry"]),
        st.integers(1, 3),
        st.sampled_from([None, 1, 15, 60]),
    ),
)
trees = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees)
def test_sql_and_the_naive_reading_agree_for_every_lead(some_leads: list[Lead], tree: dict[str, Any]) -> None:
    condition = parse(tree, VOCABULARY)

    found = set(Lead.objects.matching(condition, now=NOW).values_list("pk", flat=True))

    assert found == {lead.pk for lead in some_leads if naive(condition, lead)}


def test_one_lead_and_all_leads_are_one_query(some_leads: list[Lead], django_assert_num_queries: Any) -> None:
    condition = parse(
        {"all": [{"touches": {"kind": "", "at_least": 1}}, {"field": "industry", "op": "is", "value": "steel"}]},
        VOCABULARY,
    )

    with django_assert_num_queries(1):
        list(Lead.objects.matching(condition, now=NOW))
