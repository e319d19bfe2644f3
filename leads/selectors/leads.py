"""Leads as lists and as one page: facts, path, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alignment.accounts.models import Organisation
from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from leads.models import Lead
from leads.querysets import LeadQuerySet
from leads.rules import path
from leads.rules.path import Reached, StepKey, StepState
from leads.rules.sentences import say_fact
from leads.rules.stages import LeadEventKind, Stage
from leads.selectors import verdicts
from leads.selectors.custom_fields import known

TURNS = ("marketing", "sales", "nobody")
_LABELS = {
    StepKey.CAPTURED: gettext_lazy("Captured"),
    StepKey.RULED_OUT: gettext_lazy("Ruled out"),
    StepKey.QUALIFIED: gettext_lazy("Qualified"),
    StepKey.NURTURE: gettext_lazy("In nurture"),
    StepKey.OFFERED: gettext_lazy("Offered to sales"),
    StepKey.ACCEPTED: gettext_lazy("Accepted"),
    StepKey.CONTACTED: gettext_lazy("Contacted"),
    StepKey.DEAL: gettext_lazy("Deal"),
}


@dataclass(frozen=True)
class Fact:
    """One fact for the list of facts."""

    name: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True)
class PathItem:
    """One step of the path as it is shown."""

    label: str
    state: str
    side: str
    note: str


@dataclass(frozen=True)
class AnswerItem:
    """One criterion's answer as the component shows it."""

    met: bool
    text: str
    detail: str
    points: str


@dataclass(frozen=True)
class VerdictPart:
    """A verdict as the page shows it; ``missing``: what would still help, most points first."""

    title: str
    version_number: int
    judged_at: datetime
    criteria: list[AnswerItem]
    disqualifiers: list[AnswerItem]
    missing_points: str
    missing: list[AnswerItem]
    is_qualified: bool


def listed() -> LeadQuerySet:
    """Leads with everything that a row shows, in one query."""
    return Lead.objects.select_related("account", "campaign", "owner", "verdict")


def lead_page(pk: int) -> Lead:
    """One lead with what its page shows, also one that no longer stands; raises ``NotFound``."""
    found = Lead.everything.select_related(
        "account", "campaign", "owner", "created_by", "verdict__version", "merged_into", "taken_back_by"
    )
    lead = found.filter(pk=pk).first()
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead


def family(pk: int) -> list[int]:
    """A lead and those that became part of it: what was written of any of them is one story."""
    return [pk, *Lead.everything.filter(merged_into=pk).order_by("pk").values_list("pk", flat=True)]


def counts_by_turn(leads: LeadQuerySet) -> dict[str, int]:
    """How many of these leads each side has to move, and all of them (one query)."""
    rows = leads.order_by().values_list("stage", "verdict__is_disqualified").annotate(n=Count("pk"))
    found = dict.fromkeys(TURNS, 0)
    for stage, is_disqualified, count in rows:
        found[path.turn(Stage(stage), is_disqualified=bool(is_disqualified)) or "nobody"] += count
    return found | {"": sum(found.values())}


def sources() -> list[str]:
    """The sources that leads came from."""
    return list(Lead.objects.exclude(source="").order_by("source").values_list("source", flat=True).distinct())


def turn_of(lead: Lead) -> str:
    """Whose turn it is: a side, or "" for nobody's."""
    return "" if lead.rest else path.TURNS[Stage(lead.stage)] or ""


def rest_of(lead: Lead, *, today: date) -> str:
    """Why it is nobody's turn just now, in words: ruled out, or in nurture until a date; "" for every other lead."""
    match lead.rest:
        case StepKey.RULED_OUT:
            return _("ruled out")
        case StepKey.NURTURE if lead.recycle_on:
            return _("in nurture until %(date)s") % {"date": formats.short_date(lead.recycle_on, today=today)}
    return ""


def path_of(lead: Lead, *, today: date) -> list[PathItem]:
    """The path of a lead with the place reached on it (two queries)."""
    kinds = (LeadEventKind.STAGE, LeadEventKind.QUALIFIED, LeadEventKind.TAKEN_BACK)
    moves = lead.events.filter(kind__in=kinds).order_by("at", "pk")
    first_deal = lead.deals.order_by("opened_at", "pk").values_list("opened_at", "created_at").first()
    reached = Reached(
        captured=lead.captured_at,
        qualified=lead.qualified_at,
        contacted=lead.first_contacted_at,
        deal=(first_deal[0] or first_deal[1]) if first_deal else None,
    )
    reached = path.after_moves(reached, moves.values_list("new_stage", "at"))
    is_open = path.TURNS[Stage(lead.stage)] is not None
    rest_words = rest_of(lead, today=today)
    return [
        PathItem(
            label=rest_words[:1].upper() + rest_words[1:]
            if step.key is lead.rest and rest_words
            else str(_LABELS[step.key]),
            state=step.state.value,
            side=step.side.value if step.side and step.state is StepState.CURRENT else "",
            note=formats.date(step.at) if step.at else "",
        )
        for step in path.steps(reached, is_open=is_open, rest=lead.rest)
    ]


