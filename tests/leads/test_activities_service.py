"""Sales records what it did the same way for every lead; attempt and contact are two things."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from leads.models import Activity, Lead
from leads.rules.activities import OUTCOMES, ActivityKind, Outcome
from leads.rules.stages import Stage
from leads.services.activities import NotWithSales, record_activity
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(ren: User) -> Lead:
    """A lead that Ren has accepted."""
    return factories.lead(stage=Stage.WITH_SALES, owner=ren)


def record(lead: Lead, actor: User, now: datetime, **changes: Any) -> Activity:
    facts = {"kind": "call", "outcome": "no_answer", "note": "", "at": None, "next_step_on": None} | changes
    return record_activity(lead_id=lead.pk, actor=actor, now=now, **facts)


def test_an_attempt_is_recorded_and_is_no_contact(lead: Lead, ren: User, now: datetime):
    activity = record(lead, ren, now, note=" Rang twice ")

    lead.refresh_from_db()
    assert (activity.is_attempt, activity.is_contact, activity.note, activity.at) == (True, False, "Rang twice", now)
    assert lead.first_contacted_at is None
    assert not lead.events.exists()


def test_the_first_contact_dates_the_lead_and_is_an_event(lead: Lead, ren: User, now: datetime):
    record(lead, ren, now, outcome="spoke")
    record(lead, ren, now + timedelta(hours=1), kind="meeting", outcome="met")

    lead.refresh_from_db()
    assert lead.first_contacted_at == now
    assert list(lead.events.values_list("kind", "actor", "at")) == [("contacted", ren.pk, now)]


def test_an_earlier_contact_recorded_late_moves_the_date_back(lead: Lead, ren: User, now: datetime):
    record(lead, ren, now, outcome="spoke")
    record(lead, ren, now, outcome="spoke", at=now - timedelta(hours=2))

    lead.refresh_from_db()
    assert lead.first_contacted_at == now - timedelta(hours=2)
    assert list(lead.events.order_by("pk").values_list("kind", flat=True)) == ["contacted", "updated"]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(kind, outcome) for kind in ActivityKind for outcome in Outcome],
)
def test_only_outcomes_that_fit_the_kind_are_taken(kind: str, outcome: str, lead: Lead, ren: User, now: datetime):
    if outcome in OUTCOMES[ActivityKind(kind)]:
        assert record(lead, ren, now, kind=kind, outcome=outcome).outcome == outcome
    else:
        with pytest.raises(InvalidInput) as refusal:
            record(lead, ren, now, kind=kind, outcome=outcome)
        assert refusal.value.field == "outcome"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "dance"}, "kind"),
        ({"at": "tomorrow"}, "at"),
        ({"next_step_on": date(2026, 3, 1)}, "next_step_on"),
        ({"note": "x" * 5001}, "note"),
        ({"note": "a\x00b"}, "note"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], field: str, lead: Lead, ren: User, now: datetime):
    if changes.get("at"):
        changes = {"at": now + timedelta(days=1)}

    with pytest.raises(InvalidInput) as refusal:
        record(lead, ren, now, **changes)

    assert refusal.value.field == field
    assert not Activity.objects.exists()


@pytest.mark.parametrize(("zone", "first_day"), [("Asia/Tokyo", 2), ("UTC", 1), ("America/New_York", 1)])
def test_the_next_step_is_compared_in_the_zone_of_who_did_it(
    zone: str, first_day: int, lead: Lead, ren: User, now: datetime
):
    ren.time_zone = zone
    after_midnight = now.replace(day=2, hour=0, minute=30)  # in Tokyo

    record(lead, ren, after_midnight, next_step_on=date(2026, 4, first_day))
    with pytest.raises(InvalidInput, match="or a later day, or leave it empty") as refusal:
        record(lead, ren, after_midnight, next_step_on=date(2026, 4, first_day) - timedelta(days=1))

    assert refusal.value.field == "next_step_on"


def test_the_next_step_is_kept_until_the_next_attempt(lead: Lead, ren: User, now: datetime):
    def planned() -> date | None:
        return Lead.objects.get(pk=lead.pk).next_step_on

    record(lead, ren, now, next_step_on=date(2026, 4, 8))
    assert planned() == date(2026, 4, 8)

    record(lead, ren, now, kind="note", outcome="none", note="Likes blue")
    assert planned() == date(2026, 4, 8)

    record(lead, ren, now, outcome="spoke")
    assert planned() is None


@pytest.mark.parametrize("stage", list(Stage))
def test_only_a_lead_with_sales_takes_activities(stage: Stage, lead: Lead, ren: User, now: datetime):
    Lead.objects.filter(pk=lead.pk).update(stage=stage, qualified_at=now)

    if stage in (Stage.WITH_SALES, Stage.CUSTOMER):
        assert record(lead, ren, now).pk
    else:
        with pytest.raises(NotWithSales):
            record(lead, ren, now)


def test_the_owner_the_team_and_the_manager_record_and_nobody_else(
    lead: Lead, ren: User, riku: User, sora: User, now: datetime, request: pytest.FixtureRequest
):
    for person in (ren, riku, sora):
        assert record(lead, person, now).actor == person

    for outsider in ("rei", "mai", "aoi", "kei"):
        with pytest.raises(NotAllowed):
            record(lead, request.getfixturevalue(outsider), now)


def test_a_lead_whose_owner_has_left_is_open_to_all_of_sales(lead: Lead, ren: User, rei: User, now: datetime):
    with pytest.raises(NotAllowed):
        record(lead, rei, now)

    User.objects.filter(pk=ren.pk).update(is_active=False)

    assert record(lead, rei, now).actor == rei


def test_an_unknown_lead_is_not_found(ren: User, now: datetime):
    with pytest.raises(NotFound):
        record(Lead(pk=10**9), ren, now)
