"""May this person work on that lead or deal? The rule of ``leads.rules.work`` with people put in."""

from __future__ import annotations

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from leads.rules import work
from leads.rules.work import Worker


def may_work_on(*, owner: User | None, actor: User, permission: Permission) -> bool:
    """True where ``actor`` holds ``permission`` and ``owner``'s work is also theirs."""
    if not actor.may(permission):
        return False
    return work.may_work_on(owner=None if owner is None else _worker(owner), actor=_worker(actor))


def _worker(user: User) -> Worker:
    return Worker(id=user.pk, team_id=user.team_id, is_manager=user.is_manager, is_active=user.is_active)
