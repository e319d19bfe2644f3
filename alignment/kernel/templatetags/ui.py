"""Presentation only: the components of templates/components as tags.

Each tag takes plain values, never models. What goes in is said on top of the component's own template.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _

from alignment.kernel.templatetags import fields, words

register = template.Library()
register.tags |= fields.register.tags
register.filters |= words.register.filters

BUTTON_KINDS = {"primary": "primary", "secondary": "plain", "quiet": "quiet", "danger": "alarm"}


@register.simple_tag
def icon(name: str, *, label: str = "") -> SafeString:
    """Draw an outline of static/img/icons.svg; decorative unless it has a ``label``."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    href = f"{static('img/icons.svg')}#{name}"
    return format_html('<svg class="glyph" {} focusable="false"><use href="{}"></use></svg>', spoken, href)


@register.inclusion_tag("components/badge.html")
def badge(text: str, *, tone: str = "neutral", icon: str = "") -> dict[str, Any]:
    """Show a state in a word."""
    return {"text": text, "tone": tone, "icon": icon}


@register.inclusion_tag("components/side_badge.html")
def side_badge(side: str, *, text: str = "") -> dict[str, Any]:
    """Show a side in its colour and its word; nothing where there is no side."""
    words = {"marketing": _("Marketing"), "sales": _("Sales")}
    return {"side": str(side or ""), "text": text or words.get(str(side), "")}


@register.inclusion_tag("components/avatar.html")
def avatar(name: str, *, side: str = "") -> dict[str, Any]:
    """Show a person's initials: two Latin letters, or the first character of a Japanese name."""
    words = str(name or "?").split()
    latin = len(words) > 1 and all(word[0].isascii() for word in words)
    initials = words[0][0] + words[-1][0] if latin else words[0][0]
    return {"initials": initials.upper(), "name": name, "side": str(side or "")}


@register.inclusion_tag("components/kbd.html")
def kbd(key: str) -> dict[str, Any]:
    """Print a key."""
    return {"key": key}


@register.inclusion_tag("components/signal.html")
def signal(signal: str) -> dict[str, Any]:
    """Say better, worse or no change by shape and word."""
    return {"signal": signal}


@register.inclusion_tag("components/live.html")
def live(text: str) -> dict[str, Any]:
    """Say something to screen readers from an htmx answer."""
    return {"text": text}


@register.inclusion_tag("components/button.html")
def button(
    text: str,
    *,
    url: str = "",
    variant: str = "secondary",
    icon: str = "",
    key: str = "",
    name: str = "",
    value: str = "",
    type: str = "submit",
    small: bool = False,
    wide: bool = False,
    form: str = "",
    label: str = "",
    why_not: str = "",
) -> dict[str, Any]:
    """Offer an action: a submit button, or with ``url`` a link that looks like one.

    ``why_not`` shows it switched off with the reason beside it (what is never possible should not be shown at all).
    """
    return locals() | {"look": _look(variant, small=small, wide=wide)}


@register.simple_block_tag
def confirm(
    content: SafeString,
    summary: str,
    *,
    variant: str = "secondary",
    icon: str = "",
    key: str = "",
    open: bool = False,
    group: str = "",
) -> SafeString:
    """Open a step in place before it acts; of a ``group`` one at a time."""
    return _component("confirm", locals() | {"look": _look(variant)})


def _look(variant: str, *, small: bool = False, wide: bool = False) -> str:
    return f"btn btn-{BUTTON_KINDS[variant]}{' btn-sm' if small else ''}{' w-100' if wide else ''}"


@register.inclusion_tag("components/segmented.html")
def segmented(items: Iterable[Any], *, label: str) -> dict[str, Any]:
    """Offer one of a few, each a link."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], *, label: str) -> dict[str, Any]:
    """Offer views of the same thing, each a link."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], *, parameter: str = "page") -> dict[str, Any]:
    """Lead to the pages before and after, keeping the other query parameters."""

    def url_of(number: int) -> str:
        query = context["request"].GET.copy()
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page": page,
        "previous_url": url_of(page.previous_page_number()) if page.has_previous() else "",
        "next_url": url_of(page.next_page_number()) if page.has_next() else "",
    }


def _component(name: str, values: dict[str, Any]) -> SafeString:
    return render_to_string(f"components/{name}.html", values)


