"""Values of the fields that admins made, in rows of leads."""

from __future__ import annotations

from django import template

from leads.models import Lead
from leads.rules.fields import Field
from leads.rules.sentences import say_fact

register = template.Library()


@register.filter
def known_of(lead: Lead, field: Field) -> str:
    """What is known of a lead under this field, in words; "" for nothing."""
    value = lead.custom.get(field.custom)
    return "" if value is None else say_fact(field, value)
