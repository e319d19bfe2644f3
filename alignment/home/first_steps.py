"""Where to begin: the tasks of a new installation, and those of somebody who has come to one that runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from handoff.models import Handoff, RoutingRule
from leads.models import Lead
from leads.selectors.definitions import version_in_force

NEW_FOR = timedelta(days=14)
SHORT = 3
"""With more than this to do, somebody has begun."""


@dataclass(frozen=True)
class FirstStep:
    """One task. ``done``: None where nobody can know, as of what was read."""

    text: str
    why: str
    url: str
    done: bool | None = None


def first_steps(user: User, *, to_do: int, now: datetime) -> list[FirstStep]:
    """The tasks of a new installation for those who may do them, else those of a newcomer with little to do.

    Empty once all are done, and for everybody else.
    """
    steps = list(_of_installation(user))
    if all(step.done for step in steps):
        is_new = now - user.joined_at < NEW_FOR and to_do <= SHORT
        steps = list(_of_newcomer(user)) if is_new else []
    return [] if all(step.done for step in steps) else steps


def _of_installation(user: User) -> Iterator[FirstStep]:
    if not user.may(Permission.EDIT_DEFINITION):
        return
    yield FirstStep(
        _("Agree on a lead definition and sign it, both sides"),
        _("Until then no lead qualifies."),
        reverse("leads:definition"),
        version_in_force() is not None,
    )
    yield FirstStep(
        _("Say which team gets which leads"),
        _("A rule names the team or the person who is asked."),
        reverse("handoff:agreements"),
        RoutingRule.objects.filter(is_active=True).exists(),
    )
    yield FirstStep(
        _("Bring in or submit the first lead"),
        _("By hand, from a file, or by the API."),
        reverse("leads:list"),
        Lead.objects.exists(),
    )


def _of_newcomer(user: User) -> Iterator[FirstStep]:
    yield FirstStep(
        _("Set your working hours and language"),
        _("Deadlines count only the hours in which you work."),
        reverse("accounts:profile"),
        user.weekly_hours is not None or user.language != Organisation.get().default_language,
    )
    yield FirstStep(
        _("Read what makes a good lead here"),
        _("Marketing and sales agree on this definition and sign it."),
        reverse("leads:definition"),
    )
    yield FirstStep(
        _("See how leads reach whom, and by when"),
        _("Rules, promised times and the reasons for giving a lead back."),
        reverse("handoff:agreements"),
    )
    yield from _of_role(user)
    yield FirstStep(
        _("Look at the figures that both sides share"),
        _("Each number opens the list behind it."),
        reverse("reviews:kpis"),
    )


def _of_role(user: User) -> Iterator[FirstStep]:
    """The work itself: handing leads over, or deciding on them."""
    if user.may(Permission.DECIDE_HANDOFF):
        yield FirstStep(
            _("Decide on your first lead"),
            _("It comes to your inbox with a deadline, and a mail tells you."),
            reverse("handoff:inbox"),
            Handoff.objects.filter(decided_by=user).decided().exists(),
        )
    elif user.may(Permission.SUBMIT_LEAD):
        yield FirstStep(
            _("Submit your first lead"),
            _("Sales is asked at once, where it qualifies."),
            reverse("handoff:submit"),
            Handoff.objects.filter(submitted_by=user).exists(),
        )
