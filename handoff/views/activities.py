"""What sales did for a lead: the form stands on the page of the lead, the promise that it keeps is ours."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alignment.accounts.requests import PersonRequest
from alignment.kernel.errors import InvalidInput
from alignment.kernel.htmx import redirect
from handoff.services import activities
from leads.forms.activities import ActivityForm
from leads.rules.activities import ActivityKind
from leads.selectors.leads import lead_page


@require_POST
def record(request: PersonRequest, lead_pk: int) -> HttpResponse:
    """Record an activity, then back to the page of the lead; what cannot be taken is shown in the form again."""
    kind = request.POST.get("kind", "")
    if kind not in ActivityKind.values:
        raise InvalidInput(_("Choose what was done."), field="kind")
    form = ActivityForm(request.POST, kind=ActivityKind(kind))
    if form.is_valid() and _recorded(form, request, lead_pk):
        messages.success(request, _("The activity is recorded."))
        return redirect(request, "leads:detail", lead_pk)
    context = {"form": form, "lead": lead_page(lead_pk)}
    return render(request, "handoff/activity.html", context, status=422)


def _recorded(form: ActivityForm, request: PersonRequest, lead_pk: int) -> bool:
    values: dict[str, Any] = form.cleaned_data
    try:
        activities.record(lead_id=lead_pk, actor=request.user, now=timezone.now(), **values)
    except InvalidInput as error:
        form.refuse(error)
        return False
    return True
