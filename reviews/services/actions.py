"""Actions: decided in a review, carried by one owner, ended by being done or dropped."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import Organisation, User
from alignment.accounts.policies import Permission
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from reviews.kpis.registry import KPIS
from reviews.models import Action
from reviews.services.reviews import locked_open_review


class ActionEnded(DomainError):
    """The action was done or dropped before."""

    code = "action_ended"


@transaction.atomic
def add_action(
    *, review_id: int, title: str, owner_id: int, due_on: date, target_kpi: str = "", actor: User, now: datetime
) -> Action:
    """Decide on an improvement with one owner and a due date; ``target_kpi`` is the figure it should move."""
    actor.require(Permission.MANAGE_ACTIONS)
    review = locked_open_review(review_id)
    title = " ".join(title.split())
    owner = User.objects.active().filter(pk=owner_id).first()
    if not title:
        raise InvalidInput(_("Enter what is to be done."), field="title")
    if owner is None:
        raise InvalidInput(_("Choose the person who takes it on."), field="owner")
    if due_on < now.astimezone(Organisation.get().zone).date():
        raise InvalidInput(_("Choose today or a later day."), field="due_on")
    if target_kpi and target_kpi not in KPIS.by_key:
        raise InvalidInput(_("Choose a figure from the list."), field="target_kpi")
    return Action.objects.create(
        review=review,
        title=title,
        owner=owner,
        due_on=due_on,
        target_kpi=target_kpi,
        created_by=actor,
        created_at=now,
    )


@transaction.atomic
def finish_action(*, action_id: int, actor: User, now: datetime) -> Action:
    """Mark an action as done: by its owner or a manager, also after its review was closed."""
    action = _locked(action_id)
    if action.owner_id != actor.pk:
        actor.require(Permission.MANAGE_ACTIONS)
    return _end(action, Action.Status.DONE, now)


@transaction.atomic
def drop_action(*, action_id: int, actor: User, now: datetime) -> Action:
    """Give an action up; it stays visible where it was decided."""
    actor.require(Permission.MANAGE_ACTIONS)
    return _end(_locked(action_id), Action.Status.DROPPED, now)


def _locked(action_id: int) -> Action:
    action = Action.objects.select_for_update().filter(pk=action_id).first()
    if action is None:
        raise NotFound(_("There is no such action."))
    return action


def _end(action: Action, status: Action.Status, now: datetime) -> Action:
    if action.status != Action.Status.OPEN:
        raise ActionEnded(_("This action is already %(status)s.") % {"status": Action.Status(action.status).label})
    action.status = status
    action.ended_at = now
    action.save(update_fields=["status", "ended_at"])
    return action
