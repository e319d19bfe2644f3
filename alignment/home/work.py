"""What needs this person now: each with a verb, a deadline where there is one, and the page where it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Side
from alignment.health import checks
from alignment.kernel import formats
from alignment.outbox.models import Notice, NoticeState
from handoff.models import Clock, Handoff
from handoff.rules.clocks import Duty
from handoff.rules.workflow import Status
from handoff.selectors.handoffs import waiting_for
from handoff.selectors.leads import ready_to_hand_over
from handoff.selectors.time_left import first_calls, time_left
from leads.models import ImportJob, Lead, VersionEvent
from leads.rules.stages import Stage
from leads.rules.versions import VersionStatus
from leads.selectors import company_duplicates, definitions, duplicates
from reviews.models import Review
from reviews.selectors.reviews import open_actions_of, waiting_text

MOST = 7
RECENT = timedelta(days=7)
SHOWN = 3
"""Of one kind, so that others find room."""


@dataclass(frozen=True)
class Work:
    """One thing to do. ``state``: ok, soon or overdue, as deadlines are shown; ``side``: whose turn it is."""

    text: str
    url: str
    icon: str
    detail: str = ""
    when: str = ""
    state: str = ""
    side: str = ""


Source = Callable[[User, datetime], Iterator[Work]]


def needs_me_now(user: User, *, now: datetime) -> list[Work]:
    """At most seven things, the most pressing kinds first."""
    found = (work for source in _SOURCES for work in source(user, now))
    return list(islice(found, MOST))


def _signatures(user: User, now: datetime) -> Iterator[Work]:
    version = definitions.open_version()
    if version is None or "sign" not in definitions.allowed_actions(version, user):
        return
    yield Work(
        text=_("Sign version %(number)d of the lead definition, or send it back") % {"number": version.number},
        url=reverse("leads:definition-version", args=[version.number]),
        icon="signature",
        detail=version.reason,
        side=user.side,
    )


def _sent_back(user: User, now: datetime) -> Iterator[Work]:
    """A draft that was sent back waits for whoever may change it, but not for the one who sent it back."""
    version = definitions.open_version()
    if version is None or version.status != VersionStatus.DRAFT or not user.may(Permission.EDIT_DEFINITION):
        return
    event = version.events.select_related("actor").order_by("-pk").first()
    if event is None or event.kind != VersionEvent.Kind.SENT_BACK or event.actor_id == user.pk:
        return
    text = _("Change version %(number)d of the lead definition and propose it again") % {"number": version.number}
    detail = _("%(name)s sent it back: “%(comment)s”") % {"name": event.actor, "comment": event.comment}
    yield Work(
        text=text,
        url=reverse("leads:definition-edit", args=[version.number]),
        icon="signature",
        detail=detail,
        side=user.side,
    )


def _offers(user: User, now: datetime) -> Iterator[Work]:
    offers = list(waiting_for(user).with_people()[:4])
    left = time_left(offers, now=now)
    for offer in offers:
        time = left.get(offer.pk)
        yield Work(
            text=_("Decide on %(name)s") % {"name": offer.lead.display_name},
            url=reverse("handoff:inbox") + f"#handoff-{offer.pk}",
            icon="inbox",
            detail=offer.lead.company_name,
            when=time.words if time else "",
            state=time.state if time else "",
            side=Side.SALES,
        )


def _first_calls(user: User, now: datetime) -> Iterator[Work]:
    owed = Clock.objects.owed(Duty.FIRST_ATTEMPT).filter(owner=user).select_related("handoff__lead")
    leads = [clock.handoff.lead for clock in owed.order_by("due_at", "pk")[:3]]
    left = first_calls([lead.pk for lead in leads], now=now)
    for lead in leads:
        yield Work(
            text=_("Contact %(name)s for the first time") % {"name": lead.display_name},
            url=reverse("leads:detail", args=[lead.pk]),
            icon="phone",
            detail=lead.company_name,
            when=left[lead.pk].words,
            state=left[lead.pk].state,
            side=Side.SALES,
        )


def _next_steps(user: User, now: datetime) -> Iterator[Work]:
    """Today's first, then what was due last; how many there are in all, where that is more."""
    today = _today(user, now)
    due = Lead.objects.filter(owner=user, next_step_on__lte=today).in_stage(Stage.WITH_SALES)
    if (count := due.count()) > SHOWN:
        text = ngettext("Plan %(count)d next step that is due", "Plan %(count)d next steps that are due", count)
        url = reverse("leads:list") + f"?owner=me&stage={Stage.WITH_SALES.value}&sort=next_step_on"
        yield Work(text=text % {"count": count}, url=url, icon="calendar", state="overdue", side=Side.SALES)
    for lead in due.order_by("-next_step_on", "pk")[:SHOWN]:
        yield Work(
            text=_("Take the next step with %(name)s") % {"name": lead.display_name},
            url=reverse("leads:detail", args=[lead.pk]),
            icon="phone",
            detail=lead.company_name,
            when=_day(lead.next_step_on, today),
            state="overdue" if lead.next_step_on and lead.next_step_on < today else "soon",
            side=Side.SALES,
        )


