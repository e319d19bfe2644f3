"""What a page about absences shows of the handoff: templates are composition, imports are not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import template
from django.urls import reverse

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from handoff.selectors import absences

register = template.Library()


@dataclass(frozen=True)
class Waiting:
    """Offers that somebody would have to decide on while they are away. ``inbox_url``: for readers who have one."""

    count: int
    inbox_url: str


@register.simple_tag
def waiting_while_away(person: User, reader: User, now: datetime) -> Waiting | None:
    """None where nothing waits."""
    count = absences.waiting_while_away(person, now=now)
    inbox = reverse("handoff:inbox") if reader.may(Permission.DECIDE_HANDOFF) else ""
    return Waiting(count, inbox) if count else None
