"""Handoffs and new leads for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoff.models import Handoff
from handoff.services import decisions
from leads.models import Lead

LEADS = "/api/v1/leads/"
HANDOFFS = "/api/v1/handoffs/"
BIG = {"full_name": "Hanako Tanaka", "company_name": "Yamada Works", "employee_count": 250, "source": "web"}


def of(offer: Handoff, action: str = "") -> str:
    return f"{HANDOFFS}{offer.pk}/{action}"


# -- a lead comes in -------------------------------------------------------------------------------------


def test_a_lead_that_qualifies_answers_with_verdict_and_handoff(version, rule, mai, ren, api):
    answer = api(mai).post(LEADS, BIG, format="json")

    assert answer.status_code == 201
    body = answer.json()
    assert body["lead"]["stage"] == "offered"
    assert body["verdict"]["is_qualified"]
    assert body["verdict"]["criteria"] == [
        {
            "sentence": "number of employees is at least 100",
            "met": True,
            "points": 10,
            "worth": 10,
            "is_disqualifier": False,
            "why": "Budget",
            "seen": ["250"],
        }
    ]
    assert body["handoff"]["offered_to"] == {"id": ren.pk, "full_name": "Ren"}
    assert body["handoff"]["routing"]["reason"] == "next_turn"
    assert body["handoff"]["allowed_actions"] == ["withdraw"]


def test_a_lead_that_does_not_qualify_has_no_handoff(version, rule, mai, ren, api):
    body = api(mai).post(LEADS, BIG | {"employee_count": 3}, format="json").json()

    assert (body["verdict"]["is_qualified"], body["handoff"]) == (False, None)


def test_without_a_definition_there_is_no_verdict(agreements, mai, api):
    body = api(mai).post(LEADS, BIG, format="json").json()

    assert (body["verdict"], body["handoff"], body["lead"]["stage"]) == (None, None, "captured")


def test_the_same_again_answers_200_and_changes_nothing(version, rule, mai, ren, api):
    data = BIG | {"source_system": "crm", "external_id": "A-1"}
    first = api(mai).post(LEADS, data, format="json")

    again = api(mai).post(LEADS, data, format="json")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (Lead.objects.count(), Handoff.objects.count()) == (1, 1)


def test_touches_count_for_the_verdict(version, rule, mai, api, now):
    touch = {"kind": "download", "at": "2026-03-01T10:00:00+09:00", "detail": "Guide"}

    lead = api(mai).post(LEADS, BIG | {"touches": [touch]}, format="json").json()["lead"]

    assert Lead.objects.get(pk=lead["id"]).touches.get().detail == "Guide"


REFUSED = [
    ({"full_name": "", "company_name": ""}, "full_name"),
    ({"email": "not an address"}, "email"),
    ({"phone": "abc"}, "phone"),
    ({"campaign": "unknown"}, "campaign"),
    ({"employee_count": "many"}, "employee_count"),
    ({"touches": [{"kind": "download"}, {"kind": "nonsense"}]}, "touches[1].kind"),
    ({"touches": "x"}, "touches.non_field_errors"),
    ({"captured_at": "2999-01-01T00:00:00Z"}, "captured_at"),
    ({"custom": "x"}, "custom"),
]


@pytest.mark.parametrize(("given", "path"), REFUSED)
def test_what_cannot_be_taken_is_named_by_its_path(given, path, version, rule, mai, api):
    answer = api(mai).post(LEADS, BIG | given, format="json")

    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == [path]
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("custom", "path"),
    [
        ('{"booth": "\\ud800"}', "custom.booth"),
        ('{"\\ud800": 1}', "custom"),
        ('{"booth": ["a", "\\u0000"]}', "custom.booth[1]"),
        ('{"booth": 1e400}', "custom.booth"),
        ('{"booth": ' + "[" * 20_000 + "]" * 20_000 + "}", None),
        ('{"booth": ' + "[" * 100 + "]" * 100 + "}", "custom"),
        ('{"booth": [' + "1," * 200 + "1]}", "custom"),
        ('{"booth": "' + "x" * 5001 + '"}', "custom.booth"),
    ],
)
def test_own_facts_that_no_table_holds_are_refused_by_their_path(custom, path, version, rule, mai, api):
    body = f'{{"full_name": "Hanako", "custom": {custom}}}'

    answer = api(mai).post(LEADS, body, content_type="application/json")

    assert answer.status_code == 400
    assert [error["attr"] for error in answer.json()["errors"]] == [path]
    assert not Lead.objects.exists()


def test_own_facts_are_kept_as_they_were_said(version, rule, mai, api):
    custom = {"path": "C:\\u0000", "booth": {"hall": [4, 1.5, None, True]}}

    lead = api(mai).post(LEADS, BIG | {"custom": custom}, format="json").json()["lead"]

    assert Lead.objects.get(pk=lead["id"]).custom == custom


def test_what_programs_may_not_set_is_left_alone(version, rule, mai, ren, api):
    given = {
        "stage": "customer",
        "owner": ren.pk,
        "qualified_at": "2020-01-01T00:00:00Z",
        "id": 7,
        "created_by": ren.pk,
    }

    lead = Lead.objects.get(pk=api(mai).post(LEADS, BIG | given, format="json").json()["lead"]["id"])

    assert (lead.stage, lead.owner, lead.created_by) == ("offered", None, mai)
    assert lead.qualified_at.year > 2020


@pytest.mark.parametrize(("person", "status"), [("mai", 201), ("aoi", 201), ("kei", 201), ("ren", 403), ("sora", 403)])
def test_who_may_submit(person, status, version, rule, request, api):
    assert api(request.getfixturevalue(person)).post(LEADS, BIG, format="json").status_code == status


def test_leads_are_listed_and_narrowed(lead, make_lead, mai, api):
    make_lead(source="Fair")

    assert len(api(mai).get(LEADS).json()["results"]) == 2
    assert len(api(mai).get(LEADS, {"source": "Fair"}).json()["results"]) == 1
    assert api(mai).get(LEADS, {"stage": "nonsense"}).status_code == 400


# -- handoffs -----------------------------------------------------------------------------------------------


def test_handoffs_are_listed_with_what_the_caller_may_do(offer, ren, mai, rei, api):
    def actions(person) -> list[str]:
        return api(person).get(HANDOFFS, {"status": "offered"}).json()["results"][0]["allowed_actions"]

    assert actions(ren) == ["accept", "reject"]
    assert actions(mai) == ["withdraw"]
    assert actions(rei) == []


def test_the_list_is_narrowed_and_paged(offer, make_offer, ren, mai, field_sales, api, now):
    other = make_offer()
    decisions.accept(handoff_id=other.pk, actor=ren, now=now)

    def ids(**query: object) -> list[int]:
        return [row["id"] for row in api(mai).get(HANDOFFS, query).json()["results"]]

    assert ids(status="offered") == [offer.pk]
    assert ids(lead=other.lead_id) == [other.pk]
    assert set(ids(team=field_sales.pk, offered_to=ren.pk)) == {offer.pk, other.pk}
    assert len(ids(page_size=1)) == 1


def test_only_mine_is_what_i_may_decide(offer, ren, rei, api):
    assert api(ren).get(HANDOFFS, {"mine": "true", "status": "offered"}).json()["count"] == 1
    assert api(rei).get(HANDOFFS, {"mine": "true", "status": "offered"}).json()["count"] == 0


def test_mine_leaves_out_what_is_decided_and_who_decides_nothing(offer, make_offer, ren, sora, mai, now, api):
    decisions.accept(handoff_id=offer.pk, actor=ren, now=now)
    still_open = make_offer()

    def mine(person) -> list[int]:
        return [row["id"] for row in api(person).get(HANDOFFS, {"mine": "true"}).json()["results"]]

    assert mine(ren) == mine(sora) == [still_open.pk]
    assert mine(mai) == []
    assert api(ren).get(HANDOFFS, {"mine": "false"}).json()["count"] == 2


@pytest.mark.parametrize("query", [{"status": "x"}, {"team": "x"}, {"offered_to": "x"}, {"lead": "x"}])
def test_a_filter_that_cannot_be_read_is_refused_by_name(query, offer, mai, api):
    answer = api(mai).get(HANDOFFS, query)

    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, next(iter(query)))


def test_one_handoff_has_its_stamp_and_clocks(offer, mai, api):
    body = api(mai).get(of(offer)).json()

    assert body["stamp"]["lead"]["company"] == "Yamada Works"
    assert (body["verdict"]["version"], body["definition_version"]) == (1, 1)
    assert [(clock["duty"], clock["state"]) for clock in body["clocks"]] == [("decide", "running")]


def test_accepting_answers_with_the_handoff(offer, ren, api):
    answer = api(ren).post(of(offer, "accept/"), {}, format="json")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["decided_by"]["full_name"], body["allowed_actions"]) == ("accepted", "Ren", [])
    assert [clock["duty"] for clock in body["clocks"]] == ["decide", "first_attempt"]


def test_who_comes_too_late_gets_409_with_the_name(team_offer, ren, riku, api, now):
    decisions.accept(handoff_id=team_offer.pk, actor=ren, now=now + timedelta(minutes=2))

    answer = api(riku).post(of(team_offer, "accept/"), {}, format="json")

    assert answer.status_code == 409
    error = answer.json()["errors"][0]
    assert error["code"] == "already_decided"
    assert error["detail"].startswith("Ren accepted this at")


def test_rejecting_with_a_reason_and_a_date(offer, ren, api):
    answer = api(ren).post(of(offer, "reject/"), {"reason": "timing", "recycle_on": "2999-01-01"}, format="json")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["reason"], body["next_step"], body["recycle_on"]) == (
        "rejected",
        "timing",
        "recycle",
        "2999-01-01",
    )


@pytest.mark.parametrize(
    ("given", "attr", "code"),
    [
        ({}, "reason", "required"),
        ({"reason": "nonsense"}, "reason", "invalid"),
        ({"reason": "no_fit"}, "comment", "invalid"),
        ({"reason": "timing", "recycle_on": "2001-01-01"}, "recycle_on", "invalid"),
        ({"reason": "timing", "recycle_on": "soon"}, "recycle_on", "invalid"),
        ({"reason": "timing", "next_step": "x"}, "next_step", "invalid_choice"),
    ],
)
def test_a_rejection_that_says_too_little_is_refused(given, attr, code, offer, ren, api):
    answer = api(ren).post(of(offer, "reject/"), given, format="json")

    assert answer.status_code == 400
    assert [(error["attr"], error["code"]) for error in answer.json()["errors"]] == [(attr, code)]
    assert Handoff.objects.get().status == "offered"


def test_withdrawing(offer, mai, api):
    assert api(mai).post(of(offer, "withdraw/"), {}, format="json").json()["status"] == "withdrawn"


REFUSALS = [
    ("accept/", "riku"),
    ("accept/", "rei"),
    ("accept/", "mai"),
    ("accept/", "kei"),
    ("reject/", "riku"),
    ("reject/", "aoi"),
    ("withdraw/", "ren"),
    ("withdraw/", "sora"),
]


@pytest.mark.parametrize(("action", "person"), REFUSALS)
def test_who_may_not_is_refused(action, person, offer, riku, request, api):
    answer = api(request.getfixturevalue(person)).post(of(offer, action), {"reason": "timing"}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "not_allowed")
    assert Handoff.objects.get().status == "offered"


@pytest.mark.parametrize(
    "method_and_path", [("get", ""), ("post", "accept/"), ("post", "reject/"), ("post", "withdraw/")]
)
def test_a_handoff_that_is_not_there_is_not_found(method_and_path, agreements, ren, mai, api):
    method, path = method_and_path
    person = mai if path == "withdraw/" else ren

    answer = getattr(api(person), method)(f"{HANDOFFS}0/{path}", {"reason": "timing"}, format="json")

    assert answer.status_code == 404


def test_without_signing_in_there_is_nothing(offer, api):
    for method, path in (("get", HANDOFFS), ("post", LEADS), ("get", of(offer)), ("post", of(offer, "accept/"))):
        assert getattr(api(None), method)(path, {}, format="json").status_code == 401


def test_a_list_costs_the_same_with_one_row_and_with_twenty(offer, make_offer, mai, api, django_assert_max_num_queries):
    client = api(mai)
    client.get(HANDOFFS)
    for _n in range(19):
        make_offer()

    with django_assert_max_num_queries(3):  # the limit of requests, the count and the page
        assert len(client.get(HANDOFFS).json()["results"]) == 20
