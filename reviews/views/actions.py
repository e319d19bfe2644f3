"""Actions of a review: add, done, drop. htmx swaps the list that was meant; without it the page comes again."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.accounts.views.requests import person
from alignment.exports.views.answers import answer
from alignment.kernel.errors import DomainError, NotAllowed, NotFound
from alignment.kernel.htmx import toast, wants_partial
from reviews.forms.actions import ActionForm
from reviews.models import Action
from reviews.selectors import exports
from reviews.selectors import reviews as selectors
from reviews.services import actions
from reviews.views.reviews import actions_of, organisation_today, page_of


@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on an action."""
    person(request).require(Permission.MANAGE_ACTIONS)
    form = ActionForm(request.POST, today=organisation_today())
    status = 422
    if form.is_valid():
        entered = dict(form.cleaned_data)
        owner = entered.pop("owner")
        try:
            actions.add_action(review_id=pk, owner_id=owner.pk, actor=person(request), now=timezone.now(), **entered)
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            form.refuse(error)
            status = 422 if error.http_status == 400 else error.http_status
        else:
            return _done(request, pk, "reviews/_actions.html", _("Action added."))
    review = selectors.review_with_all(pk)
    context = actions_of(request, review, form)
    if wants_partial(request):
        return render(request, "reviews/_actions.html", context, status=status)
    return render(request, "reviews/detail.html", page_of(request, review) | context, status=status)


@require_POST
def done(request: HttpRequest, pk: int, action_pk: int) -> HttpResponse:
    """Mark an action as done."""
    return _end(request, pk, action_pk, actions.finish_action, _("Marked as done."))


@require_POST
def drop(request: HttpRequest, pk: int, action_pk: int) -> HttpResponse:
    """Give an action up."""
    return _end(request, pk, action_pk, actions.drop_action, _("Dropped."))


@require_GET
def export(request: PersonRequest, pk: int, kind: str) -> HttpResponseBase:
    """The actions of a review and those carried over to it, as a file."""
    found = exports.actions_of(selectors.review_with_all(pk))
    return answer(request, kind, exports.ACTIONS, found=found, columns=exports.ACTION_COLUMNS)


def _end(request: HttpRequest, pk: int, action_pk: int, service: Callable[..., Action], said: str) -> HttpResponse:
    """Do it; somebody faster is no fault, the list then shows what they did."""
    review = selectors.review_with_all(pk)
    own = any(action.pk == action_pk for action in review.actions.all())
    if not own and all(line.action.pk != action_pk for line in selectors.carried_over(review)):
        raise NotFound(_("There is no such action."))
    try:
        service(action_id=action_pk, actor=person(request), now=timezone.now())
    except actions.ActionEnded as error:
        said = str(error.message)
    return _done(request, pk, "reviews/_actions.html" if own else "reviews/_carried.html", said)


def _done(request: HttpRequest, pk: int, template: str, said: str) -> HttpResponse:
    if wants_partial(request):
        context = actions_of(request, selectors.review_with_all(pk))
        return toast(render(request, template, context), said)
    messages.success(request, said)
    return redirect("reviews:detail", pk)
