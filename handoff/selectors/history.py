"""What happened to handoffs: one handoff's story, and all handoffs of one lead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from alignment.kernel import formats
from handoff.models import Clock, Handoff, HandoffEvent, RejectionReason
from handoff.querysets import HandoffQuerySet
from handoff.rules.clocks import Duty
from handoff.rules.workflow import Action
from handoff.selectors.sentences import next_step, what_happened
from leads.selectors.leads import family, phone_words
from leads.selectors.vocabulary import known

ICONS = {
    Action.SUBMIT: "arrow-narrow-right",
    Action.ACCEPT: "check",
    Action.REJECT: "arrow-back-up",
    Action.WITHDRAW: "x",
}


@dataclass(frozen=True)
class Happening:
    """One entry of the story, as the timeline draws it."""

    at: datetime
    title: str
    text: str = ""
    icon: str = "circle-dot"
    side: str = ""


def story(handoff: Handoff) -> list[Happening]:
    """Events and missed deadlines of a handoff, oldest first."""
    events = handoff.events.select_related("actor").order_by("at", "pk")
    told = [_event(event, handoff) for event in events]
    told += [_breach(clock) for clock in clocks_of(handoff) if clock.breached_at]
    return sorted(told, key=lambda happening: happening.at)


def clocks_of(handoff: Handoff) -> list[Clock]:
    """The promises on a handoff, first one first."""
    return list(handoff.clocks.select_related("owner", "team").order_by("started_at", "pk"))


def duty_words(clock: Clock) -> str:
    """What is owed, and by whom."""
    who = clock.owner.full_name if clock.owner else clock.team.name if clock.team else _("all of sales")
    return f"{Duty(clock.duty).label} – {who}"


def of_lead(lead_id: int) -> HandoffQuerySet:
    """All handoffs of a lead and of those that became part of it, the latest first."""
    return Handoff.objects.filter(lead__in=family(lead_id)).with_people().order_by("-offered_at", "-pk")


def reasons_in_use() -> list[RejectionReason]:
    """The reasons that can be chosen now, in their agreed order."""
    return list(RejectionReason.objects.filter(is_active=True).order_by("position", "pk"))


def stamped_facts(stamp: dict[str, Any]) -> list[dict[str, str]]:
    """The lead as it was when it was offered, as facts for reading."""
    lead = stamp.get("lead", {})
    labels = {
        "full_name": _("Name"),
        "company": _("Company"),
        "job_title": _("Job title"),
        "department": _("Department"),
        "email": _("E-mail address"),
        "phone": _("Phone"),
        "industry": _("Industry"),
        "prefecture": _("Prefecture"),
        "employees": _("Employees"),
        "source": _("Source"),
        "campaign": _("Campaign"),
        "promise": _("What was promised"),
    }
    shown = lead | {"phone": phone_words(lead.get("phone", ""))}
    return [
        {"name": label, "value": _shown(shown[key])}
        for key, label in labels.items()
        if shown.get(key) not in (None, "")
    ]


def stamped_touches(stamp: dict[str, Any]) -> list[Happening]:
    """What the lead had done by then, newest first."""
    kinds = known().kinds
    return [
        Happening(
            at=datetime.fromisoformat(touch["at"]),
            title=str(kinds[touch["kind"]].label),
            text=touch["detail"],
            side="marketing",
        )
        for touch in stamp.get("touches", [])
    ]


def tried(routing: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules that were tried, each with whether it fitted."""
    steps: Iterable[dict[str, Any]] = routing.get("tried", [])
    return [{"met": step["matched"], "text": step["name"], "detail": "", "points": ""} for step in steps]


def _event(event: HandoffEvent, handoff: Handoff) -> Happening:
    data = event.data
    parts = [data.get("comment", "")]
    if event.action == Action.REJECT:
        reason = handoff.reason
        day = data.get("recycle_on")
        parts = [
            reason.label if reason else "",
            data.get("comment", ""),
            next_step(
                data.get("next_step", ""), date.fromisoformat(day) if day else None, reason=data.get("reason", "")
            ),
        ]
    return Happening(
        at=event.at,
        title=what_happened(event),
        text=" · ".join(part for part in parts if part),
        icon=ICONS.get(Action(event.action), "circle-dot"),
        side="marketing" if event.action in (Action.SUBMIT, Action.WITHDRAW) else "sales",
    )


def _breach(clock: Clock) -> Happening:
    assert clock.breached_at is not None
    return Happening(
        at=clock.breached_at,
        title=_("Deadline passed: %(duty)s") % {"duty": duty_words(clock)},
        icon="clock-exclamation",
        side=clock.side,
    )


def _shown(value: Any) -> str:
    return formats.number(value) if isinstance(value, int) else str(value)
