"""One story from everything that happened to a lead: touches, changes, activities, deals. Newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alignment.accounts.models import Organisation
from alignment.accounts.roles import Side
from alignment.kernel import formats
from leads.models import Activity, ActivityReversal, Deal, DealEvent, FormSubmission, Lead, LeadEvent, Touch, TouchKind
from leads.rules.activities import ActivityKind
from leads.rules.custom import PREFIX
from leads.rules.fields import Fields
from leads.rules.sentences import say_fact
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors import capture_forms, deals
from leads.selectors.custom_fields import known
from leads.selectors.leads import family
from leads.selectors.side_by_side import evidence_words

MOST = 200
KINDS = {
    "": gettext_lazy("Everything"),
    "touches": gettext_lazy("Touches"),
    "activities": gettext_lazy("Activities"),
    "deals": gettext_lazy("Deals"),
    "changes": gettext_lazy("Changes"),
}
_FROM_TO = gettext_lazy("%(field)s: %(old)s → %(new)s")
_OTHER_RECORDS = {
    "account": gettext_lazy("company"),
    "owner": gettext_lazy("owner"),
    "lead": gettext_lazy("lead"),
    "first_contacted_at": gettext_lazy("first contact"),
}
_MOMENTS = frozenset({"captured_at", "qualified_at", "first_contacted_at", "opened_at", "won_at", "lost_at"})
_ACTIVITY_ICONS = {
    ActivityKind.CALL: "phone",
    ActivityKind.MAIL: "mail",
    ActivityKind.MEETING: "users",
    ActivityKind.DEMO: "presentation",
    ActivityKind.NOTE: "notes",
}


@dataclass(frozen=True)
class Item:
    """One thing that happened."""

    at: datetime
    title: str
    kind: str
    text: str = ""
    icon: str = "circle-dot"
    side: str = ""
    actor: str = ""
    url: str = ""


def timeline(lead: Lead, *, kind: str = "") -> list[Item]:
    """What happened to a lead and to those that became part of it, newest first.

    ``kind`` is a key of ``KINDS``. Six queries at most, 200 of each.
    """
    sources = {"touches": _touches, "activities": _activities, "deals": _deals, "changes": _changes}
    wanted = [sources[kind]] if kind in sources else list(sources.values())
    records = family(lead.pk)
    items = [item for source in wanted for item in source(records)]
    return sorted(items, key=lambda item: item.at, reverse=True)


def _touches(records: list[int]) -> Iterator[Item]:
    found: list[Touch] = list(
        Touch.objects.filter(lead__in=records)
        .select_related("campaign", "kind", "form_submission__consent_text")
        .order_by("-at", "-pk")[:MOST]
    )
    for touch in found:
        campaign = touch.campaign.name if touch.campaign else ""
        text = " · ".join(dict.fromkeys(filter(None, (touch.detail, campaign))))
        sent: FormSubmission | None = getattr(touch, "form_submission", None)
        lines = [text, *([capture_forms.consent_words(sent), capture_forms.utm_words(sent)] if sent else [])]
        yield Item(
            at=touch.at,
            title=capfirst(touch.kind.label),
            kind="touches",
            text="\n".join(filter(None, lines)),
            icon="speakerphone",
            side=Side.MARKETING,
            url=reverse("leads:form-submission", args=[sent.pk]) if sent else "",
        )


def _activities(records: list[int]) -> Iterator[Item]:
    found: list[Activity] = list(
        Activity.objects.filter(lead__in=records).select_related("actor").order_by("-at", "-pk")[:MOST]
    )
    for activity in found:
        words = {"kind": capfirst(activity.get_kind_display()), "outcome": activity.get_outcome_display()}
        is_note = activity.kind == ActivityKind.NOTE
        yield Item(
            at=activity.at,
            title=words["kind"] if is_note else _("%(kind)s: %(outcome)s") % words,
            kind="activities",
            text=activity.note,
            icon=_ACTIVITY_ICONS.get(ActivityKind(activity.kind), "circle-dot"),
            side=Side.SALES,
            actor=activity.actor.full_name,
        )


def _deals(records: list[int]) -> Iterator[Item]:
    events = (
        DealEvent.objects.filter(deal__lead__in=records, deal__taken_back_by=None)
        .select_related("deal", "actor")
        .order_by("-at", "-pk")[:MOST]
    )
    currency = Organisation.get().currency
    for event in events:
        yield Item(
            at=event.at,
            title=deal_event_title(event),
            kind="deals",
            text=deal_event_text(event, currency=currency),
            icon="briefcase",
            side=Side.SALES,
            actor=event.actor.full_name,
            url=reverse("leads:deal-detail", args=[event.deal_id]),
        )


def _changes(records: list[int]) -> Iterator[Item]:
    events = list(LeadEvent.objects.filter(lead__in=records).select_related("actor").order_by("-at", "-pk")[:MOST])
    fields = known()
    reversed_ids = _reversed(events)
    kinds = TouchKind.objects.in_bulk({event.data["removed"]["kind"] for event in events if "removed" in event.data})
    for event in events:
        if "touch" in event.data or event.data.get("into") == records[0]:  # is in the story by itself
            continue
        if event.kind != LeadEventKind.TAKEN_BACK and event.data.get("activity") in reversed_ids:
            continue
        yield Item(
            at=event.at,
            title=_change_title(event, kinds),
            kind="changes",
            text=_change_text(event, fields),
            icon="history",
            side=event.actor.side if event.actor else "",
            actor=event.actor.full_name if event.actor else "",
        )


def _move_words(event: LeadEvent) -> str:
    old, new = Stage(event.old_stage).label, Stage(event.new_stage).label
    return _("%(old)s → %(new)s") % {"old": capfirst(str(old)), "new": new}


def _reversed(events: list[LeadEvent]) -> set[int]:
    """Of the activities that events name, those that count no more (one query, none where no event names one)."""
    named = {event.data["activity"] for event in events if "activity" in event.data}
    found = ActivityReversal.objects.filter(activity__in=named) if named else ActivityReversal.objects.none()
    return set(found.values_list("activity", flat=True))


def _change_title(event: LeadEvent, kinds: dict[str, TouchKind]) -> str:
    match event.kind:
        case LeadEventKind.TAKEN_BACK:
            return _taken_back_title(event.data, kinds)
        case LeadEventKind.STAGE if event.old_stage:
            return _move_words(event)
        case LeadEventKind.QUALIFIED:
            return _("Qualified by the definition")
        case LeadEventKind.CONTACTED:
            return _("First contact with the person")
        case LeadEventKind.MERGED | LeadEventKind.UNMERGED:
            return _merge_title(event)
    return capfirst(event.get_kind_display())


def _taken_back_title(data: dict[str, Any], kinds: dict[str, TouchKind]) -> str:
    if "removed" in data:
        return _("Touch taken back: %(name)s") % {"name": kinds[data["removed"]["kind"]].label}
    if "activity" in data:
        return _("Activity taken back: %(name)s") % {"name": ActivityKind(data["kind"]).label}
    if "deal" in data:
        return _("Deal taken back: %(name)s") % {"name": data["name"] or f"#{data['deal']}"}
    return _("Taken back with an import")


def _merge_title(event: LeadEvent) -> str:
    data = event.data
    if "into" in data:
        return _("Became part of #%(number)d") % {"number": data["into"]}
    title = (
        _("Merged with #%(number)d") if event.kind == LeadEventKind.MERGED else _("Separated again from #%(number)d")
    )
    return title % {"number": data["other"]}


def changes_words(changes: dict[str, list[Any]], fields: Fields) -> list[str]:
    """What an event tells of the facts of a lead that changed, each in words."""
    lines = []
    for name, (old, new) in changes.items():
        if name.startswith(PREFIX) and (field := fields.get(name)):
            words = {"field": field.label, "old": say_fact(field, old), "new": say_fact(field, new)}
        else:
            words = {"field": fact_label(Lead, name), "old": _shown(name, old), "new": _shown(name, new)}
        lines.append(_FROM_TO % words)
    return lines


def _change_text(event: LeadEvent, fields: Fields) -> str:
    data = event.data
    lines = changes_words(data.get("changes", {}), fields)
    if event.kind == LeadEventKind.TAKEN_BACK and event.new_stage:
        lines.insert(0, _move_words(event))
    if removed := data.get("removed"):
        lines += filter(None, (formats.datetime(datetime.fromisoformat(removed["at"])), removed["detail"]))
    if "recognised" in data:
        source = {"from": data.get("import") or data.get("system", ""), "why": evidence_words(data["recognised"])}
        lines.insert(0, _("Recognised in %(from)s: %(why)s") % source)
    return "\n".join(lines)


def deal_event_title(event: DealEvent) -> str:
    """An event of a deal in words."""
    words = {"deal": event.deal.name or f"#{event.deal_id}"}
    return {
        DealEvent.Kind.OPENED: _("Deal opened: %(deal)s") % words,
        DealEvent.Kind.CHANGED: _("Deal changed: %(deal)s") % words,
        DealEvent.Kind.WON: _("Deal won: %(deal)s") % words,
        DealEvent.Kind.LOST: _("Deal lost: %(deal)s") % words,
        DealEvent.Kind.TAKEN_BACK: _("What an import changed was taken back: %(deal)s") % words,
    }[DealEvent.Kind(event.kind)]


def deal_event_text(event: DealEvent, *, currency: str) -> str:
    """What an event of a deal says beside its title."""
    data = event.data
    amount = deals.amount_words(data.get("amount"), currency=currency)
    match event.kind:
        case DealEvent.Kind.CHANGED:
            return "\n".join(
                _FROM_TO
                % {
                    "field": fact_label(Deal, name),
                    "old": _shown(name, old, currency),
                    "new": _shown(name, new, currency),
                }
                for name, (old, new) in data.get("changes", {}).items()
            )
        case DealEvent.Kind.WON:
            reason = dict(Deal.WinReason.choices).get(data.get("reason"), "")
            return " · ".join(filter(None, (amount, str(reason))))
        case DealEvent.Kind.LOST:
            reason = dict(Deal.LossReason.choices).get(data.get("reason"), "")
            return " · ".join(filter(None, (str(reason), data.get("comment", ""))))
    return amount


def fact_label(model: type[Model], name: str) -> str:
    """How people call a fact that an event names: a field, or ``custom.`` and what another tool called it."""
    if name in _OTHER_RECORDS:
        return capfirst(str(_OTHER_RECORDS[name]))
    try:
        return capfirst(str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name.removeprefix("custom.")


def _shown(name: str, value: Any, currency: str = "") -> str:
    if not value:
        return _("not known")
    if name in _MOMENTS:
        return formats.datetime(datetime.fromisoformat(value))
    if name == "expected_on":
        return formats.date(date.fromisoformat(value))
    return formats.money_exact(value, currency=currency) if name == "amount" else str(value)
