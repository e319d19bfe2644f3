"""Two leads that are one person become one, and two again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from handoff.services.offers import hand_over
from leads.models import Deal, Lead, LeadEvent, LeadMerge, Touch
from leads.rules.stages import Stage
from leads.selectors.timeline import timeline
from leads.services import deals, merging, stages
from leads.services.capture import LeadData, capture_lead
from leads.services.leads import update_lead
from leads.services.merging import MergeIsOver, NotMergeable
from tests import factories
from tests.racing import at_once

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def merge(one: Lead, other: Lead, actor: User, **facts: int) -> LeadMerge:
    return merging.merge(lead_ids=[one.pk, other.pk], facts=facts, actor=actor, now=NOW)


def rows_of(*leads: Lead) -> list[dict[str, Any]]:
    """All columns of these leads, their touches and their deals, but for the moment of the last change."""
    pks = [lead.pk for lead in leads]
    stored = list(Lead.everything.filter(pk__in=pks).order_by("pk").values())
    for row in stored:
        del row["updated_at"]
    touches = Touch.objects.filter(lead__in=pks).order_by("pk").values()
    deals = Deal.objects.filter(lead__in=pks).order_by("pk").values()
    return [*stored, *touches, *deals]


def test_the_one_that_is_further_survives_whatever_the_order(mai: User) -> None:
    with_sales = factories.qualified_lead(stage=Stage.WITH_SALES, captured_at=NOW)
    older = factories.lead(captured_at=NOW - timedelta(days=90))

    done = merge(older, with_sales, mai)

    assert (done.survivor, done.merged) == (with_sales, older)


def test_of_two_at_the_same_place_the_one_known_longer_survives(mai: User) -> None:
    newer = factories.lead(captured_at=NOW)
    older = factories.lead(captured_at=NOW - timedelta(days=90))

    assert merge(newer, older, mai).survivor == older


def test_the_survivor_takes_what_it_lacks_and_keeps_what_it_has(mai: User) -> None:
    survivor = factories.lead(full_name="Yamada", phone="", job_title="Head", captured_at=NOW - timedelta(days=1))
    other = factories.lead(full_name="Yamada Taro", phone="+81312345678", job_title="Clerk", captured_at=NOW)

    merge(survivor, other, mai)

    survivor.refresh_from_db()
    assert (survivor.full_name, survivor.phone, survivor.job_title) == ("Yamada", "+81312345678", "Head")


def test_a_chosen_fact_of_the_other_is_taken_with_what_goes_with_it(mai: User) -> None:
    survivor = factories.lead(captured_at=NOW - timedelta(days=1))
    other = factories.lead(email="taro@gmail.com", email_domain="gmail.com", is_free_mail=True, captured_at=NOW)

    merge(survivor, other, mai, email=other.pk)

    survivor.refresh_from_db()
    assert (survivor.email, survivor.email_domain, survivor.is_free_mail) == ("taro@gmail.com", "gmail.com", True)


def test_the_earliest_moments_count(mai: User) -> None:
    survivor = factories.qualified_lead(captured_at=NOW)
    other = factories.lead(
        stage=Stage.CLOSED, captured_at=NOW - timedelta(days=9), qualified_at=NOW - timedelta(days=8)
    )

    merge(survivor, other, mai)

    survivor.refresh_from_db()
    assert survivor.captured_at == NOW - timedelta(days=9)
    assert survivor.qualified_at == NOW - timedelta(days=8)


def test_touches_and_deals_follow(mai: User) -> None:
    survivor, other = factories.lead(captured_at=NOW - timedelta(days=1)), factories.lead(captured_at=NOW)
    touch = Touch.objects.create(lead=other, kind_id="seminar", at=NOW)
    deal = factories.deal(lead=other)

    merge(survivor, other, mai)

    touch.refresh_from_db()
    deal.refresh_from_db()
    assert touch.lead == deal.lead == survivor


def test_a_touch_that_both_have_by_its_id_stays_and_counts_once(mai: User) -> None:
    survivor, other = factories.lead(captured_at=NOW - timedelta(days=1)), factories.lead(captured_at=NOW)
    for lead in (survivor, other):
        Touch.objects.create(lead=lead, kind_id="seminar", at=NOW, external_id="visit-1")

    merge(survivor, other, mai)

    assert survivor.touches.count() == 1


def test_the_other_counts_nowhere_and_its_story_is_told_with_the_survivors(mai: User) -> None:
    survivor, other = factories.lead(captured_at=NOW - timedelta(days=1)), factories.lead(captured_at=NOW)
    LeadEvent.objects.create(lead=other, kind="contacted", at=NOW)

    merge(survivor, other, mai)

    assert list(Lead.objects.all()) == [survivor]
    assert "First contact with the person" in [item.title for item in timeline(survivor)]


def test_undone_at_once_both_are_what_they_were(mai: User) -> None:
    survivor = factories.qualified_lead(phone="", captured_at=NOW, custom={"a": "1", "b": ""})
    other = factories.lead(
        campaign=factories.campaign(), phone="+81312345678", captured_at=NOW - timedelta(days=9), custom={"b": "2"}
    )
    Touch.objects.create(lead=other, kind_id="seminar", at=NOW)
    factories.deal(lead=other)
    before = rows_of(survivor, other)
    done = merge(survivor, other, mai)
    assert rows_of(survivor, other) != before

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert rows_of(survivor, other) == before


def test_what_somebody_changed_since_stays(mai: User) -> None:
    survivor = factories.lead(phone="", note="", captured_at=NOW - timedelta(days=1))
    other = factories.lead(phone="+81312345678", note="Call in May", captured_at=NOW)
    done = merge(survivor, other, mai)
    update_lead(lead_id=survivor.pk, facts={"note": "Call in June"}, seen=None, actor=mai, now=LATER)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    survivor.refresh_from_db()
    assert (survivor.note, survivor.phone) == ("Call in June", "")


def test_a_chain_is_separated_from_its_end(mai: User) -> None:
    first, second, third = (factories.lead(captured_at=NOW + timedelta(days=day)) for day in range(3))
    inner = merge(second, third, mai)
    outer = merge(first, second, mai)
    before = rows_of(first, second, third)

    with pytest.raises(MergeIsOver):
        merging.unmerge(merge_id=inner.pk, actor=mai, now=LATER)
    assert rows_of(first, second, third) == before

    merging.unmerge(merge_id=outer.pk, actor=mai, now=LATER)
    merging.unmerge(merge_id=inner.pk, actor=mai, now=LATER)
    assert Lead.objects.count() == 3


def test_of_two_merges_the_later_one_is_undone_first(mai: User) -> None:
    survivor, *others = (factories.lead(phone="", captured_at=NOW + timedelta(days=day)) for day in range(3))
    Lead.objects.filter(pk=others[0].pk).update(phone="+81311111111")
    before = rows_of(survivor, *others)
    first, second = (merge(survivor, other, mai) for other in others)

    with pytest.raises(MergeIsOver, match="merged later"):
        merging.unmerge(merge_id=first.pk, actor=mai, now=LATER)
    for done in (second, first):
        merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert rows_of(survivor, *others) == before


def test_a_lead_that_moved_on_since_keeps_where_it_stands(mai: User, ren: User) -> None:
    factories.version_in_force({"condition": {"touches": {"at_least": 2}}, "points": 10})
    factories.routing_rule(ren.team)
    survivor, other = factories.lead(captured_at=NOW - timedelta(days=1)), factories.lead(captured_at=NOW)
    for lead in (survivor, other):
        factories.touch(lead)
    done = merge(survivor, other, mai)
    hand_over(lead_id=survivor.pk, actor=mai, now=NOW)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    survivor.refresh_from_db()
    assert (survivor.stage, survivor.qualified_at) == (Stage.OFFERED, NOW)
    assert (survivor.touches.count(), other.touches.count()) == (1, 1)


def in_sales(ren: User, **fields: Any) -> Lead:
    return factories.qualified_lead(**{"stage": Stage.WITH_SALES, "owner": ren} | fields)


def win(deal: Deal, ren: User) -> None:
    deals.win_deal(deal_id=deal.pk, reason="trust", amount=5, actor=ren, now=LATER)


def stages_of(*leads: Lead) -> list[str]:
    return [Lead.objects.get(pk=lead.pk).stage for lead in leads]


def test_whose_deal_was_won_while_they_were_one_is_the_customer(mai: User, ren: User) -> None:
    survivor, other = in_sales(ren, captured_at=NOW - timedelta(days=1)), in_sales(ren, captured_at=NOW)
    deal = factories.deal(lead=other, owner=ren)
    done = merge(survivor, other, mai)
    win(deal, ren)
    assert stages_of(survivor) == [Stage.CUSTOMER]

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert stages_of(survivor, other) == [Stage.WITH_SALES, Stage.CUSTOMER]
    moves = LeadEvent.objects.filter(kind="stage", data__merge=done.pk).order_by("pk")
    assert [(move.lead, move.old_stage, move.new_stage) for move in moves] == [
        (survivor, Stage.CUSTOMER, Stage.WITH_SALES),
        (other, Stage.WITH_SALES, Stage.CUSTOMER),
    ]


def test_who_has_won_a_deal_of_their_own_stays_a_customer(mai: User, ren: User) -> None:
    survivor, other = in_sales(ren, captured_at=NOW - timedelta(days=1)), in_sales(ren, captured_at=NOW)
    own, followed = (factories.deal(lead=lead, owner=ren) for lead in (survivor, other))
    done = merge(survivor, other, mai)
    win(followed, ren)
    win(own, ren)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert stages_of(survivor, other) == [Stage.CUSTOMER, Stage.CUSTOMER]


def test_a_deal_that_came_to_the_survivor_since_makes_nobody_else_a_customer(mai: User, ren: User) -> None:
    survivor, other = in_sales(ren, captured_at=NOW - timedelta(days=1)), in_sales(ren, captured_at=NOW)
    done = merge(survivor, other, mai)
    win(factories.deal(lead=survivor, owner=ren), ren)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert stages_of(survivor, other) == [Stage.CUSTOMER, Stage.WITH_SALES]


def test_who_was_a_customer_before_stays_one(mai: User, ren: User) -> None:
    survivor, other = in_sales(ren, stage=Stage.CUSTOMER), in_sales(ren)
    followed = factories.deal(lead=other, owner=ren)
    done = merge(survivor, other, mai)
    win(followed, ren)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert stages_of(survivor, other) == [Stage.CUSTOMER, Stage.CUSTOMER]


@pytest.mark.parametrize(("accepted", "expected"), [(True, Stage.WITH_SALES), (False, Stage.QUALIFIED)])
def test_whoever_was_offered_when_the_deal_was_won_waits_for_no_answer_again(
    accepted: bool, expected: Stage, mai: User, ren: User
) -> None:
    survivor = factories.qualified_lead(stage=Stage.OFFERED)
    other = factories.lead(stage=Stage.CLOSED)
    deal = factories.deal(lead=other, owner=ren)
    done = merge(survivor, other, mai)
    win(deal, ren)
    if accepted:
        stages.move(lead=survivor, to=Stage.WITH_SALES, actor=ren, now=LATER, owner=ren)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    assert stages_of(survivor, other) == [expected, Stage.CUSTOMER]


def test_each_key_of_the_custom_facts_goes_back_by_itself(mai: User) -> None:
    survivor = factories.lead(captured_at=NOW - timedelta(days=1), custom={"own": "1"})
    other = factories.lead(captured_at=NOW, custom={"theirs": "2"})
    done = merge(survivor, other, mai)
    update_lead(lead_id=survivor.pk, facts={"custom": {"budget": 5}}, seen=None, actor=mai, now=NOW)

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    survivor.refresh_from_db()
    assert survivor.custom == {"own": "1", "budget": 5}


def test_a_blank_is_nothing_to_choose(mai: User) -> None:
    one, other = factories.lead(), factories.lead(email="")

    with pytest.raises(InvalidInput):
        merge(one, other, mai, email=other.pk)


def test_who_is_part_of_another_is_known_by_what_they_were_known_by(mai: User) -> None:
    survivor = factories.lead(full_name="Taro", email="taro@one.example", captured_at=NOW - timedelta(days=1))
    other = factories.lead(full_name="Taro", email="taro@two.example", captured_at=NOW)
    merge(survivor, other, mai)

    done = capture_lead(data=LeadData(full_name="Taro", email="taro@two.example"), actor=mai, now=NOW)

    assert (done.lead, done.is_new) == (survivor, False)


def test_an_offer_that_waits_is_answered_first(mai: User) -> None:
    survivor = factories.qualified_lead(stage=Stage.WITH_SALES)
    offered = factories.qualified_lead(stage=Stage.OFFERED)

    with pytest.raises(NotMergeable, match="waits for an answer"):
        merge(survivor, offered, mai)

    assert Lead.objects.count() == 2


def test_a_lead_is_not_merged_with_itself_nor_twice(mai: User) -> None:
    one, other = factories.lead(), factories.lead()
    with pytest.raises(InvalidInput):
        merge(one, one, mai)
    merge(one, other, mai)
    with pytest.raises(NotMergeable):
        merge(one, other, mai)


def test_a_merge_is_undone_once(mai: User) -> None:
    done = merge(factories.lead(), factories.lead(), mai)
    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

    with pytest.raises(MergeIsOver):
        merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)


@pytest.mark.parametrize("name", ["captured_at", "stage", "owner", "id"])
def test_only_facts_can_be_chosen(name: str, mai: User) -> None:
    one, other = factories.lead(), factories.lead()

    with pytest.raises(InvalidInput):
        merge(one, other, mai, **{name: other.pk})


def test_a_value_is_one_of_the_two(mai: User) -> None:
    one, other, third = factories.lead(), factories.lead(), factories.lead()

    with pytest.raises(InvalidInput):
        merge(one, other, mai, phone=third.pk)


def test_sales_reps_merge_nothing(ren: User) -> None:
    with pytest.raises(NotAllowed):
        merge(factories.lead(), factories.lead(), ren)


def test_what_does_not_exist_is_said_so(mai: User) -> None:
    with pytest.raises(NotFound):
        merging.merge(lead_ids=[factories.lead().pk, 10**9], facts={}, actor=mai, now=NOW)
    with pytest.raises(NotFound):
        merging.unmerge(merge_id=10**9, actor=mai, now=NOW)


def test_touches_that_come_together_qualify_the_survivor_and_going_apart_takes_that_back(mai: User) -> None:
    factories.version_in_force({"condition": {"touches": {"at_least": 2}}, "points": 10})
    survivor, other = factories.lead(captured_at=NOW - timedelta(days=1)), factories.lead(captured_at=NOW)
    for lead in (survivor, other):
        Touch.objects.create(lead=lead, kind_id="seminar", at=NOW - timedelta(hours=1))

    done = merge(survivor, other, mai)
    survivor.refresh_from_db()
    assert survivor.stage == Stage.QUALIFIED

    merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)
    survivor.refresh_from_db()
    assert (survivor.stage, survivor.qualified_at) == (Stage.CAPTURED, None)


def test_the_database_keeps_what_a_merge_says(mai: User) -> None:
    done = merge(factories.lead(), factories.lead(), mai)

    with pytest.raises(DatabaseError), transaction.atomic():
        LeadMerge.objects.filter(pk=done.pk).update(before={"phone": ""})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM leads_leadmerge")


@pytest.mark.django_db(transaction=True)
def test_two_who_merge_the_same_at_once_make_one_merge(mai: User) -> None:
    one, other = factories.lead(), factories.lead()

    results = at_once(*[lambda: merge(one, other, mai)] * 4)

    assert len([result for result in results if isinstance(result, LeadMerge)]) == 1
    assert LeadMerge.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_circle_of_merges_at_once_leaves_one_that_stands(mai: User) -> None:
    first, second, third = (factories.lead(captured_at=NOW + timedelta(days=day)) for day in range(3))

    at_once(lambda: merge(first, second, mai), lambda: merge(second, third, mai), lambda: merge(third, first, mai))

    merged = Lead.everything.exclude(merged_into=None)
    assert not merged.filter(merged_into__merged_into__isnull=False).exists()
    assert Lead.objects.count() == 3 - merged.count() >= 1


TEXT = st.text(alphabet="abc 山田", max_size=5)
MOMENT = st.integers(0, 10**12).map(lambda microseconds: NOW - timedelta(microseconds=microseconds))
FACTS = st.fixed_dictionaries(
    dict.fromkeys(("full_name", "company_name", "job_title", "department", "source", "note"), TEXT)
    | {
        "stage": st.sampled_from([Stage.CAPTURED, Stage.NURTURE, Stage.CLOSED, Stage.CUSTOMER, Stage.WITH_SALES]),
        "captured_at": MOMENT,
        "qualified_at": st.none() | MOMENT,
        "custom": st.dictionaries(TEXT, TEXT, max_size=3),
    }
)


class TestIdentity(TestCase):
    """Merging and separating again is the identity, whatever the two leads hold."""

    @settings(max_examples=60, deadline=None)
    @given(one=FACTS, other=FACTS, touches=st.lists(st.booleans(), max_size=4), choose=st.booleans())
    def test_merge_and_unmerge_change_nothing(
        self, one: dict[str, Any], other: dict[str, Any], touches: list[bool], choose: bool
    ) -> None:
        mai = factories.user()
        leads = factories.lead(**one), factories.lead(**other)
        for of_first in touches:
            Touch.objects.create(lead=leads[not of_first], kind_id="seminar", at=NOW)
        before = rows_of(*leads)

        chosen = {"full_name": leads[1], "note": leads[0]} if choose else {}
        facts = {name: lead.pk for name, lead in chosen.items() if getattr(lead, name)}
        done = merge(*leads, mai, **facts)
        merging.unmerge(merge_id=done.pk, actor=mai, now=LATER)

        assert rows_of(*leads) == before
