"""Files of every kind are taken back: what they made counts nowhere, what they changed is as it was."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel import history
from alignment.kernel.errors import InvalidInput, NotAllowed
from handoff.services.offers import hand_over
from leads.models import (
    Account,
    Activity,
    Campaign,
    CampaignCost,
    Deal,
    DealEvent,
    ImportChange,
    ImportedRow,
    ImportJob,
    Lead,
    LeadEvent,
    Touch,
)
from leads.rules.stages import Stage
from leads.selectors import timeline
from leads.selectors.leads import path_of
from leads.services import judging, merging
from leads.services.accounts import update_account
from leads.services.campaigns import save_campaign
from leads.services.deals import update_deal, win_deal
from leads.services.importing import engine, jobs, undoing, work
from leads.services.leads import update_lead
from leads.services.touches import add_touch
from reviews.kpis import sources
from reviews.kpis.rows import RowSet
from tests import factories

pytestmark = pytest.mark.django_db

State = ImportJob.State
Take = Callable[..., ImportJob]
COLUMNS: dict[str, dict[str, str]] = {
    "accounts": {"Id": "external_id", "Name": "company", "Industry": "industry", "Staff": "employees"},
    "campaigns": {
        "Name": "campaign",
        "Channel": "channel",
        "From": "starts_on",
        "To": "ends_on",
        "Month": "month",
        "Cost": "cost",
    },
    "touches": {"Id": "external_id", "Lead": "lead_external_id", "What": "kind", "When": "at", "Title": "detail"},
    "activities": {
        "Id": "external_id",
        "Lead": "lead_external_id",
        "What": "kind",
        "Result": "outcome",
        "When": "at",
        "Who": "done_by",
    },
    "deals": {
        "Id": "external_id",
        "Lead": "lead_external_id",
        "Name": "name",
        "Company": "account",
        "Sum": "amount",
        "Opened": "opened_at",
        "Won": "won_at",
    },
}
MODELS = {"accounts": Account, "campaigns": Campaign, "touches": Touch, "activities": Activity, "deals": Deal}
FILES = {
    "accounts": "C1,Acme,Steel,10\nC2,Bolt,,\n",
    "campaigns": "Fair,event,2026-04-01,2026-04-30,2026-04-01,100\nFair,,,,2026-05-01,50\nMail,mail,,,,\n",
    "touches": "T1,L1,download,2026-03-02,Guide\nT2,L1,seminar,2026-03-03,\n",
    "activities": "A1,L1,call,spoke,2026-03-02,ren@example.com\nA2,L1,call,no answer,2026-03-01,ren@example.com\n",
    "deals": "D1,L1,First,Acme,1000,2026-03-02,\nD2,,Second,Bolt,2000,2026-03-02,2026-03-05\n",
}
BY = {"accounts": "mai", "campaigns": "mai", "touches": "mai", "activities": "kei", "deals": "mai"}
KINDS = sorted(FILES)


class Killed(BaseException):
    """What no worker survives."""


@pytest.fixture
def lead(db: None) -> Lead:
    return factories.lead(source_system="crm", external_id="L1", full_name="Aki", email="aki@steel.example")


@pytest.fixture
def people(mai: User, ren: User, kei: User) -> dict[str, User]:
    User.objects.filter(pk=ren.pk).update(email="ren@example.com")
    return {"mai": mai, "ren": ren, "kei": kei}


@pytest.fixture
def taken(people: dict[str, User], lead: Lead) -> Take:
    """Bring a file of a kind and take its rows."""

    def bring(kind: str, rows: str = "", *, system: str = "crm") -> ImportJob:
        now, actor, columns = timezone.now(), people[BY[kind]], COLUMNS[kind]
        file = io.BytesIO((",".join(columns) + "\n" + (rows or FILES[kind])).encode())
        job = jobs.start(kind=kind, file=file, file_name=f"{kind}.csv", actor=actor, now=now)
        jobs.set_up(job_id=job.pk, mapping={"system": system, "columns": columns}, actor=actor, now=now)
        jobs.check(job_id=job.pk, actor=actor, now=now)
        work.take_waiting(clock=timezone.now)
        jobs.run(job_id=job.pk, actor=actor, now=now)
        work.take_waiting(clock=timezone.now)
        job.refresh_from_db()
        assert (job.state, job.counts["refused"]) == (State.DONE, 0), list(job.remarks.values_list("message"))
        return job

    return bring


def undo(job: ImportJob, *, at: datetime | None = None) -> ImportJob:
    jobs.undo(job_id=job.pk, actor=job.actor, now=at or timezone.now())
    work.take_waiting(clock=timezone.now)
    job.refresh_from_db()
    assert job.state == State.UNDONE, job.fault
    return job


def came_of(job: ImportJob) -> tuple[int, int, int]:
    return job.counts["undone"], job.counts["restored"], job.counts["kept"]


VARIES = ("id", "created_at", "recorded_at", "updated_at", "taken_back_by_id", "campaign_id", "account_id", "lead_id")


def standing() -> dict[str, list[Any]]:
    """All that counts, but for the ids and moments that every run gives anew."""
    found: dict[str, list[Any]] = {}
    for model in (Account, Campaign, CampaignCost, Touch, Activity, Deal, Lead, ImportedRow):
        rows = [{k: v for k, v in row.items() if k not in VARIES} for row in model.objects.order_by("pk").values()]
        for row in rows:
            row.pop("made_by_id", None), row.pop("verdict_id", None)
            if "facts" in row:
                row["facts"] = {k: v for k, v in row["facts"].items() if not k.endswith("_id")}
        found[model.__name__] = sorted(rows, key=str)
    return found


# -- every kind ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_undo_restores_exactly_and_the_same_file_gives_the_same_again(kind: str, taken: Take) -> None:
    before = standing()
    job = taken(kind)
    after, first = standing(), dict(job.counts)
    assert MODELS[kind].objects.exists()

    undo(job)

    undone = standing()
    if kind == "deals":  # companies and people that a file names stay
        assert (len(undone.pop("Account")), before.pop("Account")) == (2, [])
    assert undone == before
    assert came_of(job)[1:] == (0, 0)

    assert taken(kind).counts["created"] == first["created"]
    assert standing() == after


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_worker_loses_nothing(kind: str, taken: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    before = standing()
    job = taken(kind)
    monkeypatch.setattr(undoing, "PART", 1)
    jobs.undo(job_id=job.pk, actor=job.actor, now=timezone.now())
    parts = []

    def dies(name: str) -> None:
        parts.append(name)
        if len(parts) == 2:
            raise Killed

    monkeypatch.setattr(work, "failpoint", dies)
    with pytest.raises(Killed):
        work.take_waiting(clock=timezone.now)
    assert MODELS[kind].objects.count() == 1  # one part was done, the second is undone with what it counted

    work.take_waiting(clock=lambda: timezone.now() + ImportJob.LEASE * 2)

    job.refresh_from_db()
    assert (job.state, came_of(job)) == (State.UNDONE, (2, 0, 0))
    assert standing() | {"Account": []} == before


@pytest.mark.parametrize("kind", KINDS)
def test_after_seven_days_it_stays(kind: str, taken: Take) -> None:
    job = taken(kind)

    with pytest.raises(InvalidInput, match="within 7 days"):
        undo(job, at=timezone.now() + timedelta(days=7, minutes=1))

    undo(job, at=timezone.now() + timedelta(days=6, hours=23))
    assert not MODELS[kind].objects.exclude(pk__in=Account.objects.values("pk") if kind == "deals" else []).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_import_of_which_not_all_was_noted_stays(
    kind: str, taken: Take, signed_in: Callable[[User], Client]
) -> None:
    """Before undo was for files of every kind, nothing was kept of what others than leads changed."""
    job = taken(kind)
    ImportJob.objects.update(notes_effects=False)
    client = signed_in(job.actor)

    assert "Take it back" not in client.get(f"/imports/{job.pk}/").text
    assert "did not note yet" in client.get(f"/imports/{job.pk}/undo/", follow=True).text
    with pytest.raises(InvalidInput, match="did not note yet"):
        undo(job)

    assert MODELS[kind].objects.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("person", "is_let"), [("aoi", True), ("kei", True), ("ren", False), ("other", False)])
def test_who_may(kind: str, person: str, is_let: bool, taken: Take, request: pytest.FixtureRequest) -> None:
    actor = factories.user("other") if person == "other" else request.getfixturevalue(person)
    job = taken(kind)
    made = MODELS[kind].objects.count()

    if is_let:
        jobs.undo(job_id=job.pk, actor=actor, now=timezone.now())
    else:
        with pytest.raises(NotAllowed):
            jobs.undo(job_id=job.pk, actor=actor, now=timezone.now())
    work.take_waiting(clock=timezone.now)
    assert MODELS[kind].objects.count() == (0 if is_let else made)


def named_by_lead(taken: Take, people: dict[str, User], lead: Lead) -> str:
    Lead.objects.update(account=Account.objects.get(name="Acme"))
    return "leads or deals belong to it"


def company_corrected(taken: Take, people: dict[str, User], lead: Lead) -> str:
    acme = Account.objects.get(name="Acme")
    update_account(account_id=acme.pk, industry="Iron", actor=people["mai"], now=timezone.now())
    return "somebody has changed it"


def company_in_another_file(taken: Take, people: dict[str, User], lead: Lead) -> str:
    taken("accounts", "X1,Acme,Steel,10\n", system="other")
    return "another file names it"


def company_in_a_group(taken: Take, people: dict[str, User], lead: Lead) -> str:
    acme = Account.objects.get(name="Acme")
    branch = factories.account()
    update_account(account_id=branch.pk, parent_id=acme.pk, actor=people["mai"], now=timezone.now())
    return "it belongs to a group of companies"


def campaign_touched(taken: Take, people: dict[str, User], lead: Lead) -> str:
    factories.touch(lead, campaign=Campaign.objects.get(name="Fair"))
    return "leads or touches name it"


def campaign_cost_corrected(taken: Take, people: dict[str, User], lead: Lead) -> str:
    fair = Campaign.objects.get(name="Fair")
    facts = {"name": "Fair", "channel": "event", "promise": "", "starts_on": fair.starts_on, "ends_on": fair.ends_on}
    save_campaign(campaign_id=fair.pk, actor=people["mai"], costs={date(2026, 4, 1): Decimal(100)}, **facts)
    return "somebody has changed it"  # the cost of May is gone


def campaign_with_form(taken: Take, people: dict[str, User], lead: Lead) -> str:
    factories.capture_form(campaign=Campaign.objects.get(name="Fair"))
    return "a form belongs to it"


def deal_renamed(taken: Take, people: dict[str, User], lead: Lead) -> str:
    deal = Deal.objects.get(external_id="D1")
    Deal.objects.filter(pk=deal.pk).update(owner=people["ren"])
    facts = {"name": "Renamed", "amount": None, "expected_on": None, "product": ""}
    update_deal(deal_id=deal.pk, actor=people["ren"], now=timezone.now(), **facts)
    return "somebody has changed it"


def lead_handed_over(taken: Take, people: dict[str, User], lead: Lead) -> str:
    factories.version_in_force({"condition": {"field": "email", "op": "is_present"}, "points": 10})
    factories.routing_rule(people["ren"].team)
    hand_over(lead_id=lead.pk, actor=people["mai"], now=timezone.now())
    return "the lead has moved on since"


@pytest.mark.parametrize(
    ("kind", "happens", "kept"),
    [
        ("accounts", named_by_lead, 1),
        ("accounts", company_corrected, 1),
        ("accounts", company_in_another_file, 1),
        ("accounts", company_in_a_group, 1),
        ("campaigns", campaign_touched, 1),
        ("campaigns", campaign_cost_corrected, 1),
        ("campaigns", campaign_with_form, 1),
        ("deals", deal_renamed, 1),
        ("touches", lead_handed_over, 2),
        ("activities", lead_handed_over, 2),
    ],
)
def test_what_something_else_has_happened_to_stays_and_is_named(
    kind: str,
    happens: Callable[..., str],
    kept: int,
    taken: Take,
    people: dict[str, User],
    lead: Lead,
    signed_in: Callable[[User], Client],
) -> None:
    job = taken(kind)
    with history.written_by(people["mai"].pk):  # as in a request
        why = happens(taken, people, lead)
    client = signed_in(job.actor)
    foretold = client.get(f"/imports/{job.pk}/undo/").text

    undo(job)

    assert came_of(job) == (2 - kept, 0, kept)
    assert why in foretold
    assert why in client.get(f"/imports/{job.pk}/").text
    assert ImportedRow.objects.filter(made_by=job).count() == kept  # what stays is known


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_says_what_goes_and_does_it(kind: str, taken: Take, signed_in: Callable[[User], Client]) -> None:
    job = taken(kind)
    client = signed_in(job.actor)
    assert f"/imports/{job.pk}/undo/" in client.get(f"/imports/{job.pk}/").text
    assert "Take it back" in client.get(f"/imports/{job.pk}/undo/").text

    answer = client.post(f"/imports/{job.pk}/undo/", follow=True)
    assert "is being taken back" in answer.text
    work.take_waiting(clock=timezone.now)

    assert "Taken back" in client.get(f"/imports/{job.pk}/").text


# -- companies -------------------------------------------------------------------------------------------


def test_a_company_gets_back_what_the_file_changed_and_its_leads_their_place(
    taken: Take, lead: Lead, people: dict[str, User]
) -> None:
    acme = factories.account("Acme", industry="", employee_count=5)
    Lead.objects.update(account=acme)
    factories.version_in_force({"condition": {"field": "employees", "op": "at_least", "value": 100}, "points": 10})
    Account.objects.filter(pk=acme.pk).update(employee_count=None)
    job = taken("accounts", "C1,Acme,Steel,500\n")
    lead.refresh_from_db()
    assert (lead.stage, job.counts["updated"]) == (Stage.QUALIFIED, 1)

    undo(job)

    acme.refresh_from_db()
    lead.refresh_from_db()
    assert (acme.industry, acme.employee_count) == ("", None)
    assert (lead.stage, lead.qualified_at) == (Stage.CAPTURED, None)
    assert came_of(job) == (0, 1, 0)
    assert not ImportedRow.objects.exists()


def test_what_was_corrected_since_stays_and_the_rest_goes_back(
    taken: Take, people: dict[str, User], signed_in: Callable[[User], Client]
) -> None:
    acme = factories.account("Acme", industry="", prefecture="")
    job = taken("accounts", "C1,Acme,Steel,500\n")
    update_account(account_id=acme.pk, industry="Iron", actor=people["mai"], now=timezone.now())

    undo(job)

    acme.refresh_from_db()
    assert (acme.industry, acme.employee_count, came_of(job)) == ("Iron", None, (0, 0, 1))
    assert "what the file wrote was changed since" in signed_in(job.actor).get(f"/imports/{job.pk}/").text


def test_a_company_of_two_rows_goes_with_what_both_said(taken: Take) -> None:
    rows = "C1,Acme,Steel,\nC2,Acme,,20\n"
    job = taken("accounts", rows)
    assert Account.objects.get().employee_count == 20

    undo(job)
    assert not Account.objects.exists()
    assert not ImportedRow.objects.exists()

    taken("accounts", rows)
    assert (Account.objects.get().industry, Account.objects.get().employee_count) == ("Steel", 20)


def test_two_rows_of_a_known_company_go_back_and_say_the_same_once_more(taken: Take) -> None:
    acme = factories.account("Acme", industry="", employee_count=None)
    rows = "C1,Acme,Steel,\nC2,Acme,Iron,20\n"
    job = taken("accounts", rows)
    acme.refresh_from_db()
    assert (acme.industry, acme.employee_count, job.counts["updated"]) == ("Iron", 20, 2)

    undo(job)
    acme.refresh_from_db()
    assert (acme.industry, acme.employee_count, came_of(job)) == ("", None, (0, 2, 0))
    assert not ImportedRow.objects.exists()

    again = taken("accounts", rows)
    acme.refresh_from_db()
    assert (acme.industry, acme.employee_count, again.remarks.count()) == ("Iron", 20, 0)


def test_a_company_that_stays_is_left_as_its_file_has_made_it(taken: Take) -> None:
    job = taken("accounts", "C1,Acme,Steel,\nC2,Acme,,20\n")
    Lead.objects.update(account=Account.objects.get())

    assert came_of(undo(job)) == (0, 0, 1)

    assert (Account.objects.get().industry, Account.objects.get().employee_count) == ("Steel", 20)


def test_a_company_goes_once_the_file_of_its_leads_is_taken_back(taken: Take, people: dict[str, User]) -> None:
    job = taken("accounts", "C1,Acme,Steel,\n")
    Lead.objects.update(account=Account.objects.get())
    assert came_of(undo(job)) == (0, 0, 1)

    Lead.objects.update(taken_back_by=job)

    assert came_of(undo(job))[2] == 0
    assert not Account.objects.exists()


def test_a_company_that_a_merge_may_bring_back_stays(taken: Take, people: dict[str, User], lead: Lead) -> None:
    job = taken("accounts", "C1,Acme,Steel,\nC2,Bolt,Iron,\n")
    acme, bolt = Account.objects.order_by("name")
    Lead.objects.update(account=acme, company_name="Acme")
    twin = factories.lead(account=bolt, company_name="Bolt", captured_at=timezone.now())
    done = merging.merge(
        pair=[lead.pk, twin.pk], facts={"company_name": twin.pk}, actor=people["mai"], now=timezone.now()
    )
    assert not acme.leads.exists()

    assert came_of(undo(job)) == (0, 0, 2)

    merging.unmerge(merge_id=done.pk, actor=people["mai"], now=timezone.now())
    lead.refresh_from_db()
    assert lead.account == acme


# -- campaigns -------------------------------------------------------------------------------------------


def test_a_campaign_gets_its_facts_and_its_months_back(taken: Take) -> None:
    fair = factories.campaign("Fair", channel="")
    CampaignCost.objects.create(campaign=fair, month=date(2026, 6, 1), amount=7)
    job = taken("campaigns", "Fair,event,2026-04-01,2026-04-30,2026-04-01,100\nFair,,,,2026-05-01,50\n")
    assert fair.costs.count() == 3

    undo(job)

    fair.refresh_from_db()
    assert (fair.channel, fair.starts_on, fair.ends_on) == ("", None, None)
    assert dict(fair.costs.values_list("month", "amount")) == {date(2026, 6, 1): Decimal(7)}
    assert came_of(job) == (0, 1, 0)


def test_a_month_of_an_undone_file_is_forgotten_though_a_later_file_stands(taken: Take) -> None:
    fair = factories.campaign("Fair")
    first = taken("campaigns", "Fair,,,,2026-04-01,100\n")
    taken("campaigns", "Fair,,,,2026-05-01,50\n")

    undo(first)
    assert dict(fair.costs.values_list("month", "amount")) == {date(2026, 5, 1): Decimal(50)}

    again = taken("campaigns", "Fair,,,,2026-04-01,100\n")
    assert fair.costs.count() == 2
    assert again.remarks.count() == 0


def test_what_names_another_record_is_forgotten_too(taken: Take) -> None:
    acme = factories.account("Acme")
    deal = {"head": "D1,L1,First,", "tail": ",1000,2026-03-02,\n"}
    taken("deals", "D1,L1,First,,,2026-03-02,\n")
    first = taken("deals", "{head}Bolt{tail}".format(**deal))
    taken("deals", "D1,L1,Renamed,,,2026-03-02,\n")
    before = Deal.objects.values("account").get()["account"]
    assert before != acme.pk

    undo(first)
    assert Deal.objects.values("account").get()["account"] != before

    taken("deals", "{head}Bolt{tail}".format(**deal))
    assert Deal.objects.values("account").get()["account"] == before


def test_a_campaign_of_which_a_file_says_no_more_than_the_name_goes(taken: Take) -> None:
    job = taken("campaigns", "Mail,,,,,\n")

    assert came_of(undo(job)) == (1, 0, 0)
    assert not Campaign.objects.exists()


def test_a_cost_that_was_corrected_since_stays_and_so_does_a_period_that_would_not_fit(
    taken: Take, people: dict[str, User]
) -> None:
    fair = factories.campaign("Fair", starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 31))
    first = taken("campaigns", "Fair,,2026-01-01,2026-01-31,2026-01-01,10\n")
    second = taken("campaigns", "Fair,,,2026-12-31,2026-01-01,20\n")
    facts = {
        "name": "Fair",
        "channel": "web",
        "promise": "",
        "starts_on": date(2026, 3, 1),
        "ends_on": date(2026, 12, 31),
    }
    save_campaign(campaign_id=fair.pk, actor=people["mai"], costs={date(2026, 1, 1): Decimal(30)}, **facts)

    undo(second)

    fair.refresh_from_db()
    assert (fair.ends_on, fair.costs.get().amount, came_of(second)) == (date(2026, 12, 31), Decimal(30), (0, 0, 1))
    assert came_of(undo(first)) == (0, 0, 1)


# -- touches ---------------------------------------------------------------------------------------------


def test_a_lead_that_qualified_by_the_touches_of_a_file_stands_where_it_stood(taken: Take, lead: Lead) -> None:
    factories.touch_kind("seminar")
    condition = {"touches": {"kind": "seminar", "at_least": 1, "within_days": 10000}}
    factories.version_in_force({"condition": condition, "points": 10})
    job = taken("touches")
    lead.refresh_from_db()
    assert lead.stage == Stage.QUALIFIED

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, lead.qualified_at) == (Stage.CAPTURED, None)
    assert lead.verdict is None or not lead.verdict.is_qualified
    assert came_of(job) == (2, 0, 0)
    assert list(timeline.timeline(lead, kind="touches")) == []
    assert "Qualified (MQL) → captured" in {item.text for item in timeline.timeline(lead)}
    assert "Touch taken back: " in " ".join(item.title for item in timeline.timeline(lead))
    told = LeadEvent.objects.filter(kind="taken_back", data__has_key="removed").values_list("data", flat=True)
    assert {event["removed"]["detail"] for event in told} == {"Guide", ""}  # what was is still told


def test_being_judged_anew_is_nothing_that_moves_a_lead_on(taken: Take, lead: Lead, people: dict[str, User]) -> None:
    factories.touch_kind("seminar")
    attended = {"touches": {"kind": "seminar", "at_least": 1, "within_days": 10000}}
    head = {"field": "job_title", "op": "is", "value": "Head"}
    factories.version_in_force({"condition": attended, "points": 10}, {"condition": head, "points": 5}, threshold=10)
    job = taken("touches")
    update_lead(lead_id=lead.pk, facts={"job_title": "Head"}, seen=None, actor=people["mai"], now=timezone.now())
    lead.refresh_from_db()
    assert (lead.stage, lead.verdict and lead.verdict.points) == (Stage.QUALIFIED, 15)

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, lead.qualified_at, lead.verdict and lead.verdict.points) == (Stage.CAPTURED, None, 5)


def test_a_lead_that_qualified_by_them_later_is_judged_without_them(taken: Take, lead: Lead) -> None:
    factories.touch_kind("seminar")
    job = taken("touches")
    condition = {"touches": {"kind": "seminar", "at_least": 1, "within_days": 10000}}
    factories.version_in_force({"condition": condition, "points": 10})
    judging.judge(lead_ids=[lead.pk], now=timezone.now())
    lead.refresh_from_db()
    assert lead.stage == Stage.QUALIFIED

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, lead.verdict and lead.verdict.points) == (Stage.CAPTURED, 0)


def test_touches_of_others_stay(taken: Take, lead: Lead, people: dict[str, User]) -> None:
    job = taken("touches")
    mine = add_touch(lead_id=lead.pk, kind="download", at=None, detail="", actor=people["mai"], now=timezone.now())

    undo(job)

    assert list(Touch.objects.all()) == [mine]


# -- activities ------------------------------------------------------------------------------------------


def test_a_first_contact_is_then_the_next_that_is_known(taken: Take, lead: Lead) -> None:
    first = taken("activities", "A1,L1,call,spoke,2026-03-05,ren@example.com\n")
    second = taken("activities", "A2,L1,call,spoke,2026-03-02,ren@example.com\n")

    undo(first)
    lead.refresh_from_db()
    assert lead.first_contacted_at == Activity.objects.get().at
    assert len(timeline.timeline(lead, kind="activities")) == 1

    undo(second)
    lead.refresh_from_db()
    assert lead.first_contacted_at is None
    assert "First contact with the person" not in {item.title for item in timeline.timeline(lead)}
    assert counted(sources.CONTACTED) == 0


def test_of_a_merged_lead_the_first_contact_of_the_whole_person_counts(
    taken: Take, lead: Lead, people: dict[str, User]
) -> None:
    twin = factories.lead(source_system="crm", external_id="L2", captured_at=timezone.now())
    earlier = taken("activities", "A1,L2,call,spoke,2026-03-02,ren@example.com\n")
    taken("activities", "A2,L1,call,spoke,2026-03-05,ren@example.com\n")
    merging.merge(pair=[lead.pk, twin.pk], facts={}, actor=people["mai"], now=timezone.now())

    undo(earlier)

    lead.refresh_from_db()
    twin.refresh_from_db()
    assert (lead.first_contacted_at, twin.first_contacted_at) == (Activity.objects.get().at, None)


def test_what_a_merged_lead_did_stays_where_the_whole_person_has_moved_on(
    taken: Take, lead: Lead, people: dict[str, User], signed_in: Callable[[User], Client]
) -> None:
    twin = factories.lead(source_system="crm", external_id="L2", captured_at=timezone.now())
    job = taken("activities", "A1,L2,call,spoke,2026-03-02,ren@example.com\n")
    merging.merge(pair=[lead.pk, twin.pk], facts={}, actor=people["mai"], now=timezone.now())
    lead_handed_over(taken, people, lead)

    undo(job)

    lead.refresh_from_db()
    assert (lead.first_contacted_at, came_of(job)) == (Activity.objects.get().at, (0, 0, 1))
    assert "the lead has moved on since" in signed_in(job.actor).get(f"/imports/{job.pk}/").text


# -- deals -----------------------------------------------------------------------------------------------


def counted(rows: RowSet) -> int:
    return rows.model._default_manager.filter(rows.facts).distinct().count()


def test_a_deal_counts_nowhere_and_its_lead_stands_where_it_stood(
    taken: Take, lead: Lead, signed_in: Callable[[User], Client]
) -> None:
    Lead.objects.update(qualified_at=timezone.now(), stage=Stage.QUALIFIED)
    job = taken("deals", "D1,L1,First,Acme,1000,2026-03-02,2026-03-05\n")
    deal = Deal.objects.get()
    lead.refresh_from_db()
    assert (lead.stage, counted(sources.WON), counted(sources.CONVERTED)) == (Stage.CUSTOMER, 1, 1)

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, came_of(job)) == (Stage.QUALIFIED, (1, 0, 0))
    assert (counted(sources.WON), counted(sources.CONVERTED), counted(sources.OPENED)) == (0, 0, 0)
    assert not lead.deals.exists()
    assert timeline.timeline(lead, kind="deals") == []
    assert "Deal taken back: First" in {item.title for item in timeline.timeline(lead)}
    client = signed_in(job.actor)
    assert "First" not in client.get("/deals/").text
    assert client.get(f"/deals/{deal.pk}/").status_code == 404
    assert [event.kind for event in DealEvent.objects.order_by("pk")] == ["opened", "won", "taken_back"]


def test_a_lead_stays_where_a_deal_that_stands_has_brought_it(taken: Take, lead: Lead, people: dict[str, User]) -> None:
    job = taken("deals", "D1,L1,First,Acme,1000,2026-03-02,\n")
    with history.written_by(people["ren"].pk):  # as in a request
        deal_renamed(taken, people, lead)

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, came_of(job)) == (Stage.WITH_SALES, (0, 0, 1))


def test_a_lead_whose_deal_was_won_here_since_stays_a_customer(
    taken: Take, lead: Lead, people: dict[str, User]
) -> None:
    job = taken("deals", "D1,L1,First,Acme,1000,2026-03-02,\n")
    Deal.objects.update(owner=people["ren"])
    with history.written_by(people["ren"].pk):  # as in a request
        win_deal(deal_id=Deal.objects.get().pk, reason="price", amount=None, actor=people["ren"], now=timezone.now())

    undo(job)

    lead.refresh_from_db()
    assert (lead.stage, came_of(job)) == (Stage.CUSTOMER, (0, 0, 1))


def test_what_a_file_changed_of_a_deal_goes_back(taken: Take, lead: Lead) -> None:
    path = path_of(lead, today=date(2026, 4, 1))
    first = taken("deals", "D1,L1,First,Acme,1000,2026-03-02,\n")
    before = Deal.objects.values().get()
    second = taken("deals", "D1,L1,Renamed,Bolt,2000.50,2026-03-02,2026-03-09\n")
    assert Lead.objects.get().stage == Stage.CUSTOMER

    undo(second)

    assert Deal.objects.values().get() == before
    assert Lead.objects.get().stage == Stage.WITH_SALES
    assert came_of(second) == (0, 1, 0)
    assert came_of(undo(first)) == (1, 0, 0)
    lead.refresh_from_db()
    assert path_of(lead, today=date(2026, 4, 1)) == path
    assert not ImportChange.objects.exists()


# -- together --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["touches", "activities", "deals"])
def test_what_an_undone_file_told_of_a_lead_is_nothing_that_happened_to_it(
    kind: str, taken: Take, people: dict[str, User]
) -> None:
    Lead.objects.all().delete()
    now = timezone.now()
    file = io.BytesIO(b"id,name\nL1,Aki\n")
    job = jobs.start(kind="leads", file=file, file_name="leads.csv", actor=people["mai"], now=now)
    mapping = {"system": "crm", "columns": {"id": "external_id", "name": "full_name"}}
    jobs.set_up(job_id=job.pk, mapping=mapping, actor=people["mai"], now=now)
    jobs.check(job_id=job.pk, actor=people["mai"], now=now)
    work.take_waiting(clock=timezone.now)
    jobs.run(job_id=job.pk, actor=people["mai"], now=now)
    work.take_waiting(clock=timezone.now)
    of_lead = taken(kind)

    assert came_of(undo(job)) == (0, 0, 1)
    undo(of_lead)
    assert came_of(undo(job))[2] == 0

    assert not Lead.objects.exists()


def test_what_somebody_changed_is_seen_beside_what_an_undone_file_did(
    taken: Take, people: dict[str, User], lead: Lead
) -> None:
    """An event that names no import is no event of one."""
    undo(taken("touches"))
    ImportedRow.objects.create(
        kind="leads",
        source_system="crm",
        external_id="L1",
        facts={},
        made_by=(job := ImportJob.objects.create(
            kind="leads", file_name="x", sha256="", actor=people["mai"], at=timezone.now(), source_system="crm",
            state=State.DONE, finished_at=timezone.now(), counts={"created": 1},
        )),
    )  # fmt: skip
    update_lead(lead_id=lead.pk, facts={"job_title": "Head"}, seen=None, actor=people["mai"], now=timezone.now())

    assert came_of(undo(job)) == (0, 0, 1)


def test_a_run_of_the_command_is_taken_back_like_any_other(people: dict[str, User], lead: Lead) -> None:
    now = datetime(2026, 4, 1, tzinfo=UTC)
    file = io.BytesIO(("Id,Name,Industry,Staff\n" + FILES["accounts"]).encode())
    mapping = {"system": "crm", "columns": COLUMNS["accounts"]}
    engine.run_import(kind="accounts", file=file, file_name="x.csv", mapping=mapping, actor=people["mai"], now=now)
    job = ImportJob.objects.get()

    assert came_of(undo(job, at=now)) == (2, 0, 0)
    assert not Account.objects.exists()
