"""Settings: the facts of leads that a company defines for itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alignment.accounts.policies import Permission
from alignment.accounts.requests import PersonRequest
from alignment.accounts.views.sections import sections
from alignment.kernel import htmx
from alignment.kernel.errors import DomainError, NotAllowed
from alignment.kernel.inputs import whole_number
from leads.forms.custom_fields import (
    BLANK_ROWS,
    ChoiceForm,
    ChoiceForms,
    CustomFieldForm,
    NewCustomFieldForm,
    initial,
    refuse,
    row_errors,
)
from leads.models import CustomField
from leads.selectors import custom_fields as selectors
from leads.services import custom_fields as services
from leads.services.custom_fields import MOST_CHOICES, MOST_FIELDS

PREFIX = "choices"
ROWS = f"{PREFIX}-TOTAL_FORMS"


@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """The fields in use, then the retired ones."""
    request.user.require(Permission.EDIT_ORGANISATION)
    fields = selectors.all_fields()
    context = {
        "fields": [field for field in fields if field.retired_at is None],
        "retired": [field for field in fields if field.retired_at is not None],
        "most": MOST_FIELDS,
        "sections": sections(request, "leads:custom-fields"),
    }
    return render(request, "leads/custom_fields/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Make a field."""
    request.user.require(Permission.EDIT_ORGANISATION)
    form, rows = NewCustomFieldForm(request.POST or None), _rows(request, None)
    if _is_sent(request) and form.is_valid() & rows.is_valid():
        key = form.cleaned_data["key"]
        try:
            made = services.add_field(key=key, data=form.data_of(rows), actor=request.user, now=timezone.now())
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, rows, error)
        else:
            messages.success(request, _("“%(field)s” is in the forms of leads now.") % {"field": made.label})
            return htmx.redirect(request, "leads:custom-fields")
    return _page(request, _shown(request, form, NewCustomFieldForm), rows, None)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a field; says where it is used."""
    request.user.require(Permission.EDIT_ORGANISATION)
    field = get_object_or_404(CustomField, pk=pk)
    form, rows = CustomFieldForm(request.POST or None, initial=initial(field)), _rows(request, field)
    if _is_sent(request) and form.is_valid() & rows.is_valid():
        try:
            services.edit_field(field_id=pk, data=form.data_of(rows), actor=request.user, now=timezone.now())
        except NotAllowed:
            raise
        except DomainError as error:
            refuse(form, rows, error)
        else:
            messages.success(request, _("The field is saved."))
            return htmx.redirect(request, "leads:custom-fields")
    return _page(request, _shown(request, form, CustomFieldForm), rows, field)


@require_POST
def retire(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer a field no longer."""
    try:
        field = services.retire_field(field_id=pk, actor=request.user, now=timezone.now())
    except services.FieldInUse as refusal:
        messages.error(request, str(refusal.message))
        return htmx.redirect(request, "leads:custom-field-edit", pk)
    messages.success(request, _("“%(field)s” is retired. Its values stay with the leads.") % {"field": field.label})
    return htmx.redirect(request, "leads:custom-fields")


@require_POST
def restore(request: PersonRequest, pk: int) -> HttpResponse:
    """Offer a retired field again."""
    field = services.restore_field(field_id=pk, actor=request.user, now=timezone.now())
    messages.success(request, _("“%(field)s” is in use again.") % {"field": field.label})
    return htmx.redirect(request, "leads:custom-fields")


def _is_sent(request: PersonRequest) -> bool:
    return request.method == "POST" and "add_row" not in request.POST


def _shown(request: PersonRequest, form: CustomFieldForm, kind: type[CustomFieldForm]) -> CustomFieldForm:
    """With another row of choices asked for, the form as it was filled in, not judged yet."""
    return kind(initial=request.POST.dict()) if "add_row" in request.POST else form


def _rows(request: PersonRequest, field: CustomField | None) -> BaseFormSet[ChoiceForm]:
    if request.method == "GET":
        first = [row | {"ORDER": place} for place, row in enumerate(field.choices if field else [], start=1)]
        return ChoiceForms(prefix=PREFIX, initial=first)
    given = {name: str(value) for name, value in request.POST.items()}
    count = whole_number(given.get(ROWS, ""))
    if "add_row" in given and count is not None:
        given[ROWS] = str(min(count + BLANK_ROWS, MOST_CHOICES))
    return ChoiceForms(given, prefix=PREFIX)


def _page(
    request: PersonRequest, form: CustomFieldForm, rows: BaseFormSet[ChoiceForm], field: CustomField | None
) -> HttpResponse:
    refused = _is_sent(request)
    context: dict[str, Any] = {
        "form": form,
        "rows": rows,
        "row_errors": row_errors(rows) if refused else [],
        "field": field,
        "use": selectors.use_of(field) if field else None,
        "has_errors": refused,
        "sections": sections(request, "leads:custom-fields"),
    }
    return render(request, "leads/custom_fields/edit.html", context, status=422 if refused else 200)
