"""A lead comes in: clean, once, and judged at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from leads.models import Account, Lead, LeadEvent, Touch
from leads.rules.stages import Stage
from leads.selectors.verdicts import explain
from leads.services.capture import Captured, LeadData, TouchData, capture_lead
from tests import factories
from tests.racing import while_uncommitted

STEEL = {"condition": {"field": "industry", "op": "is", "value": "steel"}, "points": 20, "why": "They buy."}
ACTIVE = {
    "condition": {"touches": {"kind": "download", "at_least": 2, "within_days": 30}},
    "points": 10,
    "why": "They read.",
}
STUDENT = {"kind": "disqualifier", "condition": {"field": "job_title", "op": "contains", "value": "学生"}}


@pytest.fixture
def capture(mai: User, now: datetime) -> Any:
    def run(actor: User = mai, **fields: Any) -> Captured:
        return capture_lead(data=LeadData(**{"full_name": "田中 花子"} | fields), actor=actor, now=now)

    return run


def test_a_lead_is_stored_as_given_and_compared_as_normalised(capture: Any, now: datetime) -> None:
    captured = capture(
        company_name="㈱山田製作所",
        email="Hanako@Yamada.example ",
        phone="03-1234-5678",
        industry="steel",
        employee_count=80,
    )

    lead = captured.lead
    assert captured.is_new
    assert (lead.company_name, lead.email, lead.phone) == ("㈱山田製作所", "hanako@yamada.example", "+81312345678")
    assert (lead.email_domain, lead.is_free_mail) == ("yamada.example", False)
    assert (lead.account.name_key, lead.account.employee_count) == ("山田製作所", 80)
    assert (lead.captured_at, lead.stage) == (now, Stage.CAPTURED)
    assert [event.kind for event in lead.events.all()] == ["captured"]


@pytest.mark.parametrize("spelling", ["株式会社山田製作所", "山田製作所(株)", "山田製作所 株式会社", "㈱ 山田製作所"])
def test_one_company_in_many_spellings_is_one_account(capture: Any, spelling: str) -> None:
    capture(company_name="㈱山田製作所", industry="steel")

    capture(company_name=spelling, industry="paper", prefecture="東京都")

    account = Account.objects.get()
    assert (account.industry, account.prefecture) == ("steel", "東京都")  # blanks are filled, nothing is overwritten


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"full_name": " "}, "full_name"),
        ({"email": "hanako@"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"campaign": "Nowhere"}, "campaign"),
        ({"source": "x" * 101}, "source"),
        ({"full_name": "a\x00b"}, "full_name"),
        ({"company_name": "Yamada", "industry": "x" * 101}, "industry"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "x" * 5001}, "note"),
        ({"custom": {"booth": ["\x00"]}}, "custom.booth[0]"),
        ({"custom": {"booth": {"a\ud800": 1}}}, "custom.booth"),
        ({"custom": {"booth": float("inf")}}, "custom.booth"),
        ({"custom": {"booth": 10**18}}, "custom.booth"),
        ({"custom": {"booth": "x" * 5001}}, "custom.booth"),
        ({"custom": {"x" * 101: 1}}, "custom"),
        ({"custom": {"a": [[[[[]]]]]}}, "custom"),
        ({"custom": {str(number): number for number in range(201)}}, "custom"),
        ({"touches": (TouchData("download", detail="x" * 301),)}, "touches[0].detail"),
        ({"touches": (TouchData("download"), TouchData("hypnosis"))}, "touches[1].kind"),
    ],
)
def test_bad_input_is_refused_with_its_field_and_nothing_is_kept(capture: Any, fields: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        capture(**fields)

    assert refusal.value.field == field
    assert not Lead.objects.exists()
    assert not Account.objects.exists()


def test_nothing_lies_in_the_future(capture: Any, now: datetime) -> None:
    tomorrow = now + timedelta(days=1)

    for fields in ({"captured_at": tomorrow}, {"touches": (TouchData("download", tomorrow),)}):
        with pytest.raises(InvalidInput):
            capture(**fields)


def test_the_verdict_shows_every_criterion_the_value_seen_and_the_points(capture: Any, now: datetime) -> None:
    factories.version_in_force(STEEL, ACTIVE, STUDENT, threshold=30)
    downloads = tuple(TouchData("download", now - timedelta(days=n)) for n in (1, 40))

    captured = capture(company_name="Yamada", industry="Steel", touches=downloads)

    view = explain(captured.verdict)
    assert (view.is_qualified, view.points, view.threshold) == (False, 20, 30)
    assert [(line.met, line.points, line.seen) for line in view.lines] == [
        (True, 20, ("Steel",)),
        (False, 0, ("1",)),
        (False, 0, ("not known",)),
    ]
    assert [line.sentence for line in view.missing] == ["download at least 2 times in the last 30 days"]


def test_a_lead_that_reaches_the_threshold_qualifies_with_an_event(capture: Any, now: datetime) -> None:
    version = factories.version_in_force(STEEL, threshold=20)

    lead = capture(company_name="Yamada", industry="steel").lead

    event = LeadEvent.objects.get(kind="qualified")
    assert (lead.stage, lead.qualified_at) == (Stage.QUALIFIED, now)
    assert (event.old_stage, event.new_stage, event.data["version"]) == ("captured", "qualified", version.pk)


def test_a_disqualifier_outweighs_any_points(capture: Any) -> None:
    factories.version_in_force(STEEL, STUDENT, threshold=20)

    captured = capture(company_name="Yamada", industry="steel", job_title="大学生・学生")

    assert captured.verdict.is_disqualified
    assert not captured.verdict.is_qualified
    assert captured.lead.stage == Stage.CAPTURED


def test_without_a_definition_in_force_nobody_is_judged(capture: Any) -> None:
    captured = capture(company_name="Yamada", industry="steel")

    assert captured.verdict is None
    assert captured.lead.stage == Stage.CAPTURED


def test_the_same_external_id_again_returns_the_lead_and_changes_nothing(capture: Any) -> None:
    first = capture(source_system="web", external_id="42", touches=(TouchData("inquiry"),))

    again = capture(source_system="web", external_id="42", full_name="Somebody else", touches=(TouchData("inquiry"),))

    assert (again.lead, again.is_new) == (first.lead, False)
    assert again.lead.full_name == "田中 花子"
    assert Touch.objects.count() == 1
    assert capture(source_system="fair", external_id="42").is_new  # another system has ids of its own


def test_a_sales_rep_may_not_submit(capture: Any, ren: User) -> None:
    with pytest.raises(NotAllowed):
        capture(actor=ren)

    assert not Lead.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_lead_sent_by_eight_at_once_is_one_lead(now: datetime) -> None:
    """Red without the unique constraint on system and external id."""
    mai = factories.user("mai")
    barrier = threading.Barrier(8)
    outcomes: list[bool] = []

    def send() -> None:
        barrier.wait()
        try:
            data = LeadData(full_name="One", company_name="Yamada", source_system="web", external_id="42")
            outcomes.append(capture_lead(data=data, actor=mai, now=now).is_new)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [False] * 7 + [True]
    assert Lead.objects.count() == Account.objects.count() == LeadEvent.objects.count() == 1


def test_a_touch_within_the_skew_of_two_clocks_counts_at_once(capture: Any, mai: User, now: datetime) -> None:
    factories.version_in_force(ACTIVE, threshold=10)
    soon = now + timedelta(minutes=2)

    captured = capture(touches=(TouchData("download", at=soon), TouchData("download", at=soon)), captured_at=soon)

    assert captured.lead.stage == Stage.QUALIFIED
    assert captured.lead.captured_at == now


def test_what_a_new_lead_tells_of_its_company_judges_the_others_of_it_again(capture: Any, now: datetime) -> None:
    factories.version_in_force({"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 10})
    first = capture(company_name="山田製作所").lead

    capture(company_name="山田製作所", employee_count=500)

    first.refresh_from_db()
    assert first.stage == Stage.QUALIFIED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("industry", ["", "steel"])
def test_what_becomes_known_of_a_company_meanwhile_stays(capture: Any, industry: str) -> None:
    factories.account("山田製作所", name_key="山田製作所")

    while_uncommitted(
        lambda: capture(company_name="山田製作所", employee_count=80),
        lambda: capture(company_name="山田製作所", employee_count=500, industry=industry),
    )

    account = Account.objects.get()
    assert (account.employee_count, account.industry) == (80, industry)


NO_DATE = datetime(1, 1, 1, tzinfo=UTC)
"""How other tools write that there is none; read in Tokyo and kept in UTC it would have no year."""


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [({"captured_at": NO_DATE}, "captured_at"), ({"touches": (TouchData("download", at=NO_DATE),)}, "touches[0].at")],
)
def test_a_moment_that_cannot_be_meant_is_refused(capture: Any, fields: dict[str, Any], at_fault: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        capture(**fields)

    assert refused.value.field == at_fault
    assert not Lead.objects.exists()
