"""A lead comes in and goes on at once."""

from __future__ import annotations

import pytest

from alignment.kernel.errors import InvalidInput, NotAllowed
from handoff.models import Handoff
from handoff.services import submission
from leads.models import Lead
from leads.services.capture import LeadData

BIG = LeadData(full_name="Hanako Tanaka", company_name="Yamada Works", employee_count=250)
SMALL = LeadData(full_name="Jiro Suzuki", company_name="Suzuki Foods", employee_count=3)


def test_a_lead_that_qualifies_is_offered_at_once(version, rule, mai, ren, now):
    done = submission.submit_lead(data=BIG, actor=mai, now=now)

    assert done.is_new
    assert done.verdict.is_qualified
    assert done.handoff.offered_to == ren
    assert done.lead.stage == "offered"


def test_a_lead_that_does_not_qualify_stays_with_marketing(version, rule, mai, ren, now):
    done = submission.submit_lead(data=SMALL, actor=mai, now=now)

    assert (done.handoff, done.verdict.is_qualified, done.lead.stage) == (None, False, "captured")


def test_with_no_definition_in_force_nothing_is_offered(agreements, rule, mai, ren, now):
    done = submission.submit_lead(data=BIG, actor=mai, now=now)

    assert (done.verdict, done.handoff) == (None, None)


def test_the_same_external_id_again_changes_nothing(version, rule, mai, ren, now):
    data = LeadData(company_name="Yamada Works", employee_count=250, source_system="crm", external_id="A-1")
    first = submission.submit_lead(data=data, actor=mai, now=now)

    again = submission.submit_lead(data=data, actor=mai, now=now)

    assert (again.lead, again.handoff, again.is_new) == (first.lead, first.handoff, False)
    assert (Lead.objects.count(), Handoff.objects.count()) == (1, 1)


def test_sales_does_not_submit(version, rule, ren, now):
    with pytest.raises(NotAllowed):
        submission.submit_lead(data=BIG, actor=ren, now=now)

    assert not Lead.objects.exists()


def test_a_lead_that_cannot_be_read_leaves_nothing_behind(version, rule, mai, now):
    with pytest.raises(InvalidInput) as refused:
        submission.submit_lead(data=LeadData(full_name="X", email="not an address"), actor=mai, now=now)

    assert refused.value.field == "email"
    assert not Lead.objects.exists()
