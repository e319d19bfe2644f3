"""What one person may do with one handoff."""

from __future__ import annotations

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from handoff.models import Handoff
from handoff.rules import workflow
from handoff.rules.workflow import Action, Standing, Status


def standing(handoff: Handoff, user: User) -> Standing:
    """What the transition table asks of this person towards this handoff; reads no other rows."""
    return Standing(
        permissions=frozenset(permission for permission in Permission if user.may(permission)),
        is_party=workflow.is_party(
            role=user.role,
            side=user.side,
            user_id=user.pk,
            user_team=user.team_id,
            offered_to=handoff.offered_to_id,
            offer_team=handoff.team_id,
        ),
    )


def allowed_actions(handoff: Handoff, user: User) -> list[Action]:
    """What this person may do with it now, in the order of the buttons."""
    return workflow.allowed_actions(status=Status(handoff.status), standing=standing(handoff, user))
