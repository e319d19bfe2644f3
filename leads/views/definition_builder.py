"""The definition builder. Every button is a submit, so it works without scripts; htmx swaps the part that changed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alignment.accounts.requests import PersonRequest
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, InvalidInput, NotAllowed
from alignment.kernel.inputs import whole_number
from leads.forms.definitions import Builder
from leads.models import DefinitionVersion
from leads.rules.versions import VersionAction
from leads.selectors import definitions as selectors
from leads.selectors import samples
from leads.selectors.samples import Scored
from leads.services import definitions


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, number: int) -> HttpResponse:
    """Edit a draft. POST ``action``: ``save``, or a button for rows, which only shows the form again."""
    version = selectors.version_numbered(number)
    if VersionAction.SAVE.value not in selectors.allowed_actions(version, request.user):
        raise NotAllowed(_("This version is not open for editing, or not by your role."))
    if request.method == "GET":
        return _page(request, version, Builder.of_version(version, seen=selectors.last_event_id(version)))
    action = request.POST.get("action", "update")
    builder = Builder.of_post(request.POST, version, action=action)
    if action != "save":
        return _page(request, version, builder)
    return _save(request, version, builder)


def _save(request: PersonRequest, version: DefinitionVersion, builder: Builder) -> HttpResponse:
    had_signatures = any(one.voided_at is None for one in version.signatures.all())
    try:
        definitions.save_draft(
            version_id=version.pk, actor=request.user, now=timezone.now(), seen=builder.seen, **builder.content()
        )
    except NotAllowed:
        raise
    except DomainError as error:
        if not (isinstance(error, InvalidInput) and builder.errors):
            builder.add_error(error.field, str(error.message))
        return _page(request, version, builder, status=422 if error.http_status == 400 else error.http_status)
    messages.success(request, _("Saved."))
    if had_signatures:
        messages.warning(request, _("The signatures that were there no longer count: both sides sign anew."))
    return htmx.redirect(request, "leads:definition-version", version.number)


def _page(request: PersonRequest, version: DefinitionVersion, builder: Builder, *, status: int = 200) -> HttpResponse:
    sample = samples.last_quarter(now=timezone.now())
    scored = [Scored(line.condition, line.worth, line.is_disqualifier) for line in builder.criteria]
    reach = samples.reach(sample, criteria=scored, threshold=builder.threshold)
    rows = [{"form": line, "count": count} for line, count in zip(builder.criteria, reach.each, strict=True)]
    context: dict[str, Any] = {
        "version": version,
        "name": selectors.name_of(version.definition),
        "builder": builder,
        "rows": rows,
        "sample": sample,
        "qualified": reach.qualified,
        "qualified_now": samples.qualified_by(selectors.version_in_force(), sample),
        "edit_url": reverse("leads:definition-edit", args=[version.number]),
        "signatures": [one for one in version.signatures.all() if one.voided_at is None],
        "has_errors": status != 200,
        "show_errors": status != 200,
    }
    if not htmx.wants_partial(request):
        context["known_values"] = samples.known_values()
        return render(request, "leads/definitions/edit.html", context, status=status)
    part, _dash, text = request.POST.get("part", "").partition("-")
    place = whole_number(text)
    row = rows[place] if place is not None and place < len(rows) else None
    if row is None or part not in ("criterion", "said"):
        return render(request, "leads/definitions/_builder.html", context, status=status)
    return render(request, f"leads/definitions/_{part}.html", context | {"row": row, "is_live": True})
