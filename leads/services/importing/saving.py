"""Mappings that are kept under a name for later files with the same columns."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.kernel import tables
from alignment.kernel.errors import InvalidInput, NotFound
from leads.models import ImportJob, SavedMapping
from leads.selectors.mappings import shape

LONGEST_NAME = 100


@transaction.atomic
def save(*, job: ImportJob, name: str, actor: User, now: datetime) -> SavedMapping:
    """Keep how a job is set up; one with this name for the same kind of file is replaced."""
    actor.require(Permission.IMPORT_RECORDS)
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or "\x00" in name:
        message = _("Give the mapping a name of at most %(max)d characters.")
        raise InvalidInput(message % {"max": LONGEST_NAME}, field="save_as")
    kept = {key: value for key, value in job.mapping.items() if key not in tables.Given.KEYS}
    facts = {"headers": job.headers, "shape": shape(job.headers), "mapping": kept}
    facts |= {"by": actor, "at": now, "used_at": now}
    saved, _is_new = SavedMapping.objects.update_or_create(kind=job.kind, name=name, defaults=facts)
    return saved


def note_use(*, mapping_id: int, now: datetime) -> None:
    """A file was set up like this one: it is proposed before others."""
    SavedMapping.objects.filter(pk=mapping_id).update(used_at=now)


@transaction.atomic
def delete(*, mapping_id: int, actor: User) -> str:
    """Drop one, also somebody else's; returns its name. Imports that were set up like it stay as they are."""
    actor.require(Permission.IMPORT_RECORDS)
    saved = SavedMapping.objects.filter(pk=mapping_id).first()
    if saved is None:
        raise NotFound(_("There is no such mapping."))
    saved.delete()
    return saved.name
