"""What happened to a handoff, said in the active language and the reader's zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alignment.accounts.calendars import Calendars
from alignment.kernel import formats
from alignment.kernel.calendar import BusinessCalendar, NoOpenTime
from handoff.models import HandoffEvent, RejectionReason
from handoff.rules.next_steps import NextStep, closing
from handoff.rules.routing import RoutingReason
from handoff.rules.workflow import Action


def why_here(routing: dict[str, Any]) -> str:
    """Why an offer came to this person or queue, from what was stamped on it at that moment."""
    match routing.get("reason_code"):
        case RoutingReason.NEXT_TURN:
            count = int(routing.get("available", 1))
            text = ngettext(
                "Rule “%(rule)s”: %(person)s is the only available person of %(team)s.",
                "Rule “%(rule)s”: it was the turn of %(person)s among the %(count)s available people of %(team)s.",
                count,
            )
        case RoutingReason.NOBODY_AVAILABLE:
            count = 0
            text = _("Rule “%(rule)s”: nobody of %(team)s was available, so the whole team is asked.")
        case _:
            return _("No routing rule fits this lead, so all of sales is asked.")
    return text % {
        "rule": routing.get("rule_name", ""),
        "team": routing.get("team_name", ""),
        "person": routing.get("chosen_name", ""),
        "count": formats.number(count),
    }


def who_was_faster(event: HandoffEvent, *, now: datetime) -> str:
    """“Ren accepted this at 10:02.”: for somebody who comes too late."""
    values = {"person": event.actor.full_name, "time": _moment(event.at, now)}
    match event.action:
        case Action.ACCEPT:
            return _("%(person)s accepted this at %(time)s.") % values
        case Action.REJECT:
            return _("%(person)s rejected this at %(time)s.") % values
        case Action.WITHDRAW:
            return _("%(person)s withdrew this at %(time)s.") % values
    return _("%(person)s handed this over at %(time)s.") % values


def what_happened(event: HandoffEvent) -> str:
    """The title of an event in the history of a handoff."""
    values = {"person": event.actor.full_name, "to": event.data.get("to", "")}
    match event.action:
        case Action.ACCEPT:
            return _("%(person)s accepted the lead") % values
        case Action.REJECT:
            return _("%(person)s rejected the lead") % values
        case Action.WITHDRAW:
            return _("%(person)s withdrew the offer") % values
    if event.data.get("to"):
        return _("%(person)s handed the lead over; %(to)s was asked") % values
    return _("%(person)s handed the lead over") % values


def follows(reasons: Iterable[RejectionReason], *, today: date) -> dict[str, str]:
    """What happens next when a reason is chosen and nothing else is said, by its code (the calendar is read once)."""
    calendar = Calendars.load().of_organisation()
    return {
        reason.code: next_step(
            reason.next_step, default_return(reason, today=today, calendar=calendar), reason=reason.code
        )
        for reason in reasons
    }


def next_step(step: str, recycle_on: date | None, *, reason: str = "") -> str:
    """What happens next, with its date; ``reason`` is the code of why the lead was given back."""
    if step == NextStep.RECYCLE:
        return _("back to marketing on %(date)s") % {"date": formats.date(recycle_on)}
    if step == NextStep.CLOSE:
        return closing(reason)
    return ""


def default_return(reason: RejectionReason, *, today: date, calendar: BusinessCalendar | None = None) -> date:
    """The day on which a lead rejected for this reason comes back to marketing: a working day, and never today."""
    day = today + timedelta(days=max(reason.recycle_days, 1))
    calendar = calendar or Calendars.load().of_organisation()
    try:
        opening = calendar.next_open(datetime.combine(day, time.min, tzinfo=calendar.zone))
    except NoOpenTime:  # hours that never open are no reason to lose a lead
        return day
    return opening.astimezone(calendar.zone).date()


def _moment(at: datetime, now: datetime) -> str:
    zone = timezone.get_current_timezone()
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    return formats.time(at) if same_day else formats.datetime(at)
