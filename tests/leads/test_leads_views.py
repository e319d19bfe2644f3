"""Leads on the page: found, read, corrected; whose turn it is; what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alignment.accounts.models import User
from leads.models import Campaign, Lead, Touch
from leads.rules.stages import Stage
from leads.services import deals, judging, stages
from leads.services.activities import record_activity
from leads.services.leads import update_lead
from tests import factories

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
SEMINAR = {"touches": {"kind": "seminar", "at_least": 1, "within_days": None}}


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def cost_of(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def full_lead(ren: User, now: datetime, *, rows: int = 1) -> Lead:
    """A lead that went all the way, with ``rows`` of everything."""
    lead = factories.lead(
        account=factories.account(), campaign=factories.campaign(), owner=ren, company_name="Acme", captured_at=now
    )
    lead = stages.move(lead=lead, to=Stage.WITH_SALES, actor=ren, now=now, qualified_at=now, owner=ren)
    for _row in range(rows):
        factories.touch(lead, at=now, campaign=lead.campaign)
        facts = {"note": "", "at": None, "next_step_on": None, "actor": ren, "now": now}
        record_activity(lead_id=lead.pk, kind="call", outcome="spoke", **facts)
        deals.open_deal(
            lead_id=lead.pk, name="Line", amount=100, expected_on=now.date(), product="", actor=ren, now=now
        )
    judging.judge(lead_ids=[lead.pk], now=now)
    return lead


# -- the list -------------------------------------------------------------------------------------


def test_the_empty_list_teaches_who_may_the_next_step(signed_in: Browser, mai: User, ren: User):
    assert "Submit a lead" in text_of(signed_in(mai), "/leads/")
    assert "Submit a lead" not in text_of(signed_in(ren), "/leads/")


def test_a_filter_that_fits_nothing_offers_the_way_back(signed_in: Browser, ren: User):
    factories.lead()

    page = text_of(signed_in(ren), "/leads/?q=nobody")

    assert "No lead fits" in page
    assert "Show all leads" in page


def test_the_tabs_count_whose_turn_it_is_within_the_other_filters(signed_in: Browser, ren: User, now: datetime):
    factories.lead(full_name="Sato A", stage="captured")
    factories.lead(full_name="Sato B", stage="with_sales", owner=ren)
    factories.lead(full_name="Ito", stage="customer")

    answer = signed_in(ren).get("/leads/?q=sato&turn=sales")

    assert {tab["label"]: tab["count"] for tab in answer.context["tabs"]} == {
        "All": 2,
        "Marketing's turn": 1,
        "Sales' turn": 1,
        "Nobody's turn": 0,
    }
    assert [lead.full_name for lead in answer.context["page"]] == ["Sato B"]


def test_a_lead_that_rests_or_is_ruled_out_is_nobodys_turn(signed_in: Browser, mai: User):
    factories.version_in_force(
        {"kind": "disqualifier", "condition": {"field": "source", "op": "is", "value": "job hunter"}, "why": "x"},
        threshold=0,
    )
    waiting = factories.lead(full_name="Waiting", stage="captured")
    ruled_out = factories.lead(full_name="Out", source="job hunter", stage="captured")
    resting = factories.lead(full_name="Resting", stage="nurture", recycle_on=timezone.localdate() + timedelta(days=1))
    judging.judge(lead_ids=[waiting.pk, ruled_out.pk], now=timezone.now())
    client = signed_in(mai)

    def listed(turn: str) -> set[str]:
        return {lead.full_name for lead in client.get(f"/leads/?turn={turn}").context["page"]}

    assert (listed("marketing"), listed("sales"), listed("nobody")) == ({"Waiting"}, set(), {"Out", "Resting"})
    assert [tab["count"] for tab in client.get("/leads/").context["tabs"]] == [3, 1, 0, 2]
    page = text_of(client, "/leads/")
    assert "ruled out" in page
    assert "in nurture until" in page
    for lead, said in ((ruled_out, "Ruled out"), (resting, "In nurture until")):
        steps = client.get(f"/leads/{lead.pk}/").context["path"]
        current = [step for step in steps if step.state == "current"]
        assert [(step.label.startswith(said), step.side) for step in current] == [(True, "")]


def test_the_menus_of_the_list_are_read_once(signed_in: Browser, ren: User):
    factories.lead(source="web")
    client = signed_in(ren)

    with CaptureQueriesContext(connection) as queries:
        assert client.get("/leads/").status_code == 200

    assert len([query for query in queries if "SELECT DISTINCT" in query["sql"]]) == 1


def test_my_leads_are_those_i_own(signed_in: Browser, ren: User, riku: User):
    factories.lead(full_name="Mine", stage="with_sales", owner=ren)
    factories.lead(full_name="Theirs", stage="with_sales", owner=riku)

    page = text_of(signed_in(ren), "/leads/?owner=me")

    assert "Mine" in page
    assert "Theirs" not in page


def test_pages_never_overlap_and_keep_the_filters(signed_in: Browser, ren: User):
    for _number in range(30):
        factories.lead(source="web")
    client = signed_in(ren)

    first, second = (client.get(f"/leads/?source=web&page={page}") for page in (1, 2))

    shown = [lead.pk for answer in (first, second) for lead in answer.context["page"]]
    assert len(shown) == len(set(shown)) == 30
    assert "source=web&amp;page=2" in first.content.decode()


def test_leads_without_a_verdict_sort_last_by_points(signed_in: Browser, ren: User, now: datetime):
    lead, unjudged = factories.lead(source="web"), factories.lead(captured_at=now)
    factories.version_in_force({"condition": {"field": "source", "op": "is", "value": "web"}, "points": 10})
    judging.judge(lead_ids=[lead.pk], now=now)

    by_points, by_age = (
        list(signed_in(ren).get(f"/leads/?sort=-{by}").context["page"]) for by in ("points", "captured_at")
    )

    assert (by_points, by_age) == ([lead, unjudged], [unjudged, lead])


def test_nonsense_in_the_address_breaks_nothing(signed_in: Browser, ren: User):
    factories.lead()

    for query in ("stage=x", "sort=x", "owner=x", "page=x", "campaign=0", "turn=x", "q=%00"):
        assert signed_in(ren).get(f"/leads/?{query}").status_code == 200, query


def test_htmx_gets_the_list_alone(signed_in: Browser, ren: User):
    factories.lead(full_name="Hanako")

    part = signed_in(ren).get("/leads/?q=hana", headers=HTMX).content.decode()

    assert part.lstrip().startswith('<div id="leads">')
    assert "Hanako" in part
    assert "<html" not in part


@pytest.mark.parametrize("path", ["/leads/", "/companies/", "/campaigns/"])
def test_lists_cost_the_same_for_one_and_for_twenty(path: str, signed_in: Browser, ren: User, now: datetime):
    client = signed_in(ren)
    factories.version_in_force({"condition": SEMINAR, "points": 10})
    full_lead(ren, now)
    one = cost_of(client, path)
    for _number in range(19):
        full_lead(ren, now)

    assert cost_of(client, path) == one


# -- one lead ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("who", ["mai", "ren", "aoi", "sora", "kei", "rei"])
def test_everybody_reads_the_same_lead(
    who: str, language: str, signed_in: Browser, ren: User, request: pytest.FixtureRequest
):
    factories.version_in_force({"condition": SEMINAR, "points": 10, "why": "ours"})
    lead = full_lead(ren, timezone.now())
    person = request.getfixturevalue(who)
    User.objects.filter(pk=person.pk).update(language=language)
    person.refresh_from_db()

    page = text_of(signed_in(person), f"/leads/{lead.pk}/")

    assert f'<html lang="{language}"' in page
    assert lead.full_name in page
    assert "Acme" in page


def test_the_page_costs_the_same_for_a_long_and_a_short_story(signed_in: Browser, ren: User):
    now = timezone.now()
    factories.version_in_force({"condition": SEMINAR, "points": 10})
    client = signed_in(ren)

    short, long = (f"/leads/{full_lead(ren, now, rows=rows).pk}/" for rows in (1, 20))

    assert cost_of(client, long) == cost_of(client, short)


def test_what_is_missing_is_said_in_sentences(signed_in: Browser, mai: User, now: datetime):
    factories.version_in_force(
        {"condition": SEMINAR, "points": 10},
        {"condition": {"field": "source", "op": "is", "value": "web"}, "points": 5},
        {"condition": {"field": "is_free_mail", "op": "is_true"}, "kind": "disqualifier"},
        threshold=15,
    )
    lead = factories.lead(source="web")
    judging.judge(lead_ids=[lead.pk], now=now)

    page = text_of(signed_in(mai), f"/leads/{lead.pk}/")

    assert "Not qualified: 5 points, 15 needed" in page
    assert "10 more points are needed." in page
    assert "seminar at least once" in page
    assert "Not ruled out by: lead uses a free e-mail address" in page


def test_a_lead_that_was_ruled_out_says_by_what(signed_in: Browser, mai: User, now: datetime):
    factories.version_in_force(
        {"condition": {"field": "is_free_mail", "op": "is_true"}, "kind": "disqualifier"}, threshold=1
    )
    lead = factories.lead(is_free_mail=True)
    judging.judge(lead_ids=[lead.pk], now=now)

    page = text_of(signed_in(mai), f"/leads/{lead.pk}/")

    assert "Ruled out by: lead uses a free e-mail address" in page
    assert "more points are needed" not in page


def test_a_lead_that_nothing_has_judged_says_so(signed_in: Browser, mai: User, now: datetime):
    past = factories.lead(stage="past", qualified_at=now)
    assert "Not judged yet" in text_of(signed_in(mai), f"/leads/{factories.lead().pk}/")
    assert "qualified elsewhere" in text_of(signed_in(mai), f"/leads/{past.pk}/")


def test_what_may_be_done_follows_role_and_stage(signed_in: Browser, ren: User, rei: User, mai: User, riku: User):
    lead = full_lead(ren, timezone.now())
    path = f"/leads/{lead.pk}/"

    for person, activity, deal, touch in (
        (ren, True, True, False),
        (riku, True, True, False),
        (rei, False, False, False),
        (mai, False, False, True),
    ):
        page = text_of(signed_in(person), path)
        shown = ("Record what you did" in page, "Open a deal" in page, "Add a touch" in page)
        assert shown == (activity, deal, touch), person
    assert "Record what you did" not in text_of(signed_in(ren), f"/leads/{factories.lead().pk}/")


def test_an_unknown_lead_is_not_found(signed_in: Browser, ren: User):
    for path in ("", "timeline/", "edit/"):
        assert signed_in(ren).get(f"/leads/999999999/{path}").status_code == 404


def test_the_story_is_filtered_with_and_without_scripts(signed_in: Browser, ren: User):
    lead = full_lead(ren, timezone.now())
    client = signed_in(ren)

    everything = text_of(client, f"/leads/{lead.pk}/")
    touches = client.get(f"/leads/{lead.pk}/timeline/?show=touches", headers=HTMX).content.decode()

    assert "Call: spoke with the person" in everything
    assert "Deal opened: Line" in everything
    assert touches.lstrip().startswith('<section class="card" id="timeline"')
    assert "Download" in touches
    assert "Deal opened" not in touches
    assert "Deal opened" not in text_of(client, f"/leads/{lead.pk}/?show=touches").split('id="timeline"')[1]
    assert "<html" in text_of(client, f"/leads/{lead.pk}/timeline/")


# -- correcting ------------------------------------------------------------------------------------------


def form_of(client: Client, lead: Lead, **changes: str) -> dict[str, str]:
    initial = client.get(f"/leads/{lead.pk}/edit/").context["form"].initial
    return {name: str(value or "") for name, value in initial.items()} | changes


def test_a_correction_saves_and_judges(signed_in: Browser, mai: User):
    factories.version_in_force({"condition": {"field": "source", "op": "is", "value": "fair"}, "points": 10})
    lead = factories.lead(source="web")
    client = signed_in(mai)

    answer = client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, source="fair"), follow=True)

    assert "Saved. The lead was judged again." in answer.content.decode()
    lead.refresh_from_db()
    assert (lead.source, lead.stage) == ("fair", "qualified")


def test_a_fault_keeps_what_was_typed(signed_in: Browser, mai: User):
    lead = factories.lead()
    client = signed_in(mai)

    answer = client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, email="nonsense", source="fair"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“nonsense” is not an e-mail address: write it such as name@example.com." in page
    assert 'href="#id_email"' in page
    assert 'value="fair"' in page


def test_every_fault_of_a_correction_is_said_at_once_and_leads_to_its_field(signed_in: Browser, mai: User):
    lead = factories.lead(full_name="Hanako Tanaka", email="", company_name="")
    client = signed_in(mai)
    wrong = {"email": "nonsense", "phone": "12", "department": "Sales\x01", "note": "\u202eevil"}

    page = client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, **wrong)).content.decode()

    assert re.findall(r'<li><a href="#id_([^"]*)">', page) == ["email", "phone", "department", "note"]


def test_a_correction_that_leaves_nobody_is_refused_at_the_name(signed_in: Browser, mai: User):
    lead = factories.lead(full_name="Hanako Tanaka", email="", company_name="")
    client = signed_in(mai)

    answer = client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, full_name="", phone="12"))

    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#id_([^"]*)">', answer.content.decode()) == ["full_name", "phone"]


def test_what_an_import_brought_is_no_fault_of_who_corrects_something_else(signed_in: Browser, mai: User):
    lead = factories.lead(source="web", department="Sales\u202eevil")
    client = signed_in(mai)

    assert client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, source="fair")).status_code == 302


@pytest.mark.parametrize("seen", ["", "2026-01-01", "2026-01-01T10:00:00", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_page_that_does_not_say_what_it_showed_overwrites_nothing(seen: str, signed_in: Browser, mai: User):
    lead = factories.lead(source="web")
    client = signed_in(mai)

    answer = client.post(f"/leads/{lead.pk}/edit/", form_of(client, lead, source="fair", seen=seen))

    lead.refresh_from_db()
    assert (answer.status_code, lead.source) == (422, "web")
    assert "Load it again" in answer.content.decode()


def test_a_clash_shows_both_values_and_either_can_be_kept(signed_in: Browser, mai: User, ren: User):
    now = timezone.now()
    lead = factories.lead(job_title="Buyer", updated_at=now - timedelta(hours=1))
    client = signed_in(mai)
    mine = form_of(client, lead, job_title="Director", department="Purchasing")
    update_lead(lead_id=lead.pk, facts={"job_title": "Head buyer"}, seen=None, actor=ren, now=now)

    clash = client.post(f"/leads/{lead.pk}/edit/", mine)
    page = clash.content.decode()
    assert clash.status_code == 409
    assert "Head buyer" in page
    assert "Director" in page

    again = dict(clash.context["form"].data) | {"keep-job_title": "theirs"}
    assert client.post(f"/leads/{lead.pk}/edit/", again).status_code == 302
    lead.refresh_from_db()
    assert (lead.job_title, lead.department) == ("Head buyer", "Purchasing")

    again |= {"keep-job_title": "mine", "seen": lead.updated_at.isoformat()}
    client.post(f"/leads/{lead.pk}/edit/", again)
    lead.refresh_from_db()
    assert lead.job_title == "Director"


def test_a_touch_is_marketings_to_add(signed_in: Browser, mai: User, ren: User):
    lead = factories.lead()
    data = {"kind": "seminar", "detail": "Spring day", "at": ""}

    assert signed_in(ren).post(f"/leads/{lead.pk}/touches/", data).status_code == 403
    assert signed_in(mai).post(f"/leads/{lead.pk}/touches/", data | {"kind": "wink"}).status_code == 422
    assert not Touch.objects.exists()
    assert signed_in(mai).post(f"/leads/{lead.pk}/touches/", data).status_code == 302
    assert Touch.objects.get().detail == "Spring day"


# -- companies and campaigns ---------------------------------------------------------------------------------


def test_a_company_becomes_a_key_account_and_its_leads_are_judged(signed_in: Browser, sora: User):
    factories.version_in_force({"condition": {"field": "is_key_account", "op": "is_true"}, "points": 10})
    account = factories.account("Acme")
    lead = factories.lead(account=account)
    client = signed_in(sora)
    data = {"industry": "Steel", "employee_count": "1200", "prefecture": "Tokyo", "is_key_account": "on"}

    assert client.post(f"/companies/{account.pk}/", data).status_code == 302

    lead.refresh_from_db()
    assert lead.stage == "qualified"
    assert "Key account" in text_of(client, "/companies/?key=1")
    assert "1,200 employees" in text_of(client, f"/companies/{account.pk}/")
    assert client.post(f"/companies/{account.pk}/", data | {"employee_count": "-1"}).status_code == 422
    assert client.get("/companies/999999999/").status_code == 404


def test_companies_are_found_by_name(signed_in: Browser, ren: User):
    factories.account("Acme")
    client = signed_in(ren)

    assert "Acme" in client.get("/companies/?q=acm", headers=HTMX).content.decode()
    assert "No company fits" in text_of(client, "/companies/?q=zzz")


def test_a_campaign_is_planned_by_marketing_only(signed_in: Browser, mai: User, ren: User):
    data = {
        "name": "Spring",
        "channel": "fair",
        "promise": "A demo",
        "starts_on": "2026-04-01",
        "undated": "１，２００",
    }

    for path in ("/campaigns/new/", f"/campaigns/{factories.campaign('Old').pk}/"):
        assert signed_in(ren).get(path).status_code == 403
        assert signed_in(mai).get(path).status_code == 200
    assert signed_in(mai).post("/campaigns/new/", data).status_code == 302

    campaign = Campaign.objects.get(name="Spring")
    assert (campaign.costs.get().amount, campaign.promise) == (1200, "A demo")
    assert "A demo" in text_of(signed_in(ren), "/campaigns/?q=spring")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Old"}, "There is a campaign with this name already."),
        ({"ends_on": "2026-03-01"}, "The last day must not be before the first."),
        ({"undated": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "Fill in “Name of the campaign”."),
    ],
)
def test_an_impossible_campaign_is_refused(changes: dict[str, str], message: str, signed_in: Browser, mai: User):
    factories.campaign("Old")
    data = {"name": "Spring", "starts_on": "2026-04-01", "ends_on": "", "undated": ""}

    answer = signed_in(mai).post("/campaigns/new/", data | changes)

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert Campaign.objects.count() == 1
