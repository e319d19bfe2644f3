"""Who of sales may work on a lead or a deal. Pure.

Its owner, a member of the owner's team, and the manager of sales; anybody of sales while no active person owns it.
The permission to do such work at all is asked for beside this.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Worker:
    """What the rule needs to know of a person."""

    id: int
    team_id: int | None
    is_manager: bool = False
    is_active: bool = True


def may_work_on(*, owner: Worker | None, actor: Worker) -> bool:
    """True where ``actor`` may record work on what ``owner`` owns."""
    if owner is None or not owner.is_active or actor.is_manager or owner.id == actor.id:
        return True
    return owner.team_id is not None and owner.team_id == actor.team_id
