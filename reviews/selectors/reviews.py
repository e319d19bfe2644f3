"""Reviews as they are read: the list, one review, its actions and those still open from before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alignment.accounts.models import User
from alignment.kernel import formats
from alignment.kernel.errors import NotFound
from handoff.models import Handoff
from handoff.rules.clocks import Duty
from reviews.kpis.registry import KPIS
from reviews.models import Action, AgendaItem, Review


@dataclass(frozen=True)
class ActionLine:
    """An action as a review shows it; ``times``: in how many reviews it has stood, this one included."""

    action: Action
    times: int = 1

    @property
    def times_text(self) -> str:
        """How often it has come up, in words; nothing the first time."""
        return _("in %(n)s reviews so far") % {"n": self.times} if self.times > 1 else ""

    @property
    def kpi_label(self) -> str:
        """The figure that it should move."""
        kpi = KPIS.by_key.get(self.action.target_kpi)
        return str(kpi.label) if kpi else ""


SHOWN = 20
"""So many handoffs of an item stand on the page of its review; a page of their own shows all."""


@dataclass(frozen=True)
class AgendaEntry:
    """One item of the agenda with handoffs that it is about: the first ones, or those of one page."""

    item: AgendaItem
    handoffs: list[Handoff]

    @property
    def count(self) -> int:
        """How many handoffs it is about."""
        return len(self.item.data["handoffs"])

    @property
    def is_cut(self) -> bool:
        """Whether there are more than these."""
        return self.count > len(self.handoffs)

    @property
    def said(self) -> str:
        """Which duty was missed, or the reason as it was called then."""
        if self.item.kind == AgendaItem.Kind.BREACH:
            return str(Duty(self.item.data["duty"]).label)
        label: dict[str, str] = self.item.data["label"]
        return label.get((translation.get_language() or "en")[:2]) or label["en"]


def latest_first() -> QuerySet[Review]:
    """All reviews with the number of their open actions and agenda items."""
    return (
        Review.objects.select_related("series", "closed_by")
        .annotate(
            open_actions=Count("actions", filter=Q(actions__status=Action.Status.OPEN), distinct=True),
            agenda_count=Count("agenda", distinct=True),
        )
        .order_by("-starts_on", "-pk")
    )


def waiting_text(review: Review, exceptions: int | None = None) -> str:
    """What an open review still waits for: since when it has been there, and how much there is to talk about."""
    count = review.agenda.count() if exceptions is None else exceptions
    values = {"on": formats.date(review.built_at), "n": count}
    text = ngettext(
        "Built %(on)s, not closed yet: %(n)s exception to talk about",
        "Built %(on)s, not closed yet: %(n)s exceptions to talk about",
        count,
    )
    return text % values


def review_with_all(pk: int) -> Review:
    """One review with its snapshot, agenda and actions. Raise ``NotFound``."""
    actions = Action.objects.select_related("owner", "created_by").order_by("due_on", "pk")
    agenda = AgendaItem.objects.order_by("position")
    review = (
        Review.objects.select_related("series", "snapshot", "closed_by")
        .prefetch_related(Prefetch("actions", queryset=actions), Prefetch("agenda", queryset=agenda))
        .filter(pk=pk)
        .first()
    )
    if review is None:
        raise NotFound(_("There is no such review."))
    return review


def carried_over(review: Review) -> list[ActionLine]:
    """The actions of earlier reviews of the series that were not ended when this one was built, the oldest first."""
    months = list(
        Review.objects.filter(series=review.series_id, starts_on__lte=review.starts_on)
        .order_by("starts_on")
        .values_list("starts_on", flat=True)
    )
    actions = (
        Action.objects.filter(review__series=review.series_id, review__starts_on__lt=review.starts_on)
        .filter(Q(ended_at=None) | Q(ended_at__gt=review.built_at))
        .select_related("owner", "review")
        .order_by("due_on", "pk")
    )
    return [ActionLine(action, len(months) - months.index(action.review.starts_on)) for action in actions]


def decided_in(review: Review) -> list[ActionLine]:
    """The actions of this review, the most urgent first."""
    return [ActionLine(action) for action in review.actions.all()]


def open_actions_of(user: User) -> QuerySet[Action]:
    """What this person has taken on and not ended, the most urgent first."""
    return user.actions.filter(status=Action.Status.OPEN).select_related("review__series").order_by("due_on", "pk")


def exceptions_of(review: Review) -> list[AgendaEntry]:
    """The agenda of a review with the first handoffs of each item (one query for all of them)."""
    items = list(review.agenda.all())
    found = _handoffs({pk for item in items for pk in item.data["handoffs"][:SHOWN]})
    return [AgendaEntry(item, _in_order(item.data["handoffs"][:SHOWN], found)) for item in items]


def exception_of(review: Review, position: int) -> AgendaItem:
    """One item of the agenda. Raise ``NotFound``."""
    item = next((item for item in review.agenda.all() if item.position == position), None)
    if item is None:
        raise NotFound(_("There is no such exception."))
    return item


def entry_of(item: AgendaItem, pks: Sequence[int]) -> AgendaEntry:
    """An item with these of its handoffs, in their order."""
    return AgendaEntry(item, _in_order(pks, _handoffs(pks)))


def possible_owners() -> QuerySet[Any]:
    """Who may take on an action."""
    return User.objects.active().order_by("full_name", "pk")


def _handoffs(pks: Iterable[int]) -> dict[int, Handoff]:
    return Handoff.objects.with_people().in_bulk(list(pks))


def _in_order(pks: Iterable[int], found: dict[int, Handoff]) -> list[Handoff]:
    return [found[pk] for pk in pks if pk in found]
