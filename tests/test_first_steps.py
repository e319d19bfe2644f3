"""Where to begin: the tasks of a new installation, then those of a newcomer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from alignment.home.first_steps import NEW_FOR, SHORT, first_steps
from tests import factories


@pytest.fixture
def runs(db, field_sales):
    """An installation on which the loop turns already."""
    factories.version_in_force({"condition": {"field": "is_free_mail", "op": "is_true"}, "points": 10}, threshold=10)
    factories.routing_rule(field_sales)
    factories.lead()


def steps_of(person, **changes):
    return {step.url: step.done for step in first_steps(person, **{"to_do": 0, "now": timezone.now()} | changes)}


@pytest.mark.parametrize(
    ("who", "work"),
    [("mai", "handoff:submit"), ("ren", "handoff:inbox"), ("sora", "handoff:inbox"), ("aoi", "handoff:submit")],
)
def test_a_newcomer_gets_five_tasks_of_their_role(request, runs, who, work):
    steps = steps_of(request.getfixturevalue(who))

    names = ["accounts:profile", "leads:definition", "handoff:agreements", work, "reviews:kpis"]
    assert list(steps) == [reverse(name) for name in names]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_tasks_stand_on_the_first_page_in_both_languages(signed_in, runs, ren, language):
    ren.language = language
    ren.save()

    page = signed_in(ren).get("/").text

    assert page.count('class="task"') == 5
    assert page.index('class="tasks"') < page.index('class="turns"')


def test_nobody_is_taught_after_two_weeks_or_with_enough_to_do(runs, ren):
    now = timezone.now()

    assert not steps_of(ren, now=now + NEW_FOR + timedelta(minutes=1))
    assert not steps_of(ren, to_do=SHORT + 1)
    assert steps_of(ren, to_do=SHORT)


def test_what_can_be_known_is_shown_as_done(runs, mai, ren):
    factories.handoff(factories.qualified_lead(), submitted_by=mai, offered_to=ren)
    mai.weekly_hours = {"mon": [["09:00", "17:00"]]}

    marketer, rep = steps_of(mai), steps_of(ren)

    assert marketer[reverse("handoff:submit")] is True
    assert marketer[reverse("accounts:profile")] is True
    assert marketer[reverse("leads:definition")] is None
    assert rep[reverse("handoff:inbox")] is False
    assert rep[reverse("accounts:profile")] is (ren.language != "ja")


def test_a_first_decision_is_a_task_done(runs, ren):
    handoff = factories.handoff(factories.qualified_lead(), offered_to=ren)
    handoff.status, handoff.decided_by, handoff.decided_at = "accepted", ren, timezone.now()
    handoff.save()

    assert steps_of(ren)[reverse("handoff:inbox")] is True


def test_a_new_installation_comes_first_for_who_may_set_it_up(db, kei, mai):
    factories.lead()

    assert steps_of(kei) == {
        reverse("leads:definition"): False,
        reverse("handoff:agreements"): False,
        reverse("leads:list"): True,
    }
    assert reverse("handoff:submit") in steps_of(mai)


def test_the_tasks_cost_the_same_with_many_leads(runs, sora):
    steps_of(sora)
    with CaptureQueriesContext(connection) as few:
        steps_of(sora)
    for _number in range(5):
        factories.handoff(factories.qualified_lead())

    with CaptureQueriesContext(connection) as many:
        steps_of(sora)

    assert len(many) == len(few)
