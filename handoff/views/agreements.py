"""The rules of the handoff: routing, reasons for giving a lead back, and times."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.accounts.roles import Side
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError
from handoff.forms.agreements import PolicyForm, ReasonForm, hours_of
from handoff.forms.routing import RoutingRuleForm, initial
from handoff.models import RejectionReason, RoutingRule, SlaPolicy
from handoff.rules.clocks import Duty
from handoff.selectors import agreements as history
from handoff.selectors import routing
from handoff.services import agreements
from leads.rules.custom import PREFIX

LINES = 20
"""So many changes are told on the page, the latest first."""


@require_GET
def overview(request: PersonRequest) -> HttpResponse:
    """Everything both sides agreed about the handoff, readable by everybody."""
    past, policies = history.read(), list(SlaPolicy.objects.order_by("pk"))
    reasons = RejectionReason.objects.order_by("-is_active", "position", "pk")
    context = {
        "rules": [(view, past.since(view.rule)) for view in routing.rules(now=timezone.now())],
        "reasons": [(reason, past.since(reason)) for reason in reasons],
        "policies": [(policy, past.since(policy)) for policy in policies],
        "marketing_owes": any(policy.side == Side.MARKETING for policy in policies),
        "changes": past.changes[:LINES],
        "may_edit": request.user.may(Permission.EDIT_ROUTING),
    }
    return render(request, "handoff/agreements/overview.html", context)


@require_http_methods(["GET", "POST"])
def rule(request: PersonRequest, pk: int | None = None) -> HttpResponse:
    """Add a routing rule (no ``pk``) or change one. POST ``choose`` only shows the form for another fact."""
    request.user.require(Permission.EDIT_ROUTING)
    found = get_object_or_404(RoutingRule, pk=pk) if pk else None
    if found and not routing.fits_one_row(found):
        raise Http404
    if request.method == "GET":
        first = initial(found) if found else {"position": RoutingRule.objects.count() + 1}
        return _form(request, RoutingRuleForm(initial=first), found)
    if "choose" in request.POST:
        return _form(request, RoutingRuleForm(initial=request.POST.dict()), found)
    form = RoutingRuleForm(request.POST)
    if not form.is_valid():
        return _form(request, form, found, status=422)
    values = form.cleaned_data
    try:
        agreements.save_rule(
            rule_id=pk,
            name=values["name"],
            condition=values["condition"],
            team=values["team"],
            position=values["position"],
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.refuse(error)
        return _form(request, form, found, status=error.http_status if error.http_status != 400 else 422)
    messages.success(request, _("The routing rule is saved."))
    return redirect("handoff:agreements")


@require_GET
def rules_on_field(request: PersonRequest, key: str) -> HttpResponse:
    """The routing rules that look at a custom field, for the page of the field."""
    rules = routing.rules_on(f"{PREFIX}{key}")
    return render(request, "handoff/agreements/_rules_on_field.html", {"rules": rules})


@require_POST
def switch_rule(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a routing rule out of use, or back in."""
    on = request.POST.get("on") == "1"
    agreements.switch_rule(rule_id=pk, on=on, actor=request.user, now=timezone.now())
    messages.success(request, _("The routing rule is in use.") if on else _("The routing rule is out of use."))
    return redirect("handoff:agreements")


@require_http_methods(["GET", "POST"])
def reason(request: PersonRequest, code: str) -> HttpResponse:
    """Change a reason for giving a lead back."""
    request.user.require(Permission.EDIT_ROUTING)
    found = get_object_or_404(RejectionReason, code=code)
    form = ReasonForm(request.POST or None, instance=found)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _saved(form, code=code, request=request):
            messages.success(request, _("The reason is saved."))
            return redirect("handoff:agreements")
    context: dict[str, Any] = {"form": form, "title": _("Reason for giving a lead back"), "name": found.label}
    return render(request, "handoff/agreements/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
def policy(request: PersonRequest, duty: str) -> HttpResponse:
    """Change how long a duty may take."""
    request.user.require(Permission.EDIT_ROUTING)
    found = get_object_or_404(SlaPolicy, duty=duty)
    form = PolicyForm(request.POST or None, initial={"hours": hours_of(found)})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            minutes = form.cleaned_data["hours"]
            agreements.save_policy(duty=duty, business_minutes=minutes, actor=request.user, now=timezone.now())
            messages.success(request, _("The time is saved. Clocks that run already keep their deadline."))
            return redirect("handoff:agreements")
    context: dict[str, Any] = {"form": form, "title": _("Time for a duty"), "name": Duty(duty).label}
    return render(request, "handoff/agreements/form.html", context, status=status)


def _saved(form: ReasonForm, *, code: str, request: PersonRequest) -> bool:
    try:
        agreements.save_reason(code=code, values=form.cleaned_data, actor=request.user, now=timezone.now())
    except DomainError as error:
        form.refuse(error)
        return False
    return True


def _form(
    request: PersonRequest, form: RoutingRuleForm, found: RoutingRule | None, *, status: int = 200
) -> HttpResponse:
    here = reverse("handoff:rule", args=[found.pk]) if found else reverse("handoff:rule-add")
    part = "_rule_form" if htmx.wants_partial(request) else "rule"
    context = {"form": form, "rule": found, "form_url": here}
    return render(request, f"handoff/agreements/{part}.html", context, status=status)
