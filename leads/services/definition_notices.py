"""The mails of the joint contract: written with the change, in each reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alignment.accounts.models import User
from alignment.accounts.roles import Role
from alignment.kernel import formats
from alignment.outbox import services as outbox
from leads.models import DefinitionVersion, VersionEvent
from leads.selectors import definitions as selectors

FOLDER = "leads/email/definition"


def proposed(version: DefinitionVersion, *, event: VersionEvent, now: datetime) -> None:
    """Ask the managers of both sides to read and sign; the one who proposed it knows."""
    _tell(_managers(), version, event, now, template=f"{FOLDER}_proposed")


def sent_back(version: DefinitionVersion, *, event: VersionEvent, now: datetime) -> None:
    """Tell the managers of both sides what should change."""
    _tell(_managers(), version, event, now, template=f"{FOLDER}_sent_back")


def in_force(version: DefinitionVersion, *, event: VersionEvent, now: datetime) -> None:
    """Tell everybody who works by the definition: both sides, all roles."""
    _tell(User.objects.active().exclude(role=Role.ADMIN), version, event, now, template=f"{FOLDER}_in_force")


def _managers() -> Iterable[User]:
    return User.objects.active().filter(role=Role.MANAGER)


def _tell(
    readers: Iterable[User], version: DefinitionVersion, event: VersionEvent, now: datetime, *, template: str
) -> None:
    outbox.write_all(
        to=[reader for reader in readers if reader.pk != event.actor_id],
        template=template,
        context=lambda: _context(version, event),
        key=f"definition:{event.pk}",
        now=now,
    )


def _context(version: DefinitionVersion, event: VersionEvent) -> dict[str, object]:
    starts_at = version.takes_effect_at
    return {
        "number": version.number,
        "name": selectors.name_of(version.definition),
        "who": event.actor.full_name if event.actor else "",
        "comment": event.comment,
        "reason": version.reason,
        "threshold": version.threshold,
        "takes_effect": formats.datetime(starts_at) if starts_at else "",
        "changes": [change.sentence for change in selectors.changes_of(version) if change.differs],
    }
