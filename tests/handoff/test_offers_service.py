"""Marketing asks sales."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alignment.accounts.models import CompanyDay
from alignment.kernel.errors import NotAllowed, NotFound
from alignment.outbox.models import Notice
from handoff.models import Handoff, SlaPolicy
from handoff.services import offers
from leads.models import Account, Campaign, Lead
from tests import factories


def test_a_qualified_lead_is_offered_with_event_clock_and_mail(lead, rule, mai, ren, now):
    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    assert (offer.status, offer.offered_to, offer.attempt, offer.submitted_by) == ("offered", ren, 1, mai)
    event = offer.events.get()
    assert (event.action, event.old_status, event.new_status, event.actor, event.at) == (
        "submit",
        "",
        "offered",
        mai,
        now,
    )
    lead.refresh_from_db()
    assert (lead.stage, lead.events.get().new_stage) == ("offered", "offered")
    assert Notice.objects.get().to_address == ren.email


@pytest.mark.parametrize(
    ("person", "may"), [("mai", True), ("aoi", True), ("kei", True), ("ren", False), ("sora", False)]
)
def test_marketing_hands_over_and_sales_does_not(person, may, lead, rule, request, now):
    actor = request.getfixturevalue(person)

    if may:
        assert offers.hand_over(lead_id=lead.pk, actor=actor, now=now).submitted_by == actor
    else:
        with pytest.raises(NotAllowed):
            offers.hand_over(lead_id=lead.pk, actor=actor, now=now)
        assert not Handoff.objects.exists()


def test_a_lead_that_waits_for_an_answer_is_not_offered_again(offer, mai, now):
    with pytest.raises(offers.AlreadyOffered):
        offers.hand_over(lead_id=offer.lead_id, actor=mai, now=now)

    assert (Handoff.objects.count(), Notice.objects.count()) == (1, 1)


def test_a_lead_that_no_longer_qualifies_is_not_offered(lead, rule, mai, now):
    lead.account.employee_count = 3
    lead.account.save()

    with pytest.raises(offers.NotQualified):
        offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    lead.refresh_from_db()
    assert (lead.stage, lead.verdict.is_qualified) == ("captured", False)  # what was found stays found


@pytest.mark.parametrize("stage", ["captured", "with_sales", "nurture", "customer", "closed"])
def test_only_a_qualified_lead_is_offered(stage, make_lead, rule, mai, now):
    lead = make_lead(stage=stage, account=factories.account(employee_count=3))

    with pytest.raises(offers.NotQualified):
        offers.hand_over(lead_id=lead.pk, actor=mai, now=now)


def test_a_lead_that_is_not_there_is_not_found(agreements, mai, now):
    with pytest.raises(NotFound):
        offers.hand_over(lead_id=0, actor=mai, now=now)


def test_the_stamp_keeps_what_was_true_that_day(make_offer, make_lead, version, mai, ren, now):
    campaign = factories.campaign("Spring fair", promise="A free plant visit")
    offer = make_offer(full_name="Hanako Tanaka", campaign=campaign, job_title="Buyer")

    Lead.objects.filter(pk=offer.lead_id).update(full_name="Somebody Else", job_title="")
    Account.objects.update(employee_count=3)
    Campaign.objects.update(promise="Nothing")
    offer.refresh_from_db()

    assert (offer.stamp["version"], offer.stamp["points"], offer.stamp["threshold"]) == (1, 10, 10)
    assert offer.stamp["lead"]["full_name"] == "Hanako Tanaka"
    assert (offer.stamp["lead"]["job_title"], offer.stamp["lead"]["employees"]) == ("Buyer", 250)
    assert offer.stamp["lead"]["promise"] == "A free plant visit"
    assert offer.stamp["answers"][0]["seen"] == [250]


def test_without_a_definition_in_force_the_stamp_says_none(agreements, rule, mai, ren, now):
    lead = factories.qualified_lead()

    offer = offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    assert (offer.version, offer.stamp["version"], offer.stamp["answers"]) == (None, None, [])


def test_the_clock_runs_in_the_working_time_of_the_person_asked(offer, ren, now):
    clock = offer.clocks.get()

    assert (clock.duty, clock.side, clock.owner) == ("decide", "sales", ren)
    assert offer.decide_by == clock.due_at == now + timedelta(days=1)  # 7 working hours today, 1 tomorrow


def test_an_absence_and_a_company_day_do_not_count(make_offer, ren, now):
    tomorrow = now.date() + timedelta(days=1)
    ren.absences.create(starts_on=tomorrow, ends_on=tomorrow)
    CompanyDay.objects.create(on=tomorrow + timedelta(days=1), kind="closed")

    assert make_offer().decide_by == now + timedelta(days=5)  # Monday


def test_an_offer_nobody_owns_has_the_clock_of_the_team(team_offer, field_sales, now):
    clock = team_offer.clocks.get()

    assert (clock.owner, clock.team) == (None, field_sales)
    assert clock.due_at == now + timedelta(days=1)


def test_hours_that_never_open_do_not_stop_an_offer(make_offer, ren, now):
    ren.weekly_hours = {"mon": []}
    ren.save()

    assert make_offer().decide_by == now + timedelta(days=1)  # by the organisation's hours


def test_without_an_agreed_time_there_is_no_clock(make_offer, ren):
    SlaPolicy.objects.all().delete()

    offer = make_offer()

    assert (offer.decide_by, offer.clocks.count()) == (None, 0)


def test_the_whole_team_is_told_of_an_offer_nobody_owns(team_offer, ren, riku):
    assert set(Notice.objects.values_list("to_address", flat=True)) == {ren.email, riku.email}


def test_the_managers_of_sales_are_told_where_no_rule_fits(lead, mai, ren, sora, aoi, now):
    offers.hand_over(lead_id=lead.pk, actor=mai, now=now)

    assert Notice.objects.get().to_address == sora.email