@register.simple_block_tag
def card(
    content: SafeString,
    *,
    title: str = "",
    subtitle: str = "",
    level: int = 2,
    side: str = "",
    id: str = "",
    link_url: str = "",
    link_text: str = "",
    flush: bool = False,
) -> SafeString:
    """Draw a box with a heading around the block."""
    heading_id = f"{id or slugify(title, allow_unicode=True) or 'card'}-heading"
    return _component("card", locals())


@register.simple_block_tag
def alert(content: SafeString, *, tone: str = "info", title: str = "") -> SafeString:
    """Draw a note around the block."""
    return _component("alert", locals())


@register.simple_block_tag
def table(
    content: SafeString, *, caption: str, show_caption: bool = False, list_form: bool = True, id: str = ""
) -> SafeString:
    """Draw a table around ``thead`` and ``tbody``."""
    return _component("table", locals())


@register.inclusion_tag("components/empty.html")
def empty(
    *, title: str, text: str = "", action_text: str = "", action_url: str = "", icon: str = "", level: int = 2
) -> dict[str, Any]:
    """Say that there is nothing yet and what to do next."""
    return locals()


@register.inclusion_tag("components/facts.html")
def facts(items: Iterable[Any]) -> dict[str, Any]:
    """List facts about one thing."""
    return {"items": items}


@register.inclusion_tag("components/criteria.html")
def criteria(items: Iterable[Any]) -> dict[str, Any]:
    """List sentences that are met or not."""
    return {"items": items}


@register.inclusion_tag("components/timeline.html")
def timeline(items: Iterable[Any]) -> dict[str, Any]:
    """List what happened."""
    return {"items": items}


@register.inclusion_tag("components/steps.html")
def steps(items: Iterable[Any], *, label: str) -> dict[str, Any]:
    """Show a path and the place reached on it."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/stat.html")
def stat(
    *,
    name: str,
    value: str,
    unit: str = "",
    detail: str = "",
    url: str = "",
    hint: str = "",
    note: str = "",
    target: str = "",
    trend: Sequence[float | None] = (),
    signal: str = "",
    side: str = "",
) -> dict[str, Any]:
    """Show one figure that opens the list behind it."""
    return locals()


@register.inclusion_tag("components/deadline.html")
def deadline(
    *, words: str, state: str = "ok", share: float | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """Show the time left in words, with a bar of the time used."""
    return {"words": words, "state": state, "percent": None if share is None else _percent(share), "at": at}


@register.inclusion_tag("components/progress.html")
def progress(value: float, maximum: float, *, label: str, words: str = "") -> dict[str, Any]:
    """Show how far a piece of work has come."""
    return {"value": str(value), "maximum": str(maximum), "label": label, "words": words}


@register.inclusion_tag("components/bar.html")
def bar(share: float | None, *, label: str = "", side: str = "") -> dict[str, Any]:
    """Draw a horizontal bar beside its number; ``share`` is a part of one."""
    return {"percent": _percent(share or 0), "label": label, "side": side}


def _percent(share: float) -> str:
    return f"{min(max(float(share), 0.0), 1.0) * 100:.1f}"


@register.inclusion_tag("components/sparkline.html")
def sparkline(points: Sequence[float | None], *, label: str = "", side: str = "") -> dict[str, Any]:
    """Draw numbers as a line, oldest first; a gap where one is missing."""
    known = [float(point) for point in points if point is not None]
    low, span = (min(known), (max(known) - min(known)) or 1.0) if known else (0.0, 1.0)
    step = 96 / max(len(points) - 1, 1)
    places = [
        None if point is None else (f"{2 + index * step:.1f}", f"{21 - (float(point) - low) / span * 18:.1f}")
        for index, point in enumerate(points)
    ]
    runs = [list(run) for here, run in groupby(places, key=lambda place: place is not None) if here]
    lines = [" ".join(f"{x},{y}" for x, y in run) for run in runs]  # type: ignore[misc]
    last = {"x": runs[-1][-1][0], "y": runs[-1][-1][1]} if runs else None  # type: ignore[index]
    return {"lines": lines, "last": last, "label": label, "side": side}


@register.simple_block_tag
def chart(content: SafeString, *, id: str, spec: dict[str, Any] | str, caption: str) -> SafeString:
    """Draw a Vega-Lite spec with the sentence it shows; the block is the same as a table."""
    spec = spec if isinstance(spec, str) else json.dumps(spec, ensure_ascii=False)
    return _component("chart", locals())


@register.filter
def here(request: HttpRequest) -> str:
    """The address to come back to: where this page answers a change, the one from which that was sent."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else request.headers.get("Referer", "")
