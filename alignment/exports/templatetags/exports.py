"""The menu of a list that offers it as a file."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils import timezone

from alignment.accounts.models import Organisation
from alignment.kernel.sheets import Kind

register = template.Library()


@register.inclusion_tag("exports/_menu.html", takes_context=True)
def export_menu(context: Context, name: str, count: int, *args: Any, **filters: Any) -> dict[str, Any]:
    """Links to the files of the list that this page shows, by the URL name of its export: with the filters and the
    order of the page, or with ``filters`` where the page has others. Nothing for an empty list.
    """
    query = context["request"].GET.copy()
    query.pop("page", None)
    for key, value in filters.items():
        query[key] = value
    asked = f"?{query.urlencode()}" if query else ""
    zone = Organisation.get().zone
    return {
        "count": count,
        "urls": {kind.name: reverse(name, args=[*args, kind.value]) + asked for kind in Kind},
        "zone": "" if str(zone) == str(timezone.get_current_timezone()) else str(zone),
    }
