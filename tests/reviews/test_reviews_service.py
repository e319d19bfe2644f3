"""Reviews are built once, frozen, told to everybody who takes part, and closed for good."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, transaction

from alignment.accounts.models import CompanyDay, User
from alignment.kernel.errors import InvalidInput, NotAllowed, NotFound
from alignment.outbox import mails
from alignment.outbox.models import Notice
from leads.models import Lead
from reviews.kpis.registry import KPIS
from reviews.kpis.rows import RowSet
from reviews.kpis.scope import Basis, Scope
from reviews.models import Action, AgendaItem, Review, ReviewSeries, Snapshot
from reviews.reports.frozen import Frozen
from reviews.services import actions, reviews
from reviews.services.reviews import MinutesChanged, ReviewClosed, build_due_reviews, build_review
from reviews.tasks import build_due_reviews as task
from tests import baseline, factories
from tests.conftest import TOKYO
from tests.racing import at_once

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 1)


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=TOKYO)


@pytest.fixture
def series(db: None) -> ReviewSeries:
    return factories.review_series(first_month=MARCH)


# -- building ------------------------------------------------------------------------------------------------


def test_a_snapshot_holds_every_figure_on_both_bases_with_formulas_and_versions(
    series: ReviewSeries, now: datetime
) -> None:
    version = factories.version_in_force(threshold=30, since=at(2, 1))
    lead = factories.qualified_lead(captured_at=at(2, 20))
    factories.deal(lead=lead, won_at=at(3, 2), amount=500)

    figures = build_review(series=series, month=MARCH, now=now).snapshot.figures

    assert [kpi["key"] for kpi in figures["kpis"]] == [kpi.key for kpi in KPIS]
    of = {kpi["key"]: kpi for kpi in figures["kpis"]}
    assert of["deals_won"]["period"] == {
        "now": {"value": 1, "numerator": 1, "denominator": None},
        "before": {"value": 0, "numerator": 0, "denominator": None},
    }
    assert of["deals_won"]["cohort"]["before"]["value"] == 1  # the lead is of February
    assert of["conversion"]["label"].keys() == of["conversion"]["formula"]["period"].keys() == {"ja", "en"}
    assert (figures["period"], figures["currency"]) == ({"from": "2026-03-01", "to": "2026-04-01"}, "JPY")
    assert [(one["number"], one["threshold"]) for one in figures["definitions"]] == [(version.number, 30)]


def test_weekly_points_end_with_the_last_whole_week_and_begin_with_the_first_record(
    series: ReviewSeries, now: datetime
) -> None:
    factories.lead(captured_at=datetime(2024, 1, 10, tzinfo=TOKYO))
    factories.qualified_lead(captured_at=at(3, 4))

    of = {kpi["key"]: kpi for kpi in build_review(series=series, month=MARCH, now=now).snapshot.figures["kpis"]}

    assert (len(of["leads"]["weeks"]), of["leads"]["weeks"][-1]["to"]) == (24, "2026-03-30")
    assert of["leads"]["chart"]["change"] != "too_few"
    assert [(week["from"], week["value"]) for week in of["mql"]["weeks"]] == [
        ("2026-03-02", 1), ("2026-03-09", 0), ("2026-03-16", 0), ("2026-03-23", 0),
    ]  # fmt: skip
    assert of["mql"]["chart"]["change"] == "too_few"
    assert of["deals_won"]["weeks"] == []


def test_a_month_that_is_not_over_cannot_be_frozen(series: ReviewSeries) -> None:
    with pytest.raises(InvalidInput):
        build_review(series=series, month=MARCH, now=at(3, 31, 23))

    assert not Review.objects.exists()
    assert build_review(series=series, month=MARCH, now=at(4, 1, 0))


def test_building_again_returns_the_same_review_and_writes_nothing(
    series: ReviewSeries, aoi: User, now: datetime
) -> None:
    first = build_review(series=series, month=MARCH, now=now)
    again = build_review(series=series, month=date(2026, 3, 31), now=now + timedelta(days=9))

    assert again == first
    assert (Review.objects.count(), Snapshot.objects.count(), Notice.objects.count()) == (1, 1, 1)


def test_what_is_frozen_stays_when_the_records_change(series: ReviewSeries, now: datetime) -> None:
    lead = factories.qualified_lead(captured_at=at(3, 4), source="social")
    review = build_review(series=series, month=MARCH, now=now)
    frozen = deepcopy(review.snapshot.figures)

    Lead.objects.filter(pk=lead.pk).update(qualified_at=at(1, 4), captured_at=at(1, 4))
    factories.deal(lead=lead, won_at=at(3, 9))

    build_review(series=series, month=MARCH, now=now + timedelta(days=1))
    assert Snapshot.objects.get().figures == frozen


@pytest.mark.parametrize("model", [Snapshot, AgendaItem])
def test_the_database_refuses_to_change_what_is_frozen(series: ReviewSeries, now: datetime, model: Any) -> None:
    review = build_review(series=series, month=MARCH, now=now)
    AgendaItem.objects.create(review=review, kind="breach", position=9, data={})
    changes = {"figures": {}} if model is Snapshot else {"data": {"count": 0}}

    for change in (lambda: model.objects.update(**changes), lambda: model.objects.all()._raw_delete("default")):
        with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic():
            change()


def test_an_impossible_share_has_no_interval(review: Review) -> None:
    (conversion,) = [kpi for kpi in review.snapshot.figures["kpis"] if kpi["key"] == "acceptance_rate"]
    conversion["period"]["now"] = {"value": 1.5, "numerator": 3, "denominator": 2}

    (shown,) = [one for one in Frozen(review.snapshot.figures).table(Basis.PERIOD) if one.key == "acceptance_rate"]

    assert (shown.value, shown.sizes, shown.interval) == ("150.0%", "3 / 2", "")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_figures_of_one_snapshot_are_of_one_moment(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    series = factories.review_series(first_month=MARCH)
    reason = factories.rejection_reason()
    real, measured = RowSet.tally, []

    def arrive() -> None:
        lead = factories.qualified_lead(captured_at=at(3, 4))
        factories.deal(lead=lead, won_at=at(3, 9), amount=1)
        factories.handoff(lead, offered_at=at(3, 5), status="rejected", reason=reason)
        factories.clock(due_at=at(3, 9), breached_at=at(3, 9))

    def import_in_between(rows: RowSet, scope: Scope) -> Any:
        found = real(rows, scope)
        measured.append(rows.name)
        at_once(arrive)
        return found

    monkeypatch.setattr(RowSet, "tally", import_in_between)
    review = build_review(series=series, month=MARCH, now=now)

    assert Lead.objects.count() >= len(measured) > 0
    assert {kpi["key"]: kpi[basis]["now"]["numerator"] for kpi in review.snapshot.figures["kpis"] for basis in Basis
            if kpi[basis]["now"]["numerator"]} == {}  # fmt: skip
    assert [week for kpi in review.snapshot.figures["kpis"] for week in kpi["weeks"]] == []
    assert not review.agenda.exists()


# -- due --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_day", "due"),
    [
        (date(2026, 3, 1), at(4, 1, 9)),  # a Wednesday
        (date(2026, 1, 1), at(2, 2, 9)),  # the first is a Sunday
        (date(2026, 4, 1), at(5, 1, 9)),
    ],
)
def test_a_review_is_due_at_nine_on_the_first_business_day(
    series: ReviewSeries, first_day: date, due: datetime
) -> None:
    ReviewSeries.objects.filter(pk=series.pk).update(first_month=first_day)

    assert build_due_reviews(now=due - timedelta(seconds=1)) == 0
    assert build_due_reviews(now=due) == 1
    assert Review.objects.get().due_at == due


def test_company_days_and_holidays_move_it(series: ReviewSeries) -> None:
    CompanyDay.objects.create(on=date(2026, 4, 1), kind="closed", name="創立記念日")

    assert build_due_reviews(now=at(4, 1, 18)) == 0
    assert build_due_reviews(now=at(4, 2, 9)) == 1
    ReviewSeries.objects.filter(pk=series.pk).update(first_month=date(2025, 12, 1))
    assert build_due_reviews(now=at(4, 2, 9)) == 3
    first = Review.objects.order_by("starts_on").first()
    assert first.due_at == datetime(2026, 1, 2, 9, tzinfo=TOKYO)  # New Year's Day is a holiday


def test_after_forty_days_without_a_tick_each_due_review_is_built_once_and_dated_right(
    series: ReviewSeries, aoi: User
) -> None:
    back = at(5, 11)

    assert build_due_reviews(now=back) == 2
    assert build_due_reviews(now=back + timedelta(minutes=1)) == 0
    assert list(Review.objects.order_by("starts_on").values_list("starts_on", "due_at")) == [
        (date(2026, 3, 1), at(4, 1, 9)),
        (date(2026, 4, 1), at(5, 1, 9)),
    ]
    assert Notice.objects.filter(template="reviews/email/review_ready").count() == 2


def test_a_series_that_rests_builds_nothing(series: ReviewSeries, now: datetime) -> None:
    ReviewSeries.objects.update(is_active=False)

    assert build_due_reviews(now=now) == 0


def test_one_month_that_fails_does_not_stop_the_others(series: ReviewSeries, monkeypatch: pytest.MonkeyPatch) -> None:
    real = reviews.exceptions

    def fail_in_march(**options: Any) -> Any:
        if options["period"].start == MARCH:
            raise RuntimeError("broken")
        return real(**options)

    monkeypatch.setattr(reviews, "exceptions", fail_in_march)

    assert build_due_reviews(now=at(5, 11)) == 1
    assert Review.objects.get().starts_on == date(2026, 4, 1)
    monkeypatch.undo()
    assert build_due_reviews(now=at(5, 11)) == 1


def test_a_new_installation_has_a_monthly_series_that_begins_this_month() -> None:
    ReviewSeries.objects.all().delete()
    baseline.restore()

    assert ReviewSeries.objects.filter(key="monthly", is_active=True).exists()
    assert task() == 0
    assert not Review.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_three_beats_at_once_build_one_review_and_write_each_person_once(now: datetime) -> None:
    factories.user("aoi", role="manager", side="marketing")
    factories.user("sora", role="manager", side="sales")
    series = factories.review_series(first_month=MARCH)

    def build() -> int:
        return build_review(series=series, month=MARCH, now=now).pk

    built = at_once(build, build, build, build, build, build)

    assert len(set(built)) == 1
    assert (Review.objects.count(), Snapshot.objects.count(), Notice.objects.count()) == (1, 1, 2)


# -- exceptions -----------------------------------------------------------------------------------------------


def reject(code: str, times: int, decided_at: datetime) -> None:
    reason = factories.rejection_reason(code)
    for _time in range(times):
        factories.handoff(status="rejected", reason=reason, offered_at=decided_at, decided_at=decided_at)


def test_reasons_that_repeat_come_on_the_agenda(series: ReviewSeries, now: datetime) -> None:
    reject("timing", 3, at(3, 9))
    reject("duplicate", 2, at(3, 9))
    reject("other", 1, at(3, 9))
    reject("no_fit", 3, at(2, 9))  # another month

    agenda = build_review(series=series, month=MARCH, now=now).agenda.order_by("position")

    assert [(item.kind, item.data["code"], item.data["count"], item.data["rejected"]) for item in agenda] == [
        ("repeated_reason", "timing", 3, 6),
        ("repeated_reason", "duplicate", 2, 6),
    ]
    assert agenda[0].data["label"] == {"en": "Too early", "ja": "時期尚早"}
    assert len(agenda[0].data["handoffs"]) == 3


def test_missed_deadlines_come_on_the_agenda_by_duty_and_team(series: ReviewSeries, ren: User, now: datetime) -> None:
    def clock(due_at: datetime, **fields: Any) -> None:
        factories.clock(team=ren.team, due_at=due_at, started_at=due_at - timedelta(hours=8), **fields)

    clock(at(3, 9), breached_at=at(3, 9))
    clock(at(3, 9), breached_at=at(3, 9), met_at=at(3, 10))  # done too late stays missed
    clock(at(3, 31))  # ran out and no scan has come by yet
    clock(at(3, 9), met_at=at(3, 8))
    clock(at(3, 9), stopped_at=at(3, 8))  # was never owed to the end
    clock(at(4, 1), breached_at=at(4, 1))  # another month

    (item,) = build_review(series=series, month=MARCH, now=now).agenda.all()

    assert {name: item.data[name] for name in ("side", "duty", "team", "count", "owed")} == {
        "side": "sales", "duty": "decide", "team": "Field sales", "count": 3, "owed": 4,
    }  # fmt: skip
    assert len(item.data["handoffs"]) == 3


# -- mails ------------------------------------------------------------------------------------------------------


def test_managers_and_participants_get_one_mail_each_in_their_language(
    series: ReviewSeries, aoi: User, sora: User, mai: User, ren: User, now: datetime
) -> None:
    series.participants.add(mai, aoi)
    factories.user("gone", role="manager", side="sales", is_active=False)
    User.objects.filter(pk=sora.pk).update(language="ja")

    review = build_review(series=series, month=MARCH, now=now)

    notices = {notice.to_address: notice for notice in Notice.objects.all()}
    assert set(notices) == {aoi.email, sora.email, mai.email}
    mail = mails.render(notices[aoi.email])
    assert "Mar 2026" in mail.subject
    for body in (mail.text, mail.html):
        assert f"http://testserver/reviews/{review.pk}/" in body
    assert "2026年3月" in mails.render(notices[sora.email]).subject


# -- minutes and closing -----------------------------------------------------------------------------------------


@pytest.fixture
def review(series: ReviewSeries, now: datetime) -> Review:
    return build_review(series=series, month=MARCH, now=now)


def test_minutes_are_saved_and_nobody_overwrites_what_they_have_not_seen(
    review: Review, aoi: User, sora: User, now: datetime
) -> None:
    reviews.save_minutes(review_id=review.pk, minutes=" 決定: … ", seen_version=0, actor=aoi, now=now)

    with pytest.raises(MinutesChanged):
        reviews.save_minutes(review_id=review.pk, minutes="mine", seen_version=0, actor=sora, now=now)

    review.refresh_from_db()
    assert (review.minutes, review.minutes_version) == ("決定: …", 1)


def test_a_closed_review_refuses_every_change(review: Review, aoi: User, now: datetime) -> None:
    reviews.close_review(review_id=review.pk, actor=aoi, now=now)

    review.refresh_from_db()
    assert (review.status, review.closed_by, review.closed_at) == ("closed", aoi, now)
    for change in (
        lambda: reviews.save_minutes(review_id=review.pk, minutes="x", seen_version=0, actor=aoi, now=now),
        lambda: reviews.close_review(review_id=review.pk, actor=aoi, now=now),
        lambda: add(review, aoi, now),
    ):
        with pytest.raises(ReviewClosed):
            change()
    with pytest.raises(InternalError), transaction.atomic():
        Review.objects.update(minutes="rewritten")


# -- actions --------------------------------------------------------------------------------------------------------


def add(review: Review, actor: User, now: datetime, **fields: Any) -> Action:
    defaults = {"title": "Call within the hour", "owner_id": actor.pk, "due_on": date(2026, 4, 20)}
    return actions.add_action(review_id=review.pk, actor=actor, now=now, **(defaults | fields))


def test_an_action_has_an_owner_a_due_date_and_a_figure_to_move(
    review: Review, aoi: User, ren: User, now: datetime
) -> None:
    action = add(review, aoi, now, owner_id=ren.pk, target_kpi="conversion", title="  Call   sooner ")

    assert (action.title, action.owner, action.status, action.target_kpi) == ("Call sooner", ren, "open", "conversion")


def test_today_is_where_the_organisation_is(review: Review, aoi: User) -> None:
    early = at(4, 2, 8)  # still the day before in UTC

    assert add(review, aoi, early, due_on=date(2026, 4, 2))
    with pytest.raises(InvalidInput):
        add(review, aoi, early, due_on=date(2026, 4, 1))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": " "}, "title"),
        ({"owner_id": 0}, "owner"),
        ({"target_kpi": "x"}, "target_kpi"),
        ({"due_on": date(2026, 3, 31)}, "due_on"),
    ],
)
def test_an_incomplete_action_is_refused(review: Review, aoi: User, now: datetime, fields: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add(review, aoi, now, **fields)

    assert refusal.value.field == field


def test_an_action_ends_once_also_after_its_review_was_closed(review: Review, aoi: User, now: datetime) -> None:
    action = add(review, aoi, now)
    reviews.close_review(review_id=review.pk, actor=aoi, now=now)

    actions.finish_action(action_id=action.pk, actor=aoi, now=now)

    action.refresh_from_db()
    assert (action.status, action.ended_at) == ("done", now)
    with pytest.raises(actions.ActionEnded):
        actions.drop_action(action_id=action.pk, actor=aoi, now=now)


def test_the_owner_may_say_done_but_only_managers_drop(review: Review, aoi: User, ren: User, now: datetime) -> None:
    action = add(review, aoi, now, owner_id=ren.pk)

    with pytest.raises(NotAllowed):
        actions.drop_action(action_id=action.pk, actor=ren, now=now)
    assert actions.finish_action(action_id=action.pk, actor=ren, now=now).status == "done"


@pytest.mark.parametrize("who", ["mai", "ren"])
def test_others_change_nothing(
    review: Review, aoi: User, now: datetime, who: str, request: pytest.FixtureRequest
) -> None:
    person = request.getfixturevalue(who)
    action = add(review, aoi, now)

    for change in (
        lambda: reviews.save_minutes(review_id=review.pk, minutes="x", seen_version=0, actor=person, now=now),
        lambda: reviews.close_review(review_id=review.pk, actor=person, now=now),
        lambda: add(review, person, now),
        lambda: actions.finish_action(action_id=action.pk, actor=person, now=now),
        lambda: actions.drop_action(action_id=action.pk, actor=person, now=now),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert Action.objects.get().status == "open"


def test_what_does_not_exist_is_not_found(aoi: User, now: datetime) -> None:
    with pytest.raises(NotFound):
        reviews.close_review(review_id=0, actor=aoi, now=now)
    with pytest.raises(NotFound):
        actions.finish_action(action_id=0, actor=aoi, now=now)


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_the_review_it_built_or_found() -> None:
    factories.review_series()

    def run() -> dict[str, Any]:
        out = StringIO()
        call_command("build_review", "--month", "2018-03", "--json", stdout=out)
        return json.loads(out.getvalue())

    first = run()
    assert (first["month"], first["series"], first["status"]) == ("2018-03", "monthly", "open")
    assert first["figures"]["kpis"][0]["key"] == "leads"
    assert first["url"] == f"http://testserver/reviews/{first['id']}/"
    assert run() == first


@pytest.mark.parametrize(
    "options", [["--month", "2018-13"], ["--month", "2199-01"], ["--month", "2018-03", "--series", "x"]]
)
def test_the_command_says_what_is_wrong(options: list[str]) -> None:
    factories.review_series()

    with pytest.raises(CommandError):
        call_command("build_review", *options)