def _to_hand_over(user: User, now: datetime) -> Iterator[Work]:
    count = ready_to_hand_over().count() if user.may(Permission.SUBMIT_LEAD) else 0
    if count:
        text = ngettext("Hand over %(count)d qualified lead", "Hand over %(count)d qualified leads", count)
        url = reverse("handoff:waiting")
        yield Work(text=text % {"count": count}, url=url, icon="arrows-exchange", side=Side.MARKETING)


def _checked_files(user: User, now: datetime) -> Iterator[Work]:
    """Files that this person had checked, and that nobody has taken."""
    checked = ImportJob.objects.filter(actor=user, state=ImportJob.State.CHECKED).order_by("-at", "-pk")
    for job in checked[:SHOWN] if user.may(Permission.IMPORT_RECORDS) else ():
        yield Work(
            text=_("Take the rows of %(file)s, or drop them") % {"file": job.file_name},
            url=reverse("leads:import-detail", args=[job.pk]),
            icon="upload",
            detail=job.source_system,
            side=Side.MARKETING,
        )


def _possible_duplicates(user: User, now: datetime) -> Iterator[Work]:
    if not user.may(Permission.MERGE_LEADS):
        return
    if count := duplicates.open_pairs().count():
        text = ngettext(
            "Look at %(count)d pair of leads that may be one person",
            "Look at %(count)d pairs of leads that may be one person",
            count,
        )
        yield Work(text=text % {"count": count}, url=reverse("leads:duplicate-list"), icon="git-compare")
    if count := company_duplicates.open_pairs().count():
        text = ngettext(
            "Look at %(count)d pair of companies that may be one",
            "Look at %(count)d pairs of companies that may be one",
            count,
        )
        yield Work(text=text % {"count": count}, url=reverse("leads:company-duplicate-list"), icon="git-compare")


def _given_back(user: User, now: datetime) -> Iterator[Work]:
    given_back = Handoff.objects.filter(submitted_by=user, status=Status.REJECTED, decided_at__gt=now - RECENT)
    count = given_back.count() if user.may(Permission.SUBMIT_LEAD) else 0
    if count:
        text = ngettext(
            "Read why sales gave back %(count)d of your leads",
            "Read why sales gave back %(count)d of your leads",
            count,
        )
        url = reverse("handoff:list") + f"?status={Status.REJECTED.value}"
        yield Work(text=text % {"count": count}, url=url, icon="message-circle", when=_("last 7 days"))


def _breaches(user: User, now: datetime) -> Iterator[Work]:
    if not user.is_manager:
        return
    open_late = Clock.objects.filter(side=user.side, breached_at__isnull=False, met_at=None, stopped_at=None).count()
    if open_late:
        text = ngettext(
            "%(count)d deadline of your side has passed and still waits",
            "%(count)d deadlines of your side have passed and still wait",
            open_late,
        )
        url = reverse("handoff:list") + "?late=open"
        yield Work(
            text % {"count": open_late}, url, "clock-exclamation", when=_("overdue"), state="overdue", side=user.side
        )


def _actions(user: User, now: datetime) -> Iterator[Work]:
    today = _today(user, now)
    for action in open_actions_of(user)[:3]:
        yield Work(
            text=action.title,
            url=reverse("reviews:detail", args=[action.review_id]),
            icon="checklist",
            detail=_("Action from a joint review"),
            when=_day(action.due_on, today),
            state="overdue" if action.due_on < today else "ok",
        )


def _open_reviews(user: User, now: datetime) -> Iterator[Work]:
    review = Review.objects.filter(status=Review.Status.OPEN).order_by("-starts_on").first()
    if review is not None and user.may(Permission.RUN_REVIEW):
        month = formats.period(review.starts_on, review.ends_on)
        text = _("Hold the joint review of %(month)s") % {"month": month}
        yield Work(
            text=text,
            url=reverse("reviews:detail", args=[review.pk]),
            icon="report-analytics",
            detail=waiting_text(review),
        )


def _operations(user: User, now: datetime) -> Iterator[Work]:
    if not user.may(Permission.SEE_OPERATIONS):
        return
    dead = Notice.objects.filter(state=NoticeState.DEAD).count()
    if dead:
        text = ngettext("%(count)d mail could not be sent", "%(count)d mails could not be sent", dead)
        yield Work(text=text % {"count": dead}, url=reverse("health:operations"), icon="mail", state="overdue")
    if None in checks.silences(now=now).values():
        yield Work(
            text=_("Start the worker and the scheduler"), url=reverse("health:operations"), icon="plug-connected-x"
        )


_SOURCES: tuple[Source, ...] = (
    _operations,
    _signatures,
    _sent_back,
    _offers,
    _breaches,
    _first_calls,
    _next_steps,
    _to_hand_over,
    _checked_files,
    _given_back,
    _actions,
    _open_reviews,
    _possible_duplicates,
)


def _today(user: User, now: datetime) -> date:
    return now.astimezone(ZoneInfo(user.time_zone)).date()


def _day(day: date | None, today: date) -> str:
    if day is None:
        return ""
    if day == today:
        return _("today")
    return _("due %(date)s") % {"date": formats.date(day)}