def facts_of(lead: Lead) -> list[Fact]:
    """What is known of a lead; blanks are left out."""
    account = lead.account
    known = [
        _fact("full_name_kana", lead.full_name_kana),
        Fact(
            _("Company"), lead.company_name, url=reverse("leads:account-detail", args=[account.pk]) if account else ""
        ),
        Fact(_("Department and title"), " ".join(filter(None, (lead.department, lead.job_title)))),
        _fact("email", lead.email, note=_("free e-mail address") if lead.is_free_mail else ""),
        _fact("phone", phone_words(lead.phone)),
        Fact(_("Industry"), account.industry if account else ""),
        Fact(_("Employees"), formats.number(account.employee_count) if account and account.employee_count else ""),
        Fact(_("Prefecture"), account.prefecture if account else ""),
        _fact("source", lead.source, note=lead.landing_page),
        _campaign_fact(lead),
        Fact(_("Captured"), formats.datetime(lead.captured_at), note=lead.created_by.full_name),
        Fact(_("Owner in sales"), lead.owner.full_name if lead.owner else ""),
        _date_fact(_("Next step"), lead.next_step_on),
        _date_fact(_("Back to marketing on"), lead.recycle_on if lead.stage == Stage.NURTURE else None),
    ]
    return [fact for fact in known if fact.value] + _custom_facts(lead)


def verdict_of(lead: Lead) -> VerdictPart | None:
    """The last verdict with every answer, and what is missing."""
    if lead.verdict is None:
        return None
    view = verdicts.explain(lead.verdict)
    return VerdictPart(
        title=_verdict_title(view),
        version_number=view.version_number,
        judged_at=lead.verdict.judged_at,
        criteria=[_answer(line) for line in view.lines if not line.is_disqualifier],
        disqualifiers=[_disqualifier(line) for line in view.lines if line.is_disqualifier],
        missing_points=_missing_points(view),
        missing=[] if view.is_qualified or view.is_disqualified else [_answer(line) for line in view.missing],
        is_qualified=view.is_qualified,
    )


def phone_words(number: str) -> str:
    """A stored number as people dial it in the organisation's country."""
    return formats.phone(number, country=Organisation.get().holiday_country) if number else ""


def _fact(column: str, value: str, note: str = "") -> Fact:
    label = str(Lead._meta.get_field(column).verbose_name)  # type: ignore[union-attr]
    return Fact(label[:1].upper() + label[1:], value, note=note)


def _date_fact(name: str, value: date | None) -> Fact:
    return Fact(name, formats.date(value) if value else "")


def _campaign_fact(lead: Lead) -> Fact:
    if lead.campaign is None:
        return Fact(_("Campaign"), "")
    promise = _("Promise: %(promise)s") % {"promise": lead.campaign.promise} if lead.campaign.promise else ""
    return Fact(_("Campaign"), lead.campaign.name, note=promise)


def _custom_facts(lead: Lead) -> list[Fact]:
    """The fields that admins made, in their order, then what an import brought and no field of ours holds."""
    custom: dict[str, Any] = {name: value for name, value in lead.custom.items() if value not in (None, "")}
    own = known().custom.values() if custom else ()
    of_fields = [(field, custom.pop(field.custom)) for field in own if field.custom in custom]
    facts = [Fact(str(field.label), say_fact(field, value)) for field, value in of_fields]
    return facts + [Fact(str(name), str(value)) for name, value in custom.items()]


def _verdict_title(view: verdicts.VerdictView) -> str:
    words = {"points": formats.number(view.points), "threshold": formats.number(view.threshold)}
    if view.is_disqualified:
        return _("Ruled out")
    if view.is_qualified:
        return _("Qualified: %(points)s points, %(threshold)s needed") % words
    return _("Not qualified: %(points)s points, %(threshold)s needed") % words


def _missing_points(view: verdicts.VerdictView) -> str:
    lacking = view.threshold - view.points
    if view.is_disqualified or lacking <= 0:
        return ""
    return ngettext("%(n)s more point is needed.", "%(n)s more points are needed.", lacking) % {
        "n": formats.number(lacking)
    }


def _answer(line: verdicts.Line) -> AnswerItem:
    shown = line.points if line.met else line.worth
    signed = formats.number(shown) if shown < 0 else f"+{formats.number(shown)}"
    points = signed if line.met else _("0 (%(points)s)") % {"points": signed}
    return AnswerItem(met=line.met, text=line.sentence, detail=line.found, points=points)


def _disqualifier(line: verdicts.Line) -> AnswerItem:
    """Not met is the good answer: the mark says whether the lead passes."""
    text = _("Ruled out by: %(sentence)s") if line.met else _("Not ruled out by: %(sentence)s")
    return AnswerItem(met=not line.met, text=text % {"sentence": line.sentence}, detail=line.found, points="")
