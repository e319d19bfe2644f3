"""The joint contract: the version in force, every version, and the steps towards the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.kernel.errors import DomainError, NotAllowed, NotFound
from leads.forms.definition_values import seen_event
from leads.models import DefinitionVersion
from leads.rules.versions import VersionStatus
from leads.selectors import definitions as selectors
from leads.selectors import samples
from leads.services import definitions


@require_GET
def current(request: PersonRequest) -> HttpResponse:
    """What both sides agreed, in sentences, and what is on its way."""
    user = request.user
    in_force, open_version = selectors.version_in_force(), selectors.open_version()
    context = {
        "name": selectors.name_of(selectors.the_definition()),
        "version": in_force,
        "criteria": selectors.criteria_of(in_force) if in_force else [],
        "signatures": selectors.signature_boxes(in_force, user) if in_force else [],
        "open_version": open_version,
        "turn": selectors.sides_to_move(open_version) if open_version else [],
        "may_start": open_version is None and user.may(Permission.EDIT_DEFINITION),
        "versions": selectors.all_versions(),
    }
    return render(request, "leads/definitions/current.html", context)


@require_GET
def version(request: PersonRequest, number: int) -> HttpResponse:
    """One version: what it changes, who signed, what may be done now."""
    return _page(request, selectors.version_numbered(number))


@require_POST
def start(request: PersonRequest) -> HttpResponse:
    """Begin a draft from the version in force."""
    try:
        draft = definitions.start_draft(
            definition_id=selectors.the_definition().pk, actor=request.user, now=timezone.now()
        )
    except NotAllowed:
        raise
    except DomainError as error:  # somebody was faster: lead to their draft
        messages.error(request, str(error.message))
        return redirect("leads:definition")
    return redirect("leads:definition-edit", draft.number)


@require_POST
def propose(request: PersonRequest, number: int) -> HttpResponse:
    """Put a draft before both sides."""

    def act(found: DefinitionVersion) -> str:
        definitions.propose(
            version_id=found.pk,
            reason=request.POST.get("reason", ""),
            seen=_seen(request),
            actor=request.user,
            now=timezone.now(),
        )
        return _("Proposed. The managers who have to sign were told.")

    return _step(request, number, act)


@require_POST
def sign(request: PersonRequest, number: int) -> HttpResponse:
    """Sign for one's own side."""

    def act(found: DefinitionVersion) -> str:
        signed = definitions.sign(version_id=found.pk, seen=_seen(request), actor=request.user, now=timezone.now())
        if signed.status == VersionStatus.IN_FORCE:
            return _("Signed by both sides: this version is in force.")
        if signed.status == VersionStatus.SIGNED:
            return _("Signed by both sides. It takes effect on its date.")
        return _("Signed. Now it is the other side's turn.")

    return _step(request, number, act)


@require_POST
def send_back(request: PersonRequest, number: int) -> HttpResponse:
    """Give a proposal back as a draft, saying what should change."""

    def act(found: DefinitionVersion) -> str:
        comment = request.POST.get("comment", "")
        definitions.send_back(version_id=found.pk, comment=comment, actor=request.user, now=timezone.now())
        return _("Sent back. It is a draft again; signatures on it no longer count.")

    return _step(request, number, act, name="send_back")


@require_POST
def withdraw(request: PersonRequest, number: int) -> HttpResponse:
    """Give up a version that is not in force."""

    def act(found: DefinitionVersion) -> str:
        comment = request.POST.get("comment", "")
        definitions.withdraw(version_id=found.pk, comment=comment, actor=request.user, now=timezone.now())
        return _("Withdrawn. The version stays readable here.")

    return _step(request, number, act)


def _step(
    request: PersonRequest, number: int, act: Callable[[DefinitionVersion], str], *, name: str = ""
) -> HttpResponse:
    """Do one step and show the page again: afresh when it was done, with the reason when it was refused."""
    found = selectors.version_numbered(number)
    try:
        messages.success(request, act(found))
    except (NotAllowed, NotFound):
        raise
    except DomainError as error:
        status = 422 if error.http_status == 400 else error.http_status
        refused = name if error.field else ""  # what is wrong with an entry is said beside it
        return _page(request, selectors.version_numbered(number), refusal=error, refused_step=refused, status=status)
    return redirect("leads:definition-version", number)


def _page(
    request: PersonRequest,
    found: DefinitionVersion,
    *,
    refusal: DomainError | None = None,
    refused_step: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    changes = selectors.changes_of(found)
    context: dict[str, Any] = {
        "version": found,
        "name": selectors.name_of(found.definition),
        "criteria": selectors.criteria_of(found),
        "before": selectors.version_before(found),
        "changes": [change for change in changes if change.differs],
        "unchanged": [change for change in changes if not change.differs],
        "signatures": selectors.signature_boxes(found, user),
        "turn": selectors.sides_to_move(found),
        "actions": selectors.allowed_actions(found, user),
        "gaps": selectors.gaps_of(found) if found.status == VersionStatus.DRAFT else [],
        "seen": selectors.last_event_id(found),
        "history": selectors.history_of(found),
        "refusal": refusal,
        "refused_step": refused_step,
        "has_errors": refusal is not None,
        "given": request.POST,
    }
    if found.status == VersionStatus.PROPOSED:
        context |= _reach(found)
    return render(request, "leads/definitions/version.html", context, status=status)


def _reach(found: DefinitionVersion) -> dict[str, Any]:
    """What those who sign want to know: how many leads of late it would qualify, and how many qualify now."""
    sample = samples.last_quarter(now=timezone.now())
    now = samples.qualified_by(selectors.version_in_force(), sample)
    return {"sample": sample, "qualified": samples.qualified_by(found, sample), "qualified_now": now}


def _seen(request: PersonRequest) -> int | None:
    return seen_event(request.POST.get("seen", ""))
