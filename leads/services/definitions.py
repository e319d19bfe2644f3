"""The joint contract is drafted, proposed, signed by both sides, and takes effect: the only door to a version's status.

Every step locks the definition's row first and the version's second, so that two managers who sign at the same moment
put it in force once. The lock leaves foreign keys alone: leads are judged all the while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from alignment.accounts.models import User
from alignment.accounts.policies import Permission
from alignment.accounts.roles import Side
from alignment.kernel import formats, sweeps
from alignment.kernel.errors import DomainError, InvalidInput, NotFound
from alignment.kernel.moments import check_moment
from alignment.kernel.queue import nudge
from leads.models import Definition, DefinitionVersion, Signature, VersionEvent
from leads.rules import versions
from leads.rules.conditions import parse
from leads.rules.versions import VersionAction, VersionStatus
from leads.services import definition_content as content
from leads.services import definition_notices as notices
from leads.services import rejudging
from leads.services.custom_values import held
from leads.services.definition_content import CriterionData
from leads.services.texts import REMARK, check_text

__all__ = [
    "CriterionData",
    "activate_due_versions",
    "propose",
    "save_draft",
    "send_back",
    "sign",
    "start_draft",
    "withdraw",
]
Kind = VersionEvent.Kind


@transaction.atomic
def start_draft(*, definition_id: int, actor: User, now: datetime) -> DefinitionVersion:
    """A new draft, as a copy of the version in force (or empty). Refused while another version is on its way."""
    actor.require(Permission.EDIT_DEFINITION)
    definition = Definition.objects.select_for_update(no_key=True).filter(pk=definition_id).first()
    if definition is None:
        raise NotFound(_("There is no such definition."))
    open_version = definition.versions.filter(status__in=versions.OPEN_STATUSES).first()
    if open_version is not None:
        words = {"number": open_version.number, "status": open_version.get_status_display()}
        raise DomainError(_("Version %(number)d is still %(status)s.") % words, code="version_open")
    base = definition.versions.filter(status=VersionStatus.IN_FORCE).first()
    number = (definition.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    draft = DefinitionVersion.objects.create(
        definition=definition,
        number=number,
        threshold=base.threshold if base else 0,
        created_by=actor,
        created_at=now,
    )
    if base is not None:
        content.write(draft, [content.data_of(line) for line in base.criteria.order_by("position")])
    _record(draft, Kind.STARTED, old="", actor=actor, now=now, data={"from": base.number if base else None})
    return draft


@transaction.atomic
def save_draft(
    *,
    version_id: int,
    threshold: int,
    criteria: Sequence[CriterionData],
    reason: str,
    takes_effect_at: datetime | None,
    actor: User,
    now: datetime,
    seen: int | None = None,
) -> DefinitionVersion:
    """Replace the content of a draft. A proposed version becomes a draft again and its signatures are voided.

    ``seen`` is the id of the last event that the editor saw; a later one refuses the save. Raises ``InvalidInput`` with
    a path such as ``criteria[2].condition.all[0].value``. Saving what is there already changes nothing.
    """
    checked = content.checked(criteria, held())
    if not 0 <= threshold <= content.MAX_THRESHOLD:
        raise InvalidInput(_("The points needed are a whole number, 0 or more."), field="threshold")
    check_text(reason, longest=REMARK, field="reason")
    if takes_effect_at is not None:
        check_moment(takes_effect_at, field="takes_effect_at")
    version = _locked(version_id, seen)
    transition = versions.check(VersionAction.SAVE, status=_status(version), permissions=_permissions(actor))
    old = [content.data_of(line) for line in version.criteria.order_by("position")]
    before = (version.threshold, version.reason, version.takes_effect_at, old)
    if before == (threshold, reason.strip(), takes_effect_at, checked):
        return version
    status = version.status
    version.threshold, version.reason, version.takes_effect_at = threshold, reason.strip(), takes_effect_at
    version.status, version.proposed_at = transition.target, None
    version.save(update_fields=["threshold", "reason", "takes_effect_at", "status", "proposed_at"])
    content.write(version, checked)
    voided = _void_signatures(version, now)
    data = {"voided": voided, "threshold": threshold, "criteria": [vars(line) for line in checked]}
    _record(version, Kind.SAVED, old=status, actor=actor, now=now, data=data)
    return version


@transaction.atomic
def propose(*, version_id: int, reason: str, actor: User, now: datetime, seen: int | None = None) -> DefinitionVersion:
    """Put a draft before both sides, with the reason for the change; the managers who must sign get a notice."""
    version = _locked(version_id, seen)
    transition = versions.check(VersionAction.PROPOSE, status=_status(version), permissions=_permissions(actor))
    if not reason.strip():
        raise InvalidInput(_("Say in a sentence why this version is needed."), field="reason")
    check_text(reason, longest=REMARK, field="reason")
    lines = list(version.criteria.order_by("position"))
    vocabulary = held()
    retired = versions.retired([parse(line.condition, vocabulary) for line in lines])
    for gap in versions.gaps(threshold=version.threshold, criteria=lines) + retired:
        raise gap
    old = version.status
    version.status, version.reason, version.proposed_at = transition.target, reason.strip(), now
    version.save(update_fields=["status", "reason", "proposed_at"])
    event = _record(version, Kind.PROPOSED, old=old, actor=actor, now=now, comment=version.reason)
    notices.proposed(version, event=event, now=now)
    return version


@transaction.atomic
def send_back(*, version_id: int, comment: str, actor: User, now: datetime) -> DefinitionVersion:
    """Give a proposed version back as a draft, saying what should change; voids the signatures that are there."""
    version = _locked(version_id)
    transition = versions.check(VersionAction.SEND_BACK, status=_status(version), permissions=_permissions(actor))
    if not comment.strip():
        raise InvalidInput(_("Write what should change."), field="comment")
    check_text(comment, longest=REMARK, field="comment")
    old = version.status
    version.status, version.proposed_at = transition.target, None
    version.save(update_fields=["status", "proposed_at"])
    data = {"voided": _void_signatures(version, now)}
    event = _record(version, Kind.SENT_BACK, old=old, actor=actor, now=now, comment=comment.strip(), data=data)
    notices.sent_back(version, event=event, now=now)
    return version


@transaction.atomic
def withdraw(*, version_id: int, actor: User, now: datetime, comment: str = "") -> DefinitionVersion:
    """Give up a version that is not yet in force; it stays readable."""
    version = _locked(version_id)
    transition = versions.check(VersionAction.WITHDRAW, status=_status(version), permissions=_permissions(actor))
    check_text(comment, longest=REMARK, field="comment")
    old = version.status
    version.status = transition.target
    version.save(update_fields=["status"])
    data = {"voided": _void_signatures(version, now)}
    _record(version, Kind.WITHDRAWN, old=old, actor=actor, now=now, comment=comment.strip(), data=data)
    return version


@transaction.atomic
def sign(*, version_id: int, actor: User, now: datetime, seen: int | None = None) -> DefinitionVersion:
    """Sign a proposed version for the actor's side; the second signature puts it in force, at once or on its date.

    Refused where the side has signed, where the person has signed for the other side, and with ``seen`` where the
    version changed after the signer read it.
    """
    version = _locked(version_id, seen)
    transition = versions.check(VersionAction.SIGN, status=_status(version), permissions=_permissions(actor))
    side = next(side for side, needed in versions.SIGN_PERMISSIONS.items() if actor.may(needed))
    valid = list(version.signatures.filter(voided_at=None).select_related("signed_by"))
    _check_signature(valid, side, actor)
    Signature.objects.create(version=version, side=side, signed_by=actor, signed_at=now)
    old, is_complete = version.status, {one.side for one in valid} | {side} == set(Side.values)
    if is_complete:
        version.status = transition.target
        version.save(update_fields=["status"])
    _record(version, Kind.SIGNED, old=old, actor=actor, now=now, data={"side": side})
    if is_complete and (version.takes_effect_at is None or version.takes_effect_at <= now):
        _activate(version, now=now)
    return version


def activate_due_versions(*, now: datetime) -> int:
    """Put in force every signed version whose moment has come; returns how many.

    Then judges leads by the version in force where that is not finished, see ``rejudging``.
    """
    due = DefinitionVersion.objects.filter(status=VersionStatus.SIGNED, takes_effect_at__lte=now)
    ids = due.order_by("pk").values_list("pk", flat=True)
    activated = sweeps.each(ids, lambda pk: _activate_if_due(pk, now), what="activation of a version")
    rejudging.judge_anew(now=now)
    return activated


@transaction.atomic
def _activate_if_due(version_id: int, now: datetime) -> bool:
    version = _locked(version_id)
    is_due = version.takes_effect_at is None or version.takes_effect_at <= now
    if version.status != VersionStatus.SIGNED or not is_due:
        return False  # another worker was faster, or it was withdrawn
    _activate(version, now=now)
    return True


def _activate(version: DefinitionVersion, *, now: datetime) -> None:
    """The version before it ends at the same moment; leads in marketing's hands are judged anew by a worker."""
    transition = versions.check_system(VersionAction.ACTIVATE, status=_status(version))
    for before in version.definition.versions.filter(status=VersionStatus.IN_FORCE):
        ended = versions.check_system(VersionAction.SUPERSEDE, status=_status(before))
        before.status, before.in_force_until = ended.target, now
        before.save(update_fields=["status", "in_force_until"])
        data = {"by": version.number}
        _record(before, Kind.SUPERSEDED, old=VersionStatus.IN_FORCE, actor=None, now=now, data=data)
    old = version.status
    version.status, version.in_force_from = transition.target, now
    version.save(update_fields=["status", "in_force_from"])
    event = _record(version, Kind.IN_FORCE, old=old, actor=None, now=now)
    notices.in_force(version, event=event, now=now)
    nudge("leads.judge_anew")


