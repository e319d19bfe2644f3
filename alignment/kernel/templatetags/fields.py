"""Form fields as templates/components/field.html draws them: part of the ``ui`` tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput
from django.forms.widgets import ChoiceWidget
from django.utils.translation import gettext as _

register = template.Library()


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm, more: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
    """Sum up what has to be mended, in the order of the fields, each line a link to its own.

    ``more``: lines (message, id) of rows below it.
    """
    errors = [{"message": message, "id": ""} for message in form.non_field_errors()]
    for bound in form:
        errors += [{"message": _named(bound, str(message)), "id": _error_target(bound)} for message in bound.errors]
    return {"errors": [*errors, *more], "prefix": f"{form.prefix}-" if form.prefix else ""}


def _named(bound: BoundField, message: str) -> str:
    """The message; with the field's name where it does not say it itself (Django's own messages do not)."""
    if bound.is_hidden or str(bound.label) in message:
        return message
    return _("%(field)s: %(message)s") % {"field": bound.label, "message": message}


def _error_target(bound: BoundField) -> str:
    if bound.is_hidden:
        return ""
    return f"{bound.auto_id}_0" if bound.use_fieldset else bound.id_for_label


@register.inclusion_tag("components/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Render every field of a form."""
    return {"form": form}


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    *,
    label: str = "",
    hint: str | None = None,
    width: str = "full",
    suffix: str = "",
    hide_label: bool = False,
    **attrs: Any,
) -> dict[str, Any]:
    """Render one form field; further arguments become attributes of the input (``autocomplete="email"``)."""
    hint = str(bound.help_text if hint is None else hint)
    described = [f"{bound.auto_id}_error"] if bound.errors else []
    described += [f"{bound.auto_id}_helptext"] if hint else []
    kind = _kind(bound)
    if described and kind != "group":
        attrs["aria-describedby"] = " ".join(described)
    attrs["class"] = _input_class(bound, kind)
    if bound.field.widget.attrs.get("placeholder") == str(bound.label):
        attrs["placeholder"] = False  # it would only say the label again
    if kind == "group":
        bound.field.widget.attrs["class"] = attrs["class"]
    return {
        "field": bound,
        "label": label or bound.label,
        "hint": hint,
        "kind": kind,
        "width": width,
        "suffix": suffix,
        "hide_label": hide_label,
        "describedby": " ".join(described),
        "widget": bound.as_widget(attrs=attrs),
        "choices": bound.subwidgets if isinstance(bound.field.widget, ChoiceWidget) else [],
    }


def _kind(bound: BoundField) -> str:
    if bound.use_fieldset:
        return "group"
    return "check" if isinstance(bound.field.widget, CheckboxInput) else "text"


def _input_class(bound: BoundField, kind: str) -> str:
    if kind != "text":
        own = "form-check-input"
    else:
        own = "form-select" if getattr(bound.field.widget, "input_type", "") == "select" else "form-control"
    return f"{bound.field.widget.attrs.get('class', '')} {own}".strip()
