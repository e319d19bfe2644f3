"""Companies, campaigns, touches and activities from files: the same promises as for leads and deals."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alignment.accounts.models import User
from alignment.kernel.errors import InvalidInput, NotAllowed
from handoff.models import Clock
from handoff.services.decisions import accept
from leads.models import Account, Activity, Campaign, CampaignCost, Deal, ImportedRow, ImportJob, Lead, LeadEvent, Touch
from leads.rules.columns import propose
from leads.rules.mappings import FIELDS
from leads.selectors.accounts import costs_of
from leads.services import company_merging, merging, touch_kinds
from leads.services.accounts import update_account
from leads.services.campaigns import save_campaign
from leads.services.importing import engine, jobs, work
from leads.services.touches import NewTouch, add_touches
from tests import factories
from tests.real_data import FOLDER, needs_crm_samples

Take = Any
COMPANIES = {
    "system": "crm",
    "columns": {
        "Id": "external_id",
        "Name": "company",
        "Industry": "industry",
        "Staff": "employees",
        "Key": "key_account",
    },
}
BY_NAME = {"system": "crm", "columns": {"Name": "company", "Industry": "industry"}}
PLANS = {
    "system": "plan",
    "columns": {
        "Name": "campaign",
        "Channel": "channel",
        "Promise": "promise",
        "From": {"field": "starts_on", "format": ""},
        "To": "ends_on",
        "Month": "month",
        "Cost": "cost",
    },
}
EVENTS = {
    "system": "crm",
    "columns": {
        "Id": "external_id",
        "Lead": "lead_external_id",
        "Mail": "email",
        "What": "kind",
        "When": "at",
        "Campaign": "campaign",
        "Title": "detail",
    },
}
CALLS = {
    "system": "crm",
    "columns": {
        "Id": "external_id",
        "Lead": "lead_external_id",
        "Mail": "email",
        "What": "kind",
        "Result": "outcome",
        "When": "at",
        "Who": "done_by",
        "Note": "note",
    },
}


@pytest.fixture
def lead(db: None) -> Lead:
    return factories.lead(source_system="crm", external_id="L1", email="aki@steel.example")


def rows(header: str, *lines: str) -> str:
    return "\n".join([header, *lines]) + "\n"


def companies(*lines: str) -> str:
    return rows("Id,Name,Industry,Staff,Key", *lines)


def plans(*lines: str) -> str:
    return rows("Name,Channel,Promise,From,To,Month,Cost", *lines)


def events(*lines: str) -> str:
    return rows("Id,Lead,Mail,What,When,Campaign,Title", *lines)


def calls(*lines: str) -> str:
    return rows("Id,Lead,Mail,What,Result,When,Who,Note", *lines)


def counted(result: Any) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, len(result.refused)


def codes(result: Any) -> list[str]:
    return [remark.code for remark, _cells in result.refused]


# -- every kind ------------------------------------------------------------------------------------------

FILES = {
    "accounts": (companies("A1,Acme,Steel,120,yes", ",Bolt,Paper,,no"), COMPANIES),
    "campaigns": (plans("Fair,expo,A demo,2026-04-01,2026-05-31,2026-04,1000", "Fair,,,,,2026-05,500"), PLANS),
    "touches": (events("T1,L1,,seminar,2026-03-01,Fair,Day 1", ",,aki@steel.example,download,2026-03-02,,"), EVENTS),
    "activities": (
        calls(
            "C1,L1,,call,spoke,2026-03-01,ren@example.com,ok", ",,aki@steel.example,note,,2026-03-02,ren@example.com,x"
        ),
        CALLS,
    ),
}


def test_every_kind_has_a_file_here():
    assert FILES.keys() | {"leads", "deals"} == FIELDS.keys() == engine.KINDS.keys()


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_twice_changes_nothing(kind: str, take: Take, kei: User, ren: User, lead: Lead, now: datetime):
    text, mapping = FILES[kind]

    first = take(kind, text, mapping, actor=kei)
    before = [
        *Touch.objects.values(),
        *Activity.objects.values(),
        *Account.objects.values(),
        *CampaignCost.objects.values(),
    ]
    again = take(kind, text, mapping, actor=kei, now=now + timedelta(days=1))

    assert counted(first) == (2, 0, 0, 0), first.refused
    assert counted(again) == (0, 0, 2, 0), again.refused
    assert not again.warnings
    after = [
        *Touch.objects.values(),
        *Activity.objects.values(),
        *Account.objects.values(),
        *CampaignCost.objects.values(),
    ]
    assert after == before


@pytest.mark.parametrize("kind", FILES)
def test_a_rehearsal_counts_what_the_run_does_and_writes_nothing(
    kind: str, take: Take, kei: User, ren: User, lead: Lead
):
    text, mapping = FILES[kind]

    rehearsal = take(kind, text, mapping, actor=kei, dry_run=True)

    assert not any(model.objects.exists() for model in (Touch, Activity, Account, Campaign, ImportedRow))
    assert take(kind, text, mapping, actor=kei).counts() == rehearsal.counts()


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("accounts", {"mai", "aoi", "sora", "kei"}),
        ("campaigns", {"mai", "aoi", "kei"}),
        ("touches", {"mai", "aoi", "kei"}),
        ("activities", {"sora", "kei"}),
    ],
)
def test_who_may_bring_each_kind(
    kind: str, allowed: set[str], take: Take, mai: User, ren: User, aoi: User, sora: User, kei: User, lead: Lead
):
    text, mapping = FILES[kind]
    people = {"mai": mai, "ren": ren, "aoi": aoi, "sora": sora, "kei": kei}

    for name, person in people.items():
        if name in allowed:
            assert take(kind, text, mapping, actor=person, dry_run=True).created == 2
        else:
            with pytest.raises(NotAllowed):
                take(kind, text, mapping, actor=person, dry_run=True)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_costs_the_same_statements_whatever_its_length(
    kind: str, take: Take, kei: User, ren: User, now: datetime
):
    line = {
        "accounts": "A{n},Company {n},Steel,1{n},yes",
        "campaigns": "Fair {n},expo,,2026-04-01,2026-05-31,2026-04,1{n}",
        "touches": "T{n},L{n},,seminar,2026-03-01,Fair,",
        "activities": "C{n},L{n},,call,spoke,2026-03-01,ren@example.com,",
    }[kind]
    header = {"accounts": companies, "campaigns": plans, "touches": events, "activities": calls}[kind]
    for number in range(60):
        factories.lead(source_system="crm", external_id=f"L{number}")

    def cost(first: int, last: int) -> int:
        text = header(*(line.format(n=number) for number in range(first, last)))
        with CaptureQueriesContext(connection) as queries:
            assert take(kind, text, FILES[kind][1], actor=kei).created == last - first
        return len(queries)

    cost(0, 1)
    few = cost(1, 3)
    assert cost(3, 60) <= few


# -- companies -------------------------------------------------------------------------------------------


def test_a_company_is_found_by_its_name_and_only_its_blanks_are_filled(take: Take, kei: User):
    account = factories.account("Acme", name_key="acme", industry="Steel")

    result = take("accounts", companies("A1,ACME Inc.,Paper,120,yes"), COMPANIES)

    account.refresh_from_db()
    assert (account.industry, account.employee_count, account.is_key_account) == ("Steel", 120, True)
    assert counted(result) == (0, 1, 0, 0)
    assert [remark.code for remark in result.warnings] == ["changed_here"]


def test_a_later_file_corrects_what_a_file_said_and_nothing_that_a_person_did(take: Take, kei: User, now: datetime):
    take("accounts", companies("A1,Acme,Steel,120,yes"), COMPANIES)
    account = Account.objects.get()
    update_account(
        account_id=account.pk,
        industry="Steel",
        prefecture="",
        employee_count=130,
        is_key_account=False,
        actor=kei,
        now=now,
    )

    result = take("accounts", companies("A1,Acme,Iron,140,yes"), COMPANIES)

    account.refresh_from_db()
    assert (account.industry, account.employee_count, account.is_key_account) == ("Iron", 130, False)
    assert [remark.code for remark in result.warnings] == ["changed_here", "changed_here"]


def test_an_id_goes_on_meaning_its_company_whatever_the_file_calls_it(take: Take):
    take("accounts", companies("A1,Acme,Steel,120,yes"), COMPANIES)

    result = take("accounts", companies("A1,Apex,Iron,120,yes"), COMPANIES)

    assert [account.industry for account in Account.objects.all()] == ["Iron"]
    assert [remark.code for remark in result.warnings] == ["called_otherwise"]


def test_what_a_file_says_of_a_merged_company_is_said_of_the_one_that_stands(take: Take, kei: User, now: datetime):
    take("accounts", companies("A1,Acme,,,", "A2,Apex,,,"), COMPANIES)
    one, other = Account.objects.order_by("pk")
    company_merging.merge(pair=[one.pk, other.pk], facts={}, actor=kei, now=now)

    by_id = take("accounts", companies("A2,Summit,Steel,,"), COMPANIES)
    by_name = take("accounts", companies("A3,Apex,,120,"), COMPANIES)

    account = Account.objects.get()
    assert (account.name, account.industry, account.employee_count) == ("Acme", "Steel", 120)
    assert (counted(by_id), counted(by_name)) == ((0, 1, 0, 0), (0, 1, 0, 0))


def test_a_company_named_twice_under_two_ids_is_one(take: Take):
    result = take("accounts", companies("A1,Acme,Steel,,", "A2,㈱ACME,,120,"), COMPANIES)

    account = Account.objects.get()
    assert (account.industry, account.employee_count) == ("Steel", 120)
    assert counted(result) == (1, 1, 0, 0)


def test_a_company_twice_in_a_file_without_ids_is_told(take: Take):
    result = take("accounts", rows("Name,Industry", "Acme,Steel", "Acme,Iron"), BY_NAME)

    assert codes(result) == ["id_twice"]
    assert "“Acme” is already in row 2." in result.refused[0][0].message


PLACES = {
    "system": "crm",
    "columns": {
        "Name": "company",
        "Number": "corporate_number",
        "Zip": "postal_code",
        "State": "prefecture",
        "Street": "address",
        "Parent": "parent",
    },
}


def places(*lines: str) -> str:
    return rows("Name,Number,Zip,State,Street,Parent", *lines)


def tree() -> dict[str, str | None]:
    return dict(Account.objects.values_list("name", "parent__name"))


def test_the_facts_of_a_company_are_kept_as_its_form_keeps_them(take: Take):
    result = take("accounts", places("Acme,T4011001098993,〒1000001,東京,千代田区1-1,"), PLACES)

    account = Account.objects.get()
    assert counted(result) == (1, 0, 0, 0)
    assert (account.corporate_number, account.postal_code) == ("4011001098993", "100-0001")
    assert (account.prefecture, account.address) == ("東京都", "千代田区1-1")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Acme,4011001098994,,,,", "check digit"),
        ("Acme,123,,,,", "13 digits"),
        ("Acme,,SW1A 1AA,,,", "no Japanese postal code"),
        ("Acme,,,,,ACME Inc.", "its own parent company"),
        (f"Acme,,,,{'x' * 301},", "more than 300 characters"),
        (f"Acme,,,{'x' * 21},,", "more than 20 characters"),
    ],
)
def test_what_its_form_would_refuse_refuses_the_row(line: str, said: str, take: Take):
    result = take("accounts", places(line, "Bolt,,,,,"), PLACES)

    assert counted(result) == (1, 0, 0, 1)
    assert said in str(result.refused[0][0].message)


@pytest.mark.parametrize("group", ["Group,,,,,", "㈱ＧＲＯＵＰ,,,,,", ""])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_parent_company_is_found_or_made_wherever_its_row_stands(group: str, is_first: bool, take: Take):
    lines = ["Acme,,,,,Group", "Bolt,,,,,Group"]
    text = places(*([group, *lines] if is_first else [*lines, group]))

    take("accounts", text, PLACES)
    again = take("accounts", text, PLACES)

    name = "(株)GROUP" if "㈱" in group else "Group"
    assert tree() == {name: None, "Acme": name, "Bolt": name}
    assert (again.created, again.updated, again.warnings) == (0, 0, [])


def test_a_tree_has_one_level_whatever_a_file_says(take: Take):
    take("accounts", places("Part,,,,,Group"), PLACES)

    result = take("accounts", places("Low,,,,,Part", "Group,,,,,Top", "New,,,,,Fresh", "Fresh,,,,,Group"), PLACES)

    assert tree() == {"Part": "Group", "Group": None, "Low": None, "Top": None, "New": "Fresh", "Fresh": None}
    assert [remark.row for remark in result.warnings if remark.code == "no_parent"] == [2, 3, 5]
    assert "“Part” cannot be the parent company of “Low”" in str(result.warnings[0].message)


def test_a_parent_company_that_a_person_chose_stays(take: Take, kei: User, now: datetime):
    take("accounts", places("Acme,,,,,Group"), PLACES)
    acme, other = Account.objects.get(name="Acme"), factories.account("Other")
    update_account(account_id=acme.pk, parent_id=other.pk, actor=kei, now=now)

    result = take("accounts", places("Acme,,,,,Holding"), PLACES)

    acme.refresh_from_db()
    assert acme.parent == other
    assert [remark.code for remark in result.warnings] == ["changed_here"]


def test_a_parent_company_that_was_merged_is_the_one_that_stands(take: Take, kei: User, now: datetime):
    group, other = factories.account("Group"), factories.account("Other", name_key="other")
    company_merging.merge(pair=[group.pk, other.pk], facts={}, actor=kei, now=now)

    take("accounts", places("Acme,,,,,Other"), PLACES)

    assert Account.objects.get(name="Acme").parent == group


def test_leads_of_a_company_are_judged_again(take: Take, lead: Lead):
    condition = {"field": "industry", "op": "is", "value": "Steel"}
    factories.version_in_force({"condition": condition, "points": 10})
    Lead.objects.update(account=factories.account("Acme"))

    take("accounts", companies("A1,Acme,Steel,,"), COMPANIES)

    lead.refresh_from_db()
    assert lead.stage == "qualified"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A1,,Steel,,", "nobody"),
        ("A1,Acme,Steel,many,", "unreadable_cell"),
        ("A1,Acme,Steel,1,maybe", "unreadable_cell"),
    ],
)
def test_a_company_that_cannot_be_taken_is_refused_alone(line: str, code: str, take: Take):
    result = take("accounts", companies(line, "A9,Bolt,,,"), COMPANIES)

    assert (codes(result), result.created) == ([code], 1)


# -- campaigns -------------------------------------------------------------------------------------------


def test_rows_of_one_campaign_bring_its_costs_by_month(take: Take):
    result = take("campaigns", FILES["campaigns"][0], PLANS)

    campaign = Campaign.objects.get()
    assert (campaign.channel, campaign.promise, campaign.ends_on) == ("expo", "A demo", date(2026, 5, 31))
    assert costs_of(campaign) == {date(2026, 4, 1): 1000, date(2026, 5, 1): 500}
    assert counted(result) == (2, 0, 0, 0)


def test_a_cost_that_a_person_changed_stays_and_others_follow_the_file(take: Take, mai: User):
    take("campaigns", FILES["campaigns"][0], PLANS)
    campaign = Campaign.objects.get()
    facts = {name: getattr(campaign, name) for name in ("name", "channel", "starts_on", "ends_on")}
    costs = costs_of(campaign) | {date(2026, 4, 1): Decimal(1100)}
    save_campaign(campaign_id=campaign.pk, promise="A call", costs=costs, actor=mai, **facts)

    result = take(
        "campaigns", plans("Fair,web,A tour,2026-04-01,,2026-04,1200", "Fair,,,,,2026-05,0", "Fair,,,,,,70"), PLANS
    )

    campaign.refresh_from_db()
    assert (campaign.channel, campaign.promise) == ("web", "A call")
    assert costs_of(campaign) == {date(2026, 4, 1): 1100, None: 70}
    assert [remark.code for remark in result.warnings] == ["changed_here", "changed_here"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",expo,,,,2026-04,1", "nobody"),
        ("Fair,expo,,2026-05-01,2026-04-01,,", "period"),
        ("Fair,expo,,,,2026-13,1", "unreadable_cell"),
        ("Fair,expo,,,,2026-04,-1", "unreadable_cell"),
        ("Fair,expo,,,,2026-04,1e12", "too_much"),
    ],
)
def test_a_campaign_that_cannot_be_taken_is_refused_alone(line: str, code: str, take: Take):
    result = take("campaigns", plans(line, "Spring,,,,,,"), PLANS)

    assert codes(result) == [code]
    assert [campaign.name for campaign in Campaign.objects.all()] == ["Spring"]


def test_a_month_twice_or_outside_the_period_is_told(take: Take):
    result = take("campaigns", plans("Fair,,,2026-04-01,2026-04-30,2026/6,1", "Fair,,,,,2026年6月,2"), PLANS)

    assert codes(result) == ["id_twice"]
    assert [remark.code for remark in result.warnings] == ["outside_period"]
    assert costs_of(Campaign.objects.get()) == {date(2026, 6, 1): 1}


# -- touches ---------------------------------------------------------------------------------------------


def test_touches_come_through_the_door_of_all_touches(take: Take, mai: User, lead: Lead, now: datetime):
    factories.version_in_force({"condition": {"touches": {"kind": "", "at_least": 2, "within_days": 90}}, "points": 10})

    take("touches", FILES["touches"][0], EVENTS, actor=mai)

    lead.refresh_from_db()
    seminar = Touch.objects.select_related("campaign").get(kind="seminar")
    assert lead.stage == "qualified"
    assert (seminar.detail, seminar.campaign and seminar.campaign.name, seminar.external_id) == ("Day 1", "Fair", "T1")
    event = LeadEvent.objects.get(kind="updated", data__kind="seminar")
    assert (event.actor, event.data["import"]) == (mai, "file.csv")
    assert ImportedRow.objects.filter(kind="touches", made_by__kind="touches").count() == 2


def test_a_touch_that_a_program_has_sent_is_known(take: Take, mai: User, lead: Lead, now: datetime):
    sent = NewTouch(kind="seminar", at=now - timedelta(days=9), lead_id=lead.pk, external_id="T1")
    add_touches(touches=[sent], actor=mai, now=now)
    day = f"{now - timedelta(days=9):%Y-%m-%dT%H:%M}"

    same = take("touches", events(f"T1,L1,,seminar,{day},,"), EVENTS)
    other_kind = take("touches", events(f"T1,L1,,download,{day},,"), EVENTS)
    other_day = take("touches", events("T1,L1,,seminar,2026-01-01,,"), EVENTS)

    assert counted(same) == (0, 0, 1, 0)
    assert (codes(other_kind), codes(other_day)) == (["other_touch"], ["known_otherwise"])
    assert Touch.objects.count() == 1


def test_a_touch_is_not_rewritten_by_a_later_file(take: Take, lead: Lead):
    take("touches", events("T1,L1,,seminar,2026-03-01,,Day 1"), EVENTS)

    result = take("touches", events("T1,L1,,seminar,2026-03-01,,Day 2"), EVENTS)

    assert codes(result) == ["known_otherwise"]
    assert Touch.objects.get().detail == "Day 1"


def test_a_kind_is_known_by_key_and_by_what_it_is_called_also_out_of_use(take: Take, kei: User, lead: Lead):
    words = {"label_en": "seminar", "label_ja": "セミナー参加", "position": 1}
    touch_kinds.edit_kind(key="seminar", **words, is_active=False, actor=kei)

    result = take(
        "touches",
        events(",L1,,SEMINAR,2026-03-01,,", ",L1,,セミナー参加,2026-03-02,,", ",L1,,Exhibition card,2026-03-03,,"),
        EVENTS,
    )

    assert counted(result) == (3, 0, 0, 0)
    assert sorted(Touch.objects.values_list("kind", flat=True)) == ["exhibition", "seminar", "seminar"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("T1,L9,,seminar,2026-03-01,,", "no_such_lead"),
        ("T1,,no@body.example,seminar,2026-03-01,,", "no_such_lead"),
        ("T1,,two@steel.example,seminar,2026-03-01,,", "several_leads"),
        ("T1,,,seminar,2026-03-01,,", "nobody"),
        ("T1,,not an address,seminar,2026-03-01,,", "unreadable_email"),
        ("T1,L1,,hypnosis,2026-03-01,,", "no_such_kind"),
        ("T1,L1,,,2026-03-01,,", "no_kind"),
        ("T1,L1,,seminar,,,", "no_date"),
        ("T1,L1,,seminar,2027-03-01,,", "in_the_future"),
        (f"T1,L1,,seminar,2026-03-01,,{'x' * 301}", "too_long"),
    ],
)
def test_a_touch_that_cannot_be_taken_is_refused_alone(line: str, code: str, take: Take, lead: Lead):
    for _number in range(2):
        factories.lead(email="two@steel.example")

    result = take("touches", events(line, "T9,L1,,seminar,2026-03-01,,"), EVENTS)

    assert (codes(result), result.created) == ([code], 1)
    assert Touch.objects.get().external_id == "T9"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("touches", "{id},{lead},{mail},seminar,2026-03-01,,"),
        ("activities", "{id},{lead},{mail},call,spoke,2026-03-01,ren@example.com,"),
    ],
)
def test_a_lead_that_became_part_of_another_is_the_other(
    kind: str, line: str, take: Take, kei: User, ren: User, lead: Lead, now: datetime
):
    survivor = factories.lead(captured_at=lead.captured_at - timedelta(days=1))
    file = {"touches": events, "activities": calls}[kind]
    first, second = (line.format(id=one, lead="L1", mail="") for one in ("1", "2"))
    take(kind, file(first), FILES[kind][1], actor=kei)
    assert merging.merge(pair=[lead.pk, survivor.pk], facts={}, actor=kei, now=now).survivor == survivor

    again = take(kind, file(first, second), FILES[kind][1], actor=kei)
    by_address = take(kind, file(line.format(id="3", lead="", mail="aki@steel.example")), FILES[kind][1], actor=kei)

    assert counted(again) == (1, 0, 1, 0), again.refused
    newest = (Touch if kind == "touches" else Activity).objects.latest("pk")
    assert newest.lead_id == survivor.pk
    assert codes(by_address) == ["no_such_lead"]


# -- activities ------------------------------------------------------------------------------------------


def test_activities_are_history_of_who_did_them(take: Take, kei: User, ren: User, lead: Lead, now: datetime):
    later = f"C2,L1,,call,no answer,2026-03-05,{ren.email},"

    take("activities", calls(f"C1,L1,,電話,本人と会話,2026-03-02,{ren.email},ok", later), CALLS, actor=kei)

    lead.refresh_from_db()
    first = Activity.objects.get(outcome="spoke")
    assert (first.actor, first.is_contact, first.note, first.recorded_at) == (ren, True, "ok", now)
    assert lead.first_contacted_at == first.at
    contacted = LeadEvent.objects.get(kind="contacted")
    assert (contacted.at, contacted.actor, contacted.data) == (
        first.at,
        kei,
        {"activity": first.pk, "import": "file.csv", "job": ImportJob.objects.get().pk},
    )


def test_an_earlier_contact_corrects_the_first_and_a_later_one_does_not(
    take: Take, kei: User, ren: User, lead: Lead, now: datetime
):
    known = now - timedelta(days=10)
    Lead.objects.update(first_contacted_at=known, next_step_on=date(2026, 5, 1))

    take("activities", calls(f"C1,L1,,mail,replied,2026-03-30,{ren.email},"), CALLS, actor=kei)
    lead.refresh_from_db()
    assert lead.first_contacted_at == known
    take("activities", calls(f"C2,L1,,mail,replied,2026-01-05,{ren.email},"), CALLS, actor=kei)

    lead.refresh_from_db()
    assert (lead.first_contacted_at.date(), lead.next_step_on) == (date(2026, 1, 4), date(2026, 5, 1))  # in UTC
    assert [event.kind for event in lead.events.all()] == ["updated"]


def test_no_activity_of_a_file_stops_a_clock(take: Take, kei: User, ren: User, now: datetime):
    lead = factories.qualified_lead(source_system="crm", external_id="L1", stage="offered")
    offer = factories.handoff(lead, offered_to=ren, team=ren.team, offered_at=now)
    accept(handoff_id=offer.pk, actor=ren, now=now)
    running = Clock.objects.filter(duty="first_attempt", met_at=None, stopped_at=None)
    assert running.exists()

    result = take("activities", calls(f"C1,L1,,call,spoke,{now:%Y-%m-%dT%H:%M},{ren.email},"), CALLS, actor=kei)

    assert result.created == 1
    assert running.exists()
    assert "stops no deadline" in result.notes[0]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("C1,L1,,call,spoke,2026-03-01,,", "nobody_did_it"),
        ("C1,L1,,call,spoke,2026-03-01,who@example.com,", "not_of_sales"),
        ("C1,L1,,call,spoke,2026-03-01,mai@example.com,", "not_of_sales"),
        ("C1,L1,,wave,spoke,2026-03-01,ren@example.com,", "no_such_kind"),
        ("C1,L1,,call,,2026-03-01,ren@example.com,", "no_such_outcome"),
        ("C1,L1,,call,met,2026-03-01,ren@example.com,", "no_such_outcome"),
        ("C1,L9,,call,spoke,2026-03-01,ren@example.com,", "no_such_lead"),
        ("C1,L1,,call,spoke,,ren@example.com,", "no_date"),
        ("C1,L1,,call,spoke,2027-03-01,ren@example.com,", "in_the_future"),
    ],
)
def test_an_activity_that_cannot_be_taken_is_refused_alone(
    line: str, code: str, take: Take, kei: User, mai: User, ren: User, lead: Lead
):
    result = take("activities", calls(line, f"C9,L1,,call,spoke,2026-03-01,{ren.email},"), CALLS, actor=kei)

    assert (codes(result), result.created) == ([code], 1)


def test_an_activity_is_not_rewritten_by_a_later_file(take: Take, kei: User, ren: User, lead: Lead):
    take("activities", calls(f"C1,L1,,call,spoke,2026-03-01 10:00:30,{ren.email},"), CALLS, actor=kei)

    less_exact = take("activities", calls(f"C1,L1,,call,spoke,2026-03-01 10:00,{ren.email},"), CALLS, actor=kei)
    other = take("activities", calls(f"C1,L1,,call,no_answer,2026-03-01 10:00,{ren.email},"), CALLS, actor=kei)

    assert counted(less_exact) == (0, 0, 1, 0)
    assert codes(other) == ["known_otherwise"]


# -- deals -----------------------------------------------------------------------------------------------

DEALS = {"system": "crm", "columns": {"Id": "external_id", "Amount": "amount", "Cur": "currency", "Who": "owner"}}


def test_amounts_in_another_currency_are_refused(take: Take):
    result = take("deals", rows("Id,Amount,Cur,Who", "D1,100,USD,", "D2,100,jpy,", "D3,100,,"), DEALS)

    assert codes(result) == ["other_currency"]
    assert "USD" in result.refused[0][0].message
    assert Deal.objects.count() == 2
    with pytest.raises(InvalidInput) as refusal:
        take("deals", rows("Id,Amount,Cur,Who", "D4,1,,"), DEALS | {"currency": "EUR"})
    assert refusal.value.field == "currency"
    assert take("deals", rows("Id,Amount,Cur,Who", "D4,1,,"), DEALS | {"currency": "JPY"}).created == 1


def test_costs_in_another_currency_are_refused(take: Take):
    plan = {"system": "plan", "columns": {"Name": "campaign", "Cost": "cost", "Cur": "currency"}}

    result = take("campaigns", rows("Name,Cost,Cur", "Fair,5,USD", "Spring,5,JPY"), plan)

    assert codes(result) == ["other_currency"]
    assert [campaign.name for campaign in Campaign.objects.all()] == ["Spring"]


def test_an_owner_whom_nobody_knows_is_told_once(take: Take):
    result = take("deals", rows("Id,Amount,Cur,Who", "D1,1,,Nobu", "D2,1,,Nobu"), DEALS)

    assert [(remark.row, remark.code) for remark in result.warnings] == [(2, "new_owner")]
    assert not User.objects.get(full_name="Nobu").is_active


# -- columns and pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "headers", "fields"),
    [
        (
            "accounts",
            "企業ID,企業名,業種,従業員数,重点アカウント",
            "external_id company industry employees key_account",
        ),
        (
            "campaigns",
            "Name,Type,Start Date,End Date,Month,Actual Cost",
            "campaign channel starts_on ends_on month cost",
        ),
        ("touches", "Contact ID,Email,Event Type,Date,Title", "lead_external_id email kind at detail"),
        ("activities", "リードID,種別,結果,実施日,担当者メール,備考", "lead_external_id kind outcome at done_by note"),
    ],
)
def test_columns_of_other_tools_are_known(kind: str, headers: str, fields: str):
    proposals = propose(headers.split(","), [], kind=kind)

    assert [proposal.field for proposal in proposals] == fields.split()


def test_only_leads_and_deals_keep_other_columns(take: Take):
    with pytest.raises(InvalidInput) as refusal:
        take("accounts", "Name\nAcme\n", {"system": "crm", "columns": {"Name": "company"}, "unmapped": "keep"})

    assert refusal.value.field == "unmapped"


def test_costs_come_by_the_portal(signed_in: Any, mai: User, now: datetime):
    client = signed_in(mai)
    text = "施策名\t月\t費用\nFair\t2026年4月\t￥１，０００\n"
    assert 'value="activities"' not in client.get("/imports/new/").content.decode()
    assert client.post("/imports/new/", {"kind": "activities", "text": text}).status_code == 422
    assert client.post("/imports/new/", {"kind": "campaigns", "text": text}).status_code == 302
    job = ImportJob.objects.get()

    choices = {"field_0": "campaign", "field_1": "month", "field_2": "cost", "system": "plan", "encoding": "utf-8"}
    assert 'name="keep"' not in client.get(f"/imports/{job.pk}/columns/").content.decode()
    assert client.post(f"/imports/{job.pk}/columns/", choices).status_code == 302
    work.take_waiting(clock=timezone.now)
    assert not Campaign.objects.exists()
    client.post(f"/imports/{job.pk}/run/")
    work.take_waiting(clock=timezone.now)

    assert costs_of(Campaign.objects.get()) == {date(2026, 4, 1): 1000}
    assert ImportedRow.objects.get().made_by == job


def test_who_may_no_longer_bring_a_kind_brings_no_waiting_file(aoi: User, mai: User):
    job = jobs.start(kind="touches", file=io.BytesIO(b"a\n1\n"), file_name="f", actor=mai, now=timezone.now())
    mapping = {"system": "crm", "columns": {"a": "kind"}}
    ImportJob.objects.filter(pk=job.pk).update(mapping=mapping, state="checking")
    User.objects.filter(pk=mai.pk).update(role="manager", side="sales")

    work.take_waiting(clock=timezone.now)

    job.refresh_from_db()
    assert job.state == "failed"


@needs_crm_samples
def test_the_companies_of_a_crm_come_in(take: Take):
    file = next((FOLDER / "crm-samples" / "suitecrm").glob("*.csv"))
    headers = next(csv.reader(file.open(encoding="utf-8-sig")))
    name = next(header for header in headers if "account" in header.casefold() and "name" in header.casefold())

    result = take("accounts", file.read_bytes(), {"system": "suite", "columns": {name: "company"}})

    assert result.rows == result.created + result.unchanged + len(result.refused)
    assert set(codes(result)) <= {"id_twice", "nobody", "ragged_row"}
