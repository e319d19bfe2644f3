"""The joint reviews: what was frozen, what it puts on the table, what was decided."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alignment.accounts.models import Organisation
from alignment.accounts.policies import Permission
from alignment.accounts.views.requests import person
from alignment.kernel.errors import DomainError, NotAllowed, NotFound
from alignment.kernel.htmx import toast, wants_partial
from handoff.rules.workflow import Status
from handoff.selectors.time_left import time_left
from reviews.forms.actions import ActionForm, MinutesForm
from reviews.kpis.scope import Basis
from reviews.models import Review
from reviews.reports.frozen import Frozen
from reviews.selectors import reviews as selectors
from reviews.services import reviews
from reviews.views.choices import Choice

PAGE = 24
HANDOFFS = 50


@require_GET
def latest(request: HttpRequest) -> HttpResponse:
    """All reviews, the latest first."""
    page = Paginator(selectors.latest_first(), PAGE).get_page(request.GET.get("page"))
    lines = [(one, selectors.waiting_text(one, one.agenda_count)) for one in page]  # type: ignore[attr-defined]
    return render(request, "reviews/list.html", {"page": page, "lines": lines})


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: open actions first, then the frozen figures, the agenda, decisions and minutes."""
    review = selectors.review_with_all(pk)
    return render(request, "reviews/detail.html", page_of(request, review))


@require_GET
def exception(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """All handoffs that one exception is about, as they were when the figures were frozen."""
    review = selectors.review_with_all(pk)
    item = selectors.exception_of(review, position)
    page = Paginator(item.data["handoffs"], HANDOFFS).get_page(request.GET.get("page"))
    entry = selectors.entry_of(item, list(page.object_list))
    waiting = [handoff for handoff in entry.handoffs if handoff.status == Status.OFFERED]
    left = time_left(waiting, now=timezone.now())
    rows = [(handoff, left.get(handoff.pk)) for handoff in entry.handoffs]
    context = {"review": review, "page": page, "entry": entry, "rows": rows}
    return render(request, "reviews/exception.html", context)


@require_POST
def minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the minutes; where somebody else was faster, show both texts."""
    person(request).require(Permission.RUN_REVIEW)
    form = MinutesForm(request.POST)
    refusal, status = "", 200
    if form.is_valid():
        try:
            reviews.save_minutes(
                review_id=pk,
                minutes=form.cleaned_data["minutes"],
                seen_version=form.cleaned_data["seen"],
                actor=person(request),
                now=timezone.now(),
            )
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            refusal, status = str(error.message), error.http_status
    else:
        status = 422
    review = selectors.review_with_all(pk)
    if status == 200:
        return _saved(request, review)
    form = _told_of_newer(form, review)
    context = minutes_of(request, review, form) | {"refusal": refusal, "has_errors": True}
    if wants_partial(request):
        return render(request, "reviews/_minutes.html", context, status=status)
    return render(request, "reviews/detail.html", page_of(request, review) | context, status=status)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """End a review."""
    try:
        reviews.close_review(review_id=pk, actor=person(request), now=timezone.now())
    except reviews.ReviewClosed as error:  # somebody was faster; it is what was wanted
        messages.info(request, str(error.message))
    else:
        messages.success(request, _("The review is closed. Figures, minutes and decisions stay as they are."))
    return redirect("reviews:detail", pk)


def page_of(request: HttpRequest, review: Review) -> dict[str, Any]:
    """Everything that the page of a review shows."""
    frozen = Frozen(review.snapshot.figures)
    basis = Basis.COHORT if request.GET.get("basis") == Basis.COHORT else Basis.PERIOD
    return (
        actions_of(request, review)
        | minutes_of(request, review)
        | {
            "frozen": frozen,
            "basis": basis,
            "bases": [Choice(str(one.label), f"?basis={one.value}#month-figures", one is basis) for one in Basis],
            "table": frozen.table(basis),
            "young": frozen.young(basis),
            "sides": [
                ("marketing", _("Marketing"), frozen.charts("marketing")),
                ("sales", _("Sales"), frozen.charts("sales")),
                ("", _("Together"), frozen.charts("")),
            ],
            "agenda": selectors.exceptions_of(review),
        }
    )


def organisation_today() -> date:
    """The day that it is where the organisation is."""
    return timezone.now().astimezone(Organisation.get().zone).date()


def minutes_of(request: HttpRequest, review: Review, form: MinutesForm | None = None) -> dict[str, Any]:
    """What the part with the minutes shows."""
    return {
        "review": review,
        "may_run": review.status == Review.Status.OPEN and person(request).may(Permission.RUN_REVIEW),
        "minutes_form": form or MinutesForm(initial={"minutes": review.minutes, "seen": review.minutes_version}),
    }


def actions_of(request: HttpRequest, review: Review, form: ActionForm | None = None) -> dict[str, Any]:
    """What the parts about actions show."""
    user = person(request)
    may_manage = user.may(Permission.MANAGE_ACTIONS)
    today = organisation_today()
    carried, actions = selectors.carried_over(review), selectors.decided_in(review)
    return {
        "review": review,
        "carried": carried,
        "actions": actions,
        "action_count": len(carried) + len(actions),
        "today": today,
        "may_manage": may_manage,
        "may_add": may_manage and review.status == Review.Status.OPEN,
        "action_form": form or ActionForm(today=today),
        "has_errors": bool(form and form.errors),
    }


def _told_of_newer(form: MinutesForm, review: Review) -> MinutesForm:
    """The person's own text, ready to be saved over the newer one once that has been read."""
    again = MinutesForm(data={"minutes": form.data.get("minutes", ""), "seen": str(review.minutes_version)})
    again.is_valid()
    return again


def _saved(request: HttpRequest, review: Review) -> HttpResponse:
    if not wants_partial(request):
        messages.success(request, _("Saved."))
        return redirect(f"{request.path.removesuffix('minutes/')}#minutes")
    return toast(render(request, "reviews/_minutes.html", minutes_of(request, review)), _("Saved."))
