"""The page of a review: frozen figures, exceptions, actions, minutes; changed only by those who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alignment.accounts.models import User
from leads.models import Lead
from reviews.models import Action, Review, ReviewSeries, Snapshot
from reviews.services import actions, reviews
from tests import factories
from tests.conftest import TOKYO

pytestmark = pytest.mark.django_db

SignedIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
ENTERED = {"title": "Call within the hour", "due_on": "2030-04-20", "target_kpi": "conversion"}


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=TOKYO)


def build(month: date = date(2026, 3, 1)) -> Review:
    series = factories.review_series(first_month=date(2026, 1, 1))
    return reviews.build_review(series=series, month=month, now=at(5, 1))


@pytest.fixture
def review(ren: User) -> Review:
    """March: one lead won, one reason that repeats, one deadline missed."""
    lead = factories.qualified_lead(captured_at=at(3, 2), source="social")
    handoff = factories.handoff(lead, offered_at=at(3, 3), status="accepted", offered_to=ren)
    factories.clock(handoff, due_at=at(3, 9), breached_at=at(3, 9), team=ren.team)
    factories.deal(lead=lead, won_at=at(3, 12), amount=1_000_000)
    reason = factories.rejection_reason("timing")
    for _number in range(3):
        factories.handoff(status="rejected", reason=reason, offered_at=at(3, 4))
    return build()


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


# -- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["mai", "ren", "rei", "aoi", "sora", "kei"])
def test_everybody_may_read(signed_in: SignedIn, review: Review, who: str, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(who))

    assert "Mar 2026" in text_of(client.get("/reviews/"))
    page = text_of(client.get(f"/reviews/{review.pk}/"))
    assert "Too early" in page
    assert "1 of 1 after the deadline" in page
    assert "reason of 3 of 3 rejections" in page


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_speaks_both_languages(signed_in: SignedIn, review: Review, mai: User, language: str) -> None:
    User.objects.filter(pk=mai.pk).update(language=language)

    page = text_of(signed_in(mai).get(f"/reviews/{review.pk}/"))

    assert ("時期尚早" in page) == (language == "ja")
    assert f'<html lang="{language}"' in page


def test_the_page_shows_what_was_frozen_and_not_what_is_true_now(
    signed_in: SignedIn, review: Review, mai: User
) -> None:
    client = signed_in(mai)

    def figures() -> list[Any]:
        context = client.get(f"/reviews/{review.pk}/").context
        return [context["table"], [[one.figure for one in side[2]] for side in context["sides"]]]

    before = figures()
    Lead.objects.update(qualified_at=at(1, 1), captured_at=at(1, 1))
    factories.deal(won_at=at(3, 20), amount=9_000_000)

    assert figures() == before
    assert next(figure for figure in before[0] if figure.key == "won_amount").value == "¥1M"


def test_the_page_recomputes_nothing(signed_in: SignedIn, review: Review, mai: User) -> None:
    client = signed_in(mai)
    client.get(f"/reviews/{review.pk}/")

    with CaptureQueriesContext(connection) as captured:
        client.get(f"/reviews/{review.pk}/")

    asked = " ".join(query["sql"] for query in captured)
    assert "PERCENTILE_CONT" not in asked
    assert '"leads_deal"' not in asked


def test_the_basis_can_be_chosen(signed_in: SignedIn, review: Review, mai: User) -> None:
    page = signed_in(mai).get(f"/reviews/{review.pk}/?basis=cohort")

    assert page.context["basis"] == "cohort"


def test_cohorts_that_were_young_when_frozen_are_marked_and_not_compared(
    signed_in: SignedIn, review: Review, mai: User
) -> None:
    early = reviews.build_review(series=review.series, month=date(2026, 2, 1), now=at(3, 2))
    client = signed_in(mai)

    def shown(of: Review, basis: str) -> tuple[int, set[bool]]:
        answer = client.get(f"/reviews/{of.pk}/?basis={basis}")
        return text_of(answer).count("not mature"), {figure.change == "–" for figure in answer.context["table"]}

    marks, changes = shown(early, "cohort")
    assert marks > 2  # both columns, and what it means
    assert changes == {True}
    assert shown(early, "period")[0] == 0
    assert False in shown(early, "period")[1]


def test_cohorts_that_had_time_are_compared(signed_in: SignedIn, mai: User) -> None:
    factories.qualified_lead(captured_at=at(3, 2))
    series = factories.review_series(first_month=date(2026, 1, 1))
    late, later = (date(2026, 6, 28), date(2026, 6, 29))  # 89 and 90 days after the last of March

    def built(month: date, day: date) -> Any:
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=TOKYO)
        made = reviews.build_review(series=series, month=month, now=moment)
        return signed_in(mai).get(f"/reviews/{made.pk}/?basis=cohort").context

    half = built(date(2026, 3, 1), late)
    assert (half["young"].now, half["young"].before) == (True, False)
    assert {figure.change for figure in half["table"]} == {"–"}
    full = built(date(2026, 2, 1), later)
    assert (full["young"].now, full["young"].before) == (False, False)
    assert next(figure.change for figure in full["table"] if figure.key == "leads") == "±0"
    assert "not mature" not in text_of(signed_in(mai).get(f"/reviews/{Review.objects.last().pk}/?basis=cohort"))


def test_snapshots_of_the_first_days_still_show(signed_in: SignedIn, review: Review, mai: User) -> None:
    figures = {name: value for name, value in review.snapshot.figures.items() if name != "definitions"}
    old = Review.objects.create(
        series=review.series,
        starts_on=date(2026, 2, 1),
        ends_on=date(2026, 3, 1),
        due_at=at(3, 2),
        built_at=at(3, 2),
    )
    Snapshot.objects.create(review=old, figures=figures, taken_at=at(3, 2))

    assert signed_in(mai).get(f"/reviews/{old.pk}/?basis=cohort").status_code == 200


def test_the_list_and_home_say_what_an_open_review_waits_for(
    signed_in: SignedIn, review: Review, aoi: User, now: datetime
) -> None:
    waits = "Built May 1, 2026 (Fri), not closed yet: 2 exceptions to talk about"

    assert waits in text_of(signed_in(aoi).get("/reviews/"))
    assert waits in text_of(signed_in(aoi).get("/"))

    reviews.close_review(review_id=review.pk, actor=aoi, now=now)
    assert "not closed yet" not in text_of(signed_in(aoi).get("/reviews/"))


def test_the_month_before_and_the_signal_of_the_chart_are_two_lines(signed_in: SignedIn, mai: User) -> None:
    for week in range(20):
        for _number in range(2 if week % 2 else 3):
            factories.lead(captured_at=at(1, 1) + timedelta(weeks=week))
    for _number in range(12):
        factories.lead(captured_at=at(5, 26))
    made = reviews.build_review(
        series=factories.review_series(first_month=date(2026, 1, 1)), month=date(2026, 5, 1), now=at(6, 1)
    )

    page = text_of(signed_in(mai).get(f"/reviews/{made.pk}/"))

    assert "Against Apr 2026: +5 (17 after 12)" in page
    assert re.search(r"Over 2\d weeks: <strong>▲ higher than before</strong> · better", page)


def test_a_version_that_took_effect_is_marked_and_limits_start_there(signed_in: SignedIn, mai: User) -> None:
    factories.version_in_force(threshold=30, since=at(3, 16))
    for week in range(22):
        for _number in range(8 if week < 10 else 2 + week % 2):
            factories.qualified_lead(captured_at=at(1, 5) + timedelta(weeks=week))
    made = reviews.build_review(
        series=factories.review_series(first_month=date(2026, 1, 1)), month=date(2026, 5, 1), now=at(6, 1)
    )

    (mql,) = [kpi for kpi in made.snapshot.figures["kpis"] if kpi["key"] == "mql"]
    assert mql["marks"] == [{"on": "2026-03-16", "number": 1}]
    assert [one["start"] for one in mql["chart"]["stretches"]] == [0, 10]
    assert mql["chart"]["change"] == "no_change"  # against the weeks before it would be worse
    page = text_of(signed_in(mai).get(f"/reviews/{made.pk}/"))
    assert "Version 1 is in force since Mar 16: limits are reckoned anew from there." in page
    assert "Since version 1 is in force (Mar 16)" in page
    assert "<td>version 1 in force</td>" in page
    live = text_of(signed_in(mai).get("/kpis/mql/"))
    assert "is in force since" not in live  # months later these weeks are gone


def test_conversion_in_a_review_is_of_the_latest_leads_that_had_their_time(signed_in: SignedIn, mai: User) -> None:
    for _number in range(3):
        lead = factories.qualified_lead(captured_at=at(2, 2))
        factories.deal(lead=lead, won_at=at(5, 20))
    factories.qualified_lead(captured_at=at(2, 3))
    factories.qualified_lead(captured_at=at(5, 3))
    made = reviews.build_review(
        series=factories.review_series(first_month=date(2026, 1, 1)), month=date(2026, 5, 1), now=at(6, 1)
    )

    context = signed_in(mai).get(f"/reviews/{made.pk}/").context

    (figure,) = [figure for figure in context["table"] if figure.key == "conversion"]
    assert (figure.value, figure.sizes, figure.month_text) == ("75.0%", "3 / 4", "Feb 2026")
    assert "basis=cohort" in text_of(signed_in(mai).get(f"/reviews/{made.pk}/"))
    (kpi,) = [kpi for kpi in made.snapshot.figures["kpis"] if kpi["key"] == "conversion"]
    assert kpi["weeks"][-1]["to"] <= "2026-03-04"
    assert kpi["basis"] == "cohort"


@pytest.mark.parametrize("basis", ["period", "cohort"])
def test_snapshots_of_the_first_format_still_show(signed_in: SignedIn, review: Review, mai: User, basis: str) -> None:
    figures = review.snapshot.figures | {"format": 1}
    old = ("by_definition", "basis", "marks", "headline")
    figures["kpis"] = [{name: value for name, value in kpi.items() if name not in old} for kpi in figures["kpis"]]
    for kpi in figures["kpis"]:
        del kpi["chart"]["stretches"]
        if kpi["key"] == "conversion":  # by period it could be more than the whole
            week = {"from": "2026-03-02", "to": "2026-03-09", "value": 2.0, "numerator": 2, "denominator": 1}
            kpi["weeks"] = [week] * 10
            kpi["chart"] |= {"centre": 1.3, "lower": 0.4, "upper": 2.2, "change": "no_change", "signals": [[]] * 10}
    made = Review.objects.create(
        series=review.series,
        starts_on=date(2026, 2, 1),
        ends_on=date(2026, 3, 1),
        due_at=at(3, 2),
        built_at=at(3, 2),
    )
    Snapshot.objects.create(review=made, figures=figures, taken_at=at(3, 2))

    answer = signed_in(mai).get(f"/reviews/{made.pk}/?basis={basis}")

    assert answer.status_code == 200
    assert "Over 10 weeks: <strong>○ no change</strong>" in text_of(answer)


def test_a_page_leads_to_its_parts_and_prints_without_its_forms(
    signed_in: SignedIn, review: Review, aoi: User, now: datetime
) -> None:
    reviews.save_minutes(review_id=review.pk, minutes="Call first.", seen_version=0, actor=aoi, now=now)

    page = text_of(signed_in(aoi).get(f"/reviews/{review.pk}/"))

    for target in re.findall(r'<li><a href="#([a-z]+)"', page):
        assert page.count(f'id="{target}"') == 1
    assert '<div class="minutes-text print-only"><p>Call first.</p></div>' in page
    assert len(re.findall(r"<form(?! method=\"post\" action=\"/(?:preferences|accounts))", page)) >= 3


def test_the_month_before_has_its_unit(signed_in: SignedIn, review: Review, mai: User) -> None:
    at_rate = factories.handoff(status="accepted", offered_at=at(2, 3), business_seconds_to_decide=7200)
    made = reviews.build_review(
        series=ReviewSeries.objects.create(key="again", name_en="Again", name_ja="再", first_month=date(2026, 3, 1)),
        month=date(2026, 3, 1),
        now=at(5, 1),
    )

    page = text_of(signed_in(mai).get(f"/reviews/{made.pk}/"))

    assert at_rate.pk
    assert '<span class="figure-cell">2 business hours<span class="sub">1 record</span>' in page


def test_without_reviews_the_list_says_when_the_first_one_comes(signed_in: SignedIn, mai: User) -> None:
    assert "No review yet" in text_of(signed_in(mai).get("/reviews/"))


def test_an_unknown_review_is_not_found(signed_in: SignedIn, mai: User) -> None:
    assert signed_in(mai).get("/reviews/999/").status_code == 404


def test_lists_and_pages_ask_no_query_per_row(signed_in: SignedIn, review: Review, aoi: User, now: datetime) -> None:
    client = signed_in(aoi)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    def act(of: Review) -> None:
        actions.add_action(review_id=of.pk, title="x", owner_id=aoi.pk, due_on=date(2030, 4, 1), actor=aoi, now=now)

    act(review)
    queries("/reviews/")
    few, few_on_page = queries("/reviews/"), queries(f"/reviews/{review.pk}/")
    for month in (date(2026, 1, 1), date(2026, 2, 1)):
        earlier = build(month)
        for _number in range(5):
            act(earlier)
            act(review)

    assert queries("/reviews/") == few
    assert queries(f"/reviews/{review.pk}/") == few_on_page


def test_many_handoffs_of_an_exception_are_a_page_of_their_own(
    signed_in: SignedIn, ren: User, mai: User, now: datetime
) -> None:
    reason = factories.rejection_reason("timing")
    client, client_name = signed_in(mai), "Hanako"

    def rejected(times: int) -> None:
        for number in range(times):
            lead = factories.qualified_lead(full_name=f"{client_name} {number}")
            factories.handoff(lead, status="rejected", reason=reason, offered_at=at(3, 4), offered_to=ren)

    def queries(path: str) -> tuple[int, str]:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200
        return len(captured), text_of(answer)

    rejected(3)
    few = build()
    rejected(60)
    many = reviews.build_review(
        series=ReviewSeries.objects.create(key="all", name_en="All", name_ja="全", first_month=date(2026, 3, 1)),
        month=date(2026, 3, 1),
        now=at(5, 1),
    )

    (asked, page), (asked_of_few, page_of_few) = (queries(f"/reviews/{one.pk}/") for one in (many, few))
    assert page.count(client_name) == 20
    assert "63 handoffs" in page
    assert f'href="/reviews/{many.pk}/exceptions/1/"' in page
    assert "/exceptions/" not in page_of_few
    assert asked <= asked_of_few
    (listed, whole), (listed_few, _few) = (queries(f"/reviews/{one.pk}/exceptions/1/") for one in (many, few))
    assert whole.count(client_name) == 50
    assert "1–50 of 63" in whole
    assert "reason of 63 of 63 rejections" in whole
    assert "Mar 2026" in whole
    assert listed <= listed_few
    assert queries(f"/reviews/{many.pk}/exceptions/1/?page=2")[1].count(client_name) == 13


@pytest.mark.parametrize("path", ["9/", "0/", "999999999999999999999/"])
def test_an_exception_that_is_not_on_the_agenda_is_not_found(
    signed_in: SignedIn, review: Review, mai: User, path: str
) -> None:
    assert signed_in(mai).get(f"/reviews/{review.pk}/exceptions/1/").status_code == 200
    assert signed_in(mai).get(f"/reviews/{review.pk}/exceptions/{path}").status_code == 404
    assert signed_in(mai).get(f"/reviews/{path}exceptions/1/").status_code == 404


# -- actions ------------------------------------------------------------------------------------------------------


def add(client: Client, review: Review, owner: User, **options: Any) -> Any:
    entered = ENTERED | {"owner": owner.pk} | options.pop("entered", {})
    return client.post(f"/reviews/{review.pk}/actions/", entered, **options)


def test_an_action_is_added_with_htmx_and_without(signed_in: SignedIn, review: Review, aoi: User, ren: User) -> None:
    client = signed_in(aoi)

    part = add(client, review, ren, headers=HTMX)
    plain = add(client, review, ren)

    assert part.status_code == 200
    assert '<div id="review-actions"' in text_of(part)
    assert "<html" not in text_of(part)
    assert "Call within the hour" in text_of(part)
    assert plain.url == f"/reviews/{review.pk}/"
    assert Action.objects.count() == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_incomplete_action_comes_back_with_what_was_entered(
    signed_in: SignedIn, review: Review, aoi: User, headers: dict[str, str]
) -> None:
    answer = add(signed_in(aoi), review, aoi, entered={"due_on": ""}, headers=headers)

    assert answer.status_code == 422
    assert "Call within the hour" in text_of(answer)
    assert ("<html" in text_of(answer)) == (not headers)
    assert not Action.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_action_due_in_the_past_comes_back(
    signed_in: SignedIn, review: Review, aoi: User, headers: dict[str, str]
) -> None:
    answer = add(signed_in(aoi), review, aoi, entered={"due_on": "2020-01-01"}, headers=headers)

    assert answer.status_code == 422
    assert "Choose today or a later day." in text_of(answer)
    assert 'value="2020-01-01"' in text_of(answer)
    assert not Action.objects.exists()


@pytest.mark.parametrize("step", ["done", "drop"])
def test_an_action_is_ended_only_in_a_review_that_shows_it(
    signed_in: SignedIn, review: Review, aoi: User, step: str
) -> None:
    client, earlier = signed_in(aoi), build(date(2026, 1, 1))
    add(client, review, aoi)
    action = Action.objects.get()

    assert client.post(f"/reviews/{earlier.pk}/actions/{action.pk}/{step}/").status_code == 404
    assert client.post(f"/reviews/999/actions/{action.pk}/{step}/").status_code == 404
    action.refresh_from_db()
    assert action.status == "open"


@pytest.mark.parametrize(("step", "status"), [("done", "done"), ("drop", "dropped")])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_actions_end(
    signed_in: SignedIn, review: Review, aoi: User, step: str, status: str, headers: dict[str, str]
) -> None:
    client = signed_in(aoi)
    add(client, review, aoi)
    action = Action.objects.get()

    for _twice in range(2):
        answer = client.post(f"/reviews/{review.pk}/actions/{action.pk}/{step}/", headers=headers)
        assert answer.status_code == (200 if headers else 302)

    action.refresh_from_db()
    assert action.status == status


def test_unfinished_actions_are_carried_over_with_their_count_until_they_end(
    signed_in: SignedIn, review: Review, aoi: User, now: datetime
) -> None:
    client = signed_in(aoi)
    january, february = build(date(2026, 1, 1)), build(date(2026, 2, 1))
    add(client, january, aoi)
    action = Action.objects.get()

    def carried(of: Review) -> list[tuple[str, int]]:
        context = client.get(f"/reviews/{of.pk}/").context
        return [(line.action.title, line.times) for line in context["carried"]]

    assert (carried(january), carried(february)) == ([], [("Call within the hour", 2)])
    assert carried(review) == [("Call within the hour", 3)]
    part = client.post(f"/reviews/{review.pk}/actions/{action.pk}/done/", headers=HTMX)
    assert '<div id="carried-actions"' in text_of(part)
    assert carried(review) == [("Call within the hour", 3)]  # it was open when this review was built

    Action.objects.update(ended_at=review.built_at - timedelta(days=1))
    assert carried(review) == []


# -- minutes and closing -----------------------------------------------------------------------------------------


def test_minutes_are_saved_with_htmx_and_without(signed_in: SignedIn, review: Review, aoi: User) -> None:
    client = signed_in(aoi)

    part = client.post(f"/reviews/{review.pk}/minutes/", {"minutes": "一つ目", "seen": 0}, headers=HTMX)
    plain = client.post(f"/reviews/{review.pk}/minutes/", {"minutes": "二つ目", "seen": 1})

    assert '<div id="minutes"' in text_of(part)
    assert plain.url == f"/reviews/{review.pk}/#minutes"
    review.refresh_from_db()
    assert (review.minutes, review.minutes_version) == ("二つ目", 2)


def test_whoever_saves_second_sees_both_texts_and_loses_none(
    signed_in: SignedIn, review: Review, aoi: User, sora: User
) -> None:
    signed_in(aoi).post(f"/reviews/{review.pk}/minutes/", {"minutes": "from marketing", "seen": 0})
    client = signed_in(sora)

    refused = client.post(f"/reviews/{review.pk}/minutes/", {"minutes": "from sales", "seen": 0}, headers=HTMX)

    page = text_of(refused)
    assert refused.status_code == 409
    assert "from marketing" in page
    assert "from sales" in page
    assert 'name="seen" value="1"' in page
    client.post(f"/reviews/{review.pk}/minutes/", {"minutes": "from both", "seen": 1})
    review.refresh_from_db()
    assert review.minutes == "from both"


def test_a_closed_review_can_only_be_read(signed_in: SignedIn, review: Review, aoi: User) -> None:
    client = signed_in(aoi)

    client.post(f"/reviews/{review.pk}/close/")
    client.post(f"/reviews/{review.pk}/close/")  # twice is no fault

    page = text_of(client.get(f"/reviews/{review.pk}/"))
    assert "Closed by Aoi" in page
    assert "<textarea" not in page
    assert add(client, review, aoi).status_code == 409
    assert client.post(f"/reviews/{review.pk}/minutes/", {"minutes": "x", "seen": 0}).status_code == 409
    review.refresh_from_db()
    assert review.minutes == ""


def test_whoever_saves_after_the_end_sees_what_is_saved_and_the_own_text_and_no_form(
    signed_in: SignedIn, review: Review, aoi: User, sora: User
) -> None:
    signed_in(aoi).post(f"/reviews/{review.pk}/minutes/", {"minutes": "from marketing", "seen": 0})
    signed_in(aoi).post(f"/reviews/{review.pk}/close/")

    for headers in ({}, HTMX):
        refused = signed_in(sora).post(
            f"/reviews/{review.pk}/minutes/", {"minutes": "from sales", "seen": 1}, headers=headers
        )

        page = text_of(refused)
        assert refused.status_code == 409
        assert "This review is closed" in page
        assert page.count("from marketing") == page.count("from sales") == 1
        assert "<textarea" not in page
        assert "Close…" not in page


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_whoever_adds_an_action_after_the_end_is_told_so(
    signed_in: SignedIn, review: Review, aoi: User, headers: dict[str, str]
) -> None:
    client = signed_in(aoi)
    client.post(f"/reviews/{review.pk}/close/")

    refused = add(client, review, aoi, headers=headers)

    assert refused.status_code == 409
    assert "This review is closed" in text_of(refused)
    assert 'name="title"' not in text_of(refused)


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["mai", "ren"])
def test_others_see_no_controls_and_are_refused(
    signed_in: SignedIn, review: Review, aoi: User, who: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    add(signed_in(aoi), review, aoi)
    action = Action.objects.get()
    client = signed_in(person)

    page = text_of(client.get(f"/reviews/{review.pk}/"))

    main = page[page.index("<main") : page.index("</main>")]
    assert "<textarea" not in main
    assert 'method="post"' not in main
    for path in ("minutes/", "close/", "actions/", f"actions/{action.pk}/done/", f"actions/{action.pk}/drop/"):
        for entered in (ENTERED | {"seen": 0}, {}):
            assert client.post(f"/reviews/{review.pk}/{path}", entered).status_code == 403
    action.refresh_from_db()
    review.refresh_from_db()
    assert (action.status, review.status, review.minutes) == ("open", "open", "")


def test_an_owner_without_a_managers_role_may_mark_the_own_action_done(
    signed_in: SignedIn, review: Review, aoi: User, ren: User
) -> None:
    add(signed_in(aoi), review, ren)
    action = Action.objects.get()
    client = signed_in(ren)

    page = text_of(client.get(f"/reviews/{review.pk}/"))

    assert f"/actions/{action.pk}/done/" in page
    assert f"/actions/{action.pk}/drop/" not in page
    assert client.post(f"/reviews/{review.pk}/actions/{action.pk}/done/", headers=HTMX).status_code == 200


@pytest.mark.parametrize("path", ["minutes/", "close/", "actions/"])
def test_changes_need_a_post_and_a_sign_in(
    client: Client, signed_in: SignedIn, review: Review, aoi: User, path: str
) -> None:
    assert client.post(f"/reviews/{review.pk}/{path}").status_code == 302
    assert signed_in(aoi).get(f"/reviews/{review.pk}/{path}").status_code == 405
