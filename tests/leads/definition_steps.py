"""Steps that the tests of definitions share: each goes through the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alignment.accounts.models import User
from leads.models import DefinitionVersion
from leads.services import definitions
from leads.services.definitions import CriterionData
from tests import factories

MANUFACTURERS = {"field": "industry", "op": "is", "value": "Manufacturing"}
FREE_MAIL = {"field": "is_free_mail", "op": "is_true"}
TWO_DOWNLOADS = {"touches": {"kind": "download", "at_least": 2, "within_days": 30}}
CRITERIA = (
    CriterionData(condition=MANUFACTURERS, points=10, why="Our product is made for them"),
    CriterionData(condition=TWO_DOWNLOADS, points=10, why="Somebody reads twice who has a need"),
    CriterionData(condition=FREE_MAIL, kind="disqualifier", why="Sales cannot find the company"),
)


def draft(actor: User, now: datetime, **changes: Any) -> DefinitionVersion:
    """A draft with three good criteria."""
    version = definitions.start_draft(definition_id=factories.definition().pk, actor=actor, now=now)
    return save(version, actor, now, **changes)


def save(version: DefinitionVersion, actor: User, now: datetime, **changes: Any) -> DefinitionVersion:
    factories.touch_kind(TWO_DOWNLOADS["touches"]["kind"])
    content = {"threshold": 10, "criteria": CRITERIA, "reason": "", "takes_effect_at": None} | changes
    return definitions.save_draft(version_id=version.pk, actor=actor, now=now, **content)


def proposed(actor: User, now: datetime, **changes: Any) -> DefinitionVersion:
    version = draft(actor, now, **changes)
    return definitions.propose(version_id=version.pk, reason="Sales asked for it", actor=actor, now=now)


def signed_by(version: DefinitionVersion, *managers: User, now: datetime) -> DefinitionVersion:
    for manager in managers:
        version = definitions.sign(version_id=version.pk, actor=manager, now=now)
    return version


def in_force(actor: User, *managers: User, now: datetime, **changes: Any) -> DefinitionVersion:
    return signed_by(proposed(actor, now, **changes), *managers, now=now)
