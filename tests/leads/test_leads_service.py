"""What is known of a lead changes, and each time it is judged again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from leads.models import Lead
from leads.services.leads import ChangedMeanwhile, update_lead
from leads.services.touches import add_touch
from tests import factories

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=5)


@pytest.fixture
def lead(mai: User, now: datetime) -> Lead:
    return factories.lead(full_name="Hanako Sato", job_title="Buyer", created_by=mai, captured_at=now)


def edit(lead: Lead, actor: User, now: datetime, *, seen: datetime | None = None, **facts: object) -> Lead:
    return update_lead(lead_id=lead.pk, facts=facts, seen=seen, actor=actor, now=now)


def test_a_correction_is_recorded_with_old_and_new(lead: Lead, ren: User, now: datetime):
    changed = edit(lead, ren, now + LATER, job_title=" Head buyer ", phone="03-1234-5678")

    event = changed.events.get()
    assert (changed.job_title, changed.phone, changed.updated_at) == ("Head buyer", "+81312345678", now + LATER)
    assert (event.kind, event.actor) == ("updated", ren)
    assert event.data == {"changes": {"job_title": ["Buyer", "Head buyer"], "phone": ["", "+81312345678"]}}


def test_a_corrected_fact_is_judged_at_once(lead: Lead, mai: User, now: datetime):
    factories.version_in_force({"condition": {"field": "job_title", "op": "contains", "value": "head"}, "points": 10})

    assert edit(lead, mai, now + LATER, job_title="Head buyer").stage == "qualified"
    assert edit(lead, mai, now + LATER, job_title="Buyer").stage == "captured"


def test_the_company_and_what_follows_from_the_address_go_along(lead: Lead, mai: User, now: datetime):
    changed = edit(lead, mai, now, company_name="株式会社山田製作所", email="Sato@GMAIL.com")

    assert changed.account is not None
    assert changed.account.name_key == "山田製作所"
    assert (changed.email, changed.email_domain, changed.is_free_mail) == ("sato@gmail.com", "gmail.com", True)


def test_saving_what_is_there_changes_nothing(lead: Lead, mai: User, now: datetime):
    Lead.objects.filter(pk=lead.pk).update(phone="ext. 12, ask for Hanako")  # an import brought it

    unchanged = edit(lead, mai, now + LATER, job_title="Buyer", phone="ext. 12, ask for Hanako")

    assert unchanged.updated_at == now
    assert not unchanged.events.exists()


def test_a_lead_keeps_at_least_one_name(lead: Lead, mai: User, now: datetime):
    with pytest.raises(InvalidInput) as refusal:
        edit(lead, mai, now, full_name="", email="", company_name="")

    assert refusal.value.field == "full_name"


def test_two_people_who_change_different_facts_both_keep_theirs(lead: Lead, mai: User, ren: User, now: datetime):
    seen = lead.updated_at
    edit(lead, ren, now + LATER, seen=seen, job_title="Head buyer", department="")

    changed = edit(lead, mai, now + 2 * LATER, seen=seen, job_title="Buyer", department="Purchasing")

    assert (changed.job_title, changed.department) == ("Head buyer", "Purchasing")


def test_two_people_who_change_the_same_fact_see_both_values(lead: Lead, mai: User, ren: User, now: datetime):
    seen = lead.updated_at
    edit(lead, ren, now + LATER, seen=seen, job_title="Head buyer")

    with pytest.raises(ChangedMeanwhile) as refusal:
        edit(lead, mai, now + 2 * LATER, seen=seen, job_title="Director", department="Purchasing")

    lead.refresh_from_db()
    assert refusal.value.conflicts == {"job_title": ("Head buyer", "Director")}
    assert (lead.job_title, lead.department) == ("Head buyer", "")


def test_a_touch_is_judged_at_once(lead: Lead, mai: User, now: datetime):
    factories.version_in_force(
        {"condition": {"touches": {"kind": "seminar", "at_least": 1, "within_days": 30}}, "points": 10}
    )

    touch = add_touch(lead_id=lead.pk, kind="seminar", at=None, detail=" Spring day ", actor=mai, now=now)

    lead.refresh_from_db()
    assert (touch.at, touch.detail, lead.stage) == (now, "Spring day", "qualified")
    assert lead.events.filter(kind="updated", data__touch=touch.pk).exists()


def test_touches_are_marketings_to_add(lead: Lead, mai: User, ren: User, now: datetime):
    with pytest.raises(NotAllowed):
        add_touch(lead_id=lead.pk, kind="seminar", at=None, detail="", actor=ren, now=now)

    assert add_touch(lead_id=lead.pk, kind="seminar", at=None, detail="", actor=mai, now=now).pk


@pytest.mark.parametrize(
    ("kind", "ahead", "campaign", "field"),
    [
        ("wink", timedelta(0), "", "kind"),
        ("seminar", timedelta(days=1), "", "at"),
        ("seminar", timedelta(0), "Nowhere", "campaign"),
    ],
)
def test_an_impossible_touch_is_refused(kind: str, ahead: timedelta, campaign: str, field: str, lead: Lead, mai: User):
    now = lead.captured_at

    with pytest.raises(InvalidInput) as refusal:
        add_touch(lead_id=lead.pk, kind=kind, at=now + ahead, detail="", campaign=campaign, actor=mai, now=now)

    assert refusal.value.field == field