def _locked(version_id: int, seen: int | None = None) -> DefinitionVersion:
    """The version, locked through its definition. ``seen``: refuse where an event came after this one."""
    rows = DefinitionVersion.objects.filter(pk=version_id)
    definition_id = rows.values_list("definition_id", flat=True).first()
    if definition_id is None:
        raise NotFound(_("There is no such version."))
    Definition.objects.select_for_update(no_key=True).get(pk=definition_id)
    version = rows.select_for_update(no_key=True, of=("self",)).select_related("definition", "created_by").get()
    last = version.events.select_related("actor").order_by("-pk").first()
    if seen is not None and last is not None and last.pk != seen:
        words = {"what": last.get_kind_display(), "who": last.actor or "", "when": formats.datetime(last.at)}
        message = _("Meanwhile this version was %(what)s (%(who)s, %(when)s). Read it again.") % words
        raise DomainError(message, code="changed")
    return version


def _permissions(actor: User) -> frozenset[Permission]:
    return frozenset(permission for permission in Permission if actor.may(permission))


def _status(version: DefinitionVersion) -> VersionStatus:
    return VersionStatus(version.status)


def _check_signature(valid: list[Signature], side: Side, actor: User) -> None:
    for one in valid:
        if one.signed_by_id == actor.pk:
            raise DomainError(_("You have signed this version already."), code="already_signed")
        if one.side == side:
            words = {"who": one.signed_by.full_name, "when": formats.datetime(one.signed_at)}
            message = _("%(who)s signed for this side at %(when)s.") % words
            raise DomainError(message, code="already_signed")


def _void_signatures(version: DefinitionVersion, now: datetime) -> int:
    return version.signatures.filter(voided_at=None).update(voided_at=now)


def _record(
    version: DefinitionVersion,
    kind: VersionEvent.Kind,
    *,
    old: str,
    actor: User | None,
    now: datetime,
    comment: str = "",
    data: dict[str, Any] | None = None,
) -> VersionEvent:
    return VersionEvent.objects.create(
        version=version,
        kind=kind,
        old_status=old,
        new_status=version.status,
        actor=actor,
        at=now,
        comment=comment,
        data=data or {},
    )
